"""Hostile names, cells and manifests through the commands: shown as they are, obeyed by nothing."""

import csv
import json
import os
import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from me_augment.cli import main
from me_augment.export.names import fold_names, keys_of, picture_names
from me_augment.manifest import Issue, Manifest

ESCAPES = "\x1b[31mred\x1b]8;;http://x\x07link\x1b]8;;\x07\u202egnp\x9b2J\r\nError: made up"
NAMES = ("=cmd|'/C calc'!A1", "<script>alert(1)</script>", f"../../x[/red]{ESCAPES}")


@pytest.fixture
def call(capfd):
    """Run a command; gives (exit code, what it printed)."""

    def run(*words):
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        printed = capfd.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture(scope="module")
def hostile(tiny_manifest, tmp_path_factory):
    """The tiny manifest with every text that a file may bring replaced."""
    people = sorted({clip.person_id for clip in tiny_manifest.clips})
    name_of = dict(zip(people, NAMES, strict=True))
    person_of = {person: f"casme2:{name}" for person, name in name_of.items()}
    recordings = [
        replace(row, subject=name_of[row.person_id], person_id=person_of[row.person_id])
        for row in tiny_manifest.recordings
    ]
    clips = [
        replace(
            clip,
            name=f"{name_of[clip.person_id]}/{name_of[clip.person_id]}{place}",
            subject=name_of[clip.person_id],
            person_id=person_of[clip.person_id],
            forbidden_subjects=(person_of[clip.person_id],),
            emotion=name_of[clip.person_id],
            au_verbatim="@SUM(1)",
            licence=f"=1+1 {ESCAPES} [a](http://x) <b>|",
            issues=(Issue(code=f"[/red]{ESCAPES}", detail=ESCAPES),),
        )
        for place, clip in enumerate(tiny_manifest.clips)
    ]
    folder = tmp_path_factory.mktemp("hostile") / "manifest"
    return replace(tiny_manifest, recordings=tuple(recordings), clips=tuple(clips), licence=ESCAPES).write(folder)


@pytest.mark.parametrize(
    "words",
    [["validate", "M", "--issues"], ["inspect", "M"], ["audit", "M"], ["inspect", "M", "--json"], ["export", "M"]],
    ids=" ".join,
)
def test_a_terminal_obeys_nothing(words, call, hostile, tmp_path):
    words = [hostile.folder if word == "M" else word for word in words]
    if words[0] == "export":
        words += ["--format", "kinetics", "--labels", "verbatim", "--out", tmp_path / "x"]
    code, printed = call(*words)
    assert code in (0, 1)
    assert "Traceback" not in printed
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)
    assert not re.search(r"^Error: made up", printed, re.MULTILINE)


def test_names_in_plots_are_no_formulas_and_warn_of_nothing(call, hostile, tmp_path, recwarn):
    clips = [replace(clip, emotion=f"$\\frac$ {clip.emotion} \u9ad8") for clip in hostile.clips]
    made = replace(hostile, clips=tuple(clips)).write(tmp_path / "m")
    code, _ = call("inspect", made.folder, "--plots", tmp_path / "plots")
    assert (code, [str(one.message) for one in recwarn if "Glyph" in str(one.message)]) == (0, [])
    assert (tmp_path / "plots" / "emotions.png").is_file()


@pytest.mark.parametrize("command", [["audit"], ["evaluate", "recognition", "--flow-tree"]], ids=" ".join)
def test_a_pipe_in_a_tree_is_not_waited_for(command, call, tmp_path):
    for subject in ("sub01", "sub02"):
        for part in ("u_train", "u_test"):
            (tmp_path / "tree" / subject / part / "0").mkdir(parents=True)
            os.mkfifo(tmp_path / "tree" / subject / part / "0" / f"{subject}_{part}.png")
    code, printed = call(*command, tmp_path / "tree")
    assert code in (1, 2)
    assert "sub01_u_" in printed


