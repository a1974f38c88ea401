"""Exports that are not flow trees: their folds are lists, folders or shards, and leaks in them are found alike."""

import io
import json
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from audit_scene import Scene

from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit import audit
from me_augment.manifest.folds import may_test, may_train


class Export:
    """A folder with one file per clip and a table; a format writes its folds."""

    def __init__(self, folder, write):
        self.scene = Scene(folder)
        self.folder = folder / "export"
        self.folder.mkdir(parents=True)
        self.write = write
        self.names = {clip.clip_id: f"videos/{clip.clip_id}.mkv" for clip in self.scene.clips}
        (self.folder / "videos").mkdir()
        for number, name in enumerate(self.names.values()):
            (self.folder / name).write_bytes(bytes([number]) * 100)
        rows = [
            self.scene.row(clip) | {"name": self.names[clip.clip_id], "sheet_subject": "7", "sheet_clip": clip.clip_id}
            for clip in self.scene.clips
        ]
        pq.write_table(pa.Table.from_pylist(rows), self.folder / "clips.parquet")

    def fold(self, number, plus=(), tested=()):
        """Write one fold, with further clips in training or test."""
        person = f"casme2:sub{number:02d}"
        parts = {"train": [*plus], "test": [*tested]}
        for part, belongs in (("train", may_train), ("test", may_test)):
            parts[part] += [clip.clip_id for clip in self.scene.clips if belongs(clip, person)]
        for part, ids in parts.items():
            self.write(self, f"fold_sub{number:02d}", part, ids)

    def audited(self, *against):
        return audit(self.folder, against)


def lists(export, fold, part, ids):
    """mmaction2 and PySlowFast: `path label`."""
    lines = [f"{export.names[clip_id]} {number % 3}\n" for number, clip_id in enumerate(ids)]
    (export.folder / f"{fold}_{part}.txt").write_text("".join(lines))


def csvs(export, fold, part, ids):
    """A list for each part in a folder of its own, with a line of column names."""
    (export.folder / "folds" / fold).mkdir(parents=True, exist_ok=True)
    lines = ["path,label\n", *(f"{export.names[clip_id]},1\n" for clip_id in ids)]
    (export.folder / "folds" / fold / f"{part}.csv").write_text("".join(lines))


def folders(export, fold, part, ids):
    """Hugging Face: files linked into the folder of the part, beside a metadata.csv."""
    place = export.folder / fold / part
    place.mkdir(parents=True)
    for clip_id in ids:
        (place / f"{clip_id}.mkv").hardlink_to(export.folder / export.names[clip_id])
    (place / "metadata.csv").write_text("file_name\n")


def shards(export, fold, part, ids):
    """WebDataset: lists of tar files, a sample is what stands before the first dot."""
    (export.folder / "shards").mkdir(exist_ok=True)
    with tarfile.open(export.folder / "shards" / f"{fold}-{part}-000000.tar", "w") as tar:
        for clip_id in ids:
            for ending in ("mkv", "cls"):
                member = tarfile.TarInfo(f"{clip_id}.{ending}")
                member.size = 3
                tar.addfile(member, io.BytesIO(b"abc"))
    (export.folder / f"{fold}_{part}.txt").write_text(f"shards/{fold}-{part}-000000.tar\n")


def arrays(export, fold, part, ids):
    """A column for the fold that tests a row, another for all that it trains."""
    path = export.folder / "meta.csv"
    cells = json.loads((export.folder / "cells.json").read_text()) if path.exists() else {}
    for clip_id in ids:
        cells.setdefault(clip_id, {"train": [], "test": []})[part].append(fold)
    (export.folder / "cells.json").write_text(json.dumps(cells))
    lines = [f"{clip_id},{';'.join(c['test'])},{';'.join(c['train'])}\n" for clip_id, c in cells.items()]
    path.write_text("clip_id,test_fold,allowed_folds\n" + "".join(lines))


def sheets(export, fold, part, ids):
    """A list in the corpus' own form for each fold; who is tested follows from who is held out."""
    place = export.folder / "folds" / fold
    place.mkdir(parents=True, exist_ok=True)
    with (place / "combined_3class_gt.csv").open("a") as file:
        file.writelines(f"casme2,sub07,{clip_id},1\n" for clip_id in ids)
    folds = {f"fold_sub{number:02d}": {"person_id": f"casme2:sub{number:02d}"} for number in range(1, 6)}
    (export.folder / "export.json").write_text(json.dumps({"format": "frames", "folds": folds}))


FORMATS = [lists, csvs, folders, shards, arrays]