def test_an_export_is_data_in_every_file(call, hostile, tmp_path):
    out = tmp_path / "deep" / "er" / "x"
    code, _ = call("export", hostile.folder, "--format", "webdataset", "--labels", "verbatim", "--out", out)
    assert code == 0
    assert {path.name for path in tmp_path.rglob("*") if out not in (path, *path.parents)} == {"deep", "er"}
    for path in out.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.#+~-]+", path.name)
    with (out / "clips.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(hostile.clips)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {row["clip_id"] for row in rows} == {clip.clip_id for clip in hostile.clips}
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "\x1b" not in card
    assert not re.search(r"(?<!\\)<(script|b)>|(?<!\\)\]\(http", card)
    assert "\nError: made up" not in card


@pytest.mark.parametrize(
    "subject", ["CON", "nul", "+1", "-rf", "com1.x", "aux", "sub01.", "..", " ", "a/b\\c:d*?", "x" * 300]
)
def test_names_of_files_are_good_on_every_system(subject, tiny_manifest):
    clip = replace(tiny_manifest.clips[0], subject=subject, person_id=f"casme2:{subject}", name=f"{subject}/{subject}")
    folds = fold_names([clip])
    names = picture_names([clip], folds)
    made = [*folds.values(), *keys_of(names).values(), *(name.jpg for name in names.values())]
    reserved = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
    for name in made:
        assert re.fullmatch(r"[A-Za-z0-9_.#+-]{1,200}", name)
        assert not reserved.fullmatch(name)
        assert not name.startswith((".", "+", "-"))
        assert not name.endswith(".")


class TestManifests:
    def rewritten(self, manifest, folder, **changes):
        recordings = (replace(manifest.recordings[0], **changes), *manifest.recordings[1:])
        return replace(manifest, recordings=recordings).write(folder / "m")

    @pytest.mark.parametrize("path", ["../../../etc/hostname", "/etc/hostname", "Cropped/out"])
    def test_paths_that_leave_the_root(self, path, call, tiny_manifest, tmp_path):
        root = tiny_manifest.roots["casme2"]
        link = root / "Cropped" / "out"
        link.symlink_to("/etc/hostname")
        try:
            made = self.rewritten(tiny_manifest, tmp_path, path=path)
            code, printed = call("validate", made.folder)
            assert code == 1
            assert "leads out of" in printed
            assert call("validate", made.folder, "--decode")[0] == 1
            out = tmp_path / "x"
            assert call("export", made.folder, "--format", "kinetics", "--out", out)[0] == 0
            left_out = json.loads((out / "export.json").read_text())["skipped"]
            assert any("leads out of" in one["reason"] for one in left_out)
        finally:
            link.unlink()

    @pytest.mark.parametrize("path", ["Cropped/self", "Cropped/a\0b", "Cropped/" + "x" * 5000])
    def test_paths_that_are_none(self, path, call, tiny_manifest, tmp_path):
        link = tiny_manifest.roots["casme2"] / "Cropped" / "self"
        link.symlink_to("self")
        try:
            made = self.rewritten(tiny_manifest, tmp_path, path=path)
            for words in (["validate", made.folder], ["validate", made.folder, "--decode"]):
                assert call(*words)[0] == 1
            out = tmp_path / "x"
            assert call("export", made.folder, "--format", "kinetics", "--out", out)[0] == 0
            assert len(json.loads((out / "export.json").read_text())["skipped"]) >= 1
        finally:
            link.unlink()

    def test_absurd_sizes(self, call, tiny_manifest, tmp_path):
        made = self.rewritten(tiny_manifest, tmp_path, n_frames=2**31 - 1, height=2**31 - 1, width=2**31 - 1)
        code, printed = call("validate", made.folder, "--decode")
        assert code == 1
        assert "the manifest knows 2147483647" in printed

    def test_landmarks_that_are_no_numbers(self, call, tiny_manifest, tmp_path):
        clips = tuple(replace(clip, landmarks=(np.nan,) * 136) for clip in tiny_manifest.clips)
        made = replace(tiny_manifest, clips=clips).write(tmp_path / "m")
        code, printed = call("validate", made.folder)
        assert (code, "landmarks" in printed) == (1, True)
        assert call("export", made.folder, "--format", "norm-uv-os", "--out", tmp_path / "x")[0] in (1, 2)

    def test_columns_of_another_type_and_no_parquet(self, call, tiny_manifest, tmp_path):
        made = tiny_manifest.write(tmp_path / "m")
        table = pq.read_table(made.folder / "clips.parquet")
        place = table.schema.get_field_index("name")
        pq.write_table(table.set_column(place, "name", pa.array(range(len(table)))), made.folder / "clips.parquet")
        code, printed = call("inspect", made.folder)
        assert (code, "of another type ['name']" in printed) == (2, True)
        (made.folder / "clips.parquet").write_bytes(b"PAR1" + bytes(40) + b"PAR1")
        code, printed = call("inspect", made.folder)
        assert (code, "cannot be read as Parquet" in printed) == (2, True)

    @pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[]", '{"format_version": ' + "9" * 5000 + "}", "\x00"])
    def test_manifest_json(self, text, call, tiny_manifest, tmp_path):
        made = tiny_manifest.write(tmp_path / "m")
        (made.folder / "manifest.json").write_text(text)
        code, printed = call("inspect", made.folder)
        assert code == 2
        assert "manifest.json" in printed
        assert len(printed) < 600


@pytest.mark.parametrize("command", ["export", "merge"])
def test_an_out_that_leads_to_itself(command, call, tiny_manifest, tmp_path):
    (tmp_path / "x").symlink_to("x")
    words = ["--format", "arrays"] if command == "export" else [tiny_manifest.folder]
    code, printed = call(command, tiny_manifest.folder, *words, "--out", tmp_path / "x")
    assert (code, "is a link that leads to itself" in printed) == (2, True)


def test_a_reason_keeps_its_row(hostile):
    again = Manifest.open(hostile.folder)
    assert [clip.issues[0].detail for clip in again.clips] == [ESCAPES] * len(hostile.clips)