@pytest.fixture(params=FORMATS)
def export(request, tmp_path):
    return Export(tmp_path, request.param)


def test_clean_folds_pass(export):
    for number in range(1, 6):
        export.fold(number)
    for against in ((), (export.scene.run(),)):
        report = export.audited(*against)
        assert (report.leaks, report.missing) == ([], [])
        assert report.counts == {
            **{"folds": 5, "places in them": 57, "different clips": 13},
            **{"rows": 13, "of these in folds": 13},
        }


PLANTS = [
    ({"plus": ["syn-plain"]}, 1, {"R1"}),
    ({"plus": ["syn-plain"]}, 2, {"R1"}),
    ({"plus": ["syn-child"]}, 1, {"R9"}),
    ({"plus": ["syn-net"]}, 4, {"R2"}),
    ({"plus": ["clip-sub03-EP01"]}, 3, {"R1"}),
    ({"tested": ["syn-plain"]}, 4, {"R1", "R5"}),  # it trains the fold too
]


@pytest.mark.parametrize(("wrong", "number", "rules"), PLANTS)
def test_planted_leaks_are_named(export, wrong, number, rules):
    for other in range(1, 6):
        export.fold(other, **(wrong if other == number else {}))
    report = export.audited(export.scene.run())
    assert {leak.rule for leak in report.leaks} == rules
    assert all(f"fold_sub{number:02d}" in leak.where for leak in report.leaks)


def test_a_clip_that_two_folds_test(export):
    for number in range(1, 6):
        export.fold(number, tested=["clip-sub01-EP01"] if number == 2 else [])
    leaks = export.audited(export.scene.run()).leaks
    assert any(leak.rule == "R5" and "fold_sub02" in leak.where and "fold_sub01" in leak.detail for leak in leaks)


@pytest.mark.parametrize(("planted", "number", "rule"), [("syn-plain", 1, "R1"), ("syn-net", 4, "R2")])
def test_sheets_of_folds(tmp_path, planted, number, rule):
    clean, export = Export(tmp_path / "clean", sheets), Export(tmp_path, sheets)
    for other in range(1, 6):
        clean.fold(other)
        export.fold(other, plus=[planted] if other == number else [])
    report = clean.audited(clean.scene.run())
    assert (report.leaks, report.missing, report.counts["folds"]) == ([], [], 5)
    (leak,) = export.audited(export.scene.run()).leaks
    assert (leak.rule, leak.where) == (rule, f"folds/fold_sub{number:02d}/combined_3class_gt.csv, line 1")


def test_a_file_under_another_name_is_known_by_its_bytes(tmp_path):
    export = Export(tmp_path, lists)
    for number in range(1, 6):
        export.fold(number)
    copy = export.folder / "videos" / "new.mkv"
    copy.write_bytes((export.folder / export.names["clip-sub02-EP01"]).read_bytes())
    with (export.folder / "fold_sub02_train.txt").open("a") as file:
        file.write("videos/new.mkv 1\n")
    report = export.audited()
    assert {leak.rule for leak in report.leaks} == {"R6"}
    assert {leak.where.partition(",")[0] for leak in report.leaks} == {"fold_sub02_train.txt"}


def test_a_synthetic_clip_in_the_validation_list(tmp_path):
    export = Export(tmp_path, lists)
    for number in range(1, 6):
        export.fold(number)
    (export.folder / "fold_sub05_val.txt").write_text(f"{export.names['syn-plain']} 1\n")
    (leak,) = export.audited().leaks
    assert (leak.rule, leak.where) == ("R5", "fold_sub05_val.txt, line 1")


def test_a_line_that_names_nothing_known(tmp_path):
    export = Export(tmp_path, lists)
    export.fold(1)
    with (export.folder / "fold_sub01_train.txt").open("a") as file:
        file.write("videos/stranger.mkv 1\n")
    report = export.audited()
    assert (report.leaks, report.exit_code) == ([], 2)
    assert "fold_sub01_train.txt, line 9" in report.missing[0]


def test_a_table_without_folds_is_judged_by_itself(tmp_path):
    report = Export(tmp_path, lists).audited()
    assert (report.leaks, report.exit_code) == ([], 0)
    assert report.verdict("R7") == "not checkable"


def test_a_list_cannot_lead_out_of_the_export(tmp_path):
    export = Export(tmp_path, shards)
    export.fold(1)
    (tmp_path / "secret.tar").write_bytes(b"")
    (export.folder / "fold_sub01_train.txt").write_text("../secret.tar\n")
    with pytest.raises(MeAugmentError, match="lies outside"):
        export.audited()
