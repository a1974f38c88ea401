"""What the toolkit itself exports passes its own audit, and a clip put into the wrong fold does not."""

import json
import shutil
from dataclasses import replace

import long_corpus
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from plants import MATRIX, Planted

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.audit import audit
from me_augment.export import export
from me_augment.manifest import Manifest


@pytest.mark.parametrize("folds", ["loso", 2])
@pytest.mark.parametrize(("format", "options", "wanted", "plant"), MATRIX)
def test_every_format(with_others, tmp_path, format, options, wanted, plant, folds):
    out, run = tmp_path / "export", with_others.folder / "run"
    summary = export(with_others.manifest(), format, out, folds=folds, **options)
    report = audit(out, [run])
    assert (report.leaks, report.missing, report.exit_code) == ([], [], 0)
    assert report.verdict("R1") == "clean"
    assert report.counts["folds"] == summary.folds == (3 if folds == "loso" else 2)
    assert report.counts["of these in folds"] == report.counts["rows"] == summary.real + summary.synthetic
    where = plant(Planted(out, **wanted))
    for against in ([run], []):
        report = audit(out, against)
        assert report.exit_code == 1
        assert ("R1", where) in {(leak.rule, leak.where) for leak in report.leaks}
        assert len(report.leaks) == 1 or plant is Planted.into_shard  # which other folds may train on


def test_causalnets_further_pictures(with_others, tmp_path):
    """A training clip has for its second half a test picture: the loader would learn from it."""
    export(with_others.manifest(), "norm-uv-os", tmp_path / "export", variant="causalnet")
    assert (report := audit(tmp_path / "export")).exit_code == 0
    assert report.counts["different clips"] == report.counts["rows"]
    tested = next((tmp_path / "export/norm_u_v_os/sub01/u_test").rglob("*.png"))
    trained = next((tmp_path / "export/norm_u_v_os/sub01/u_train").rglob("*.png"))
    pool = tmp_path / "export/STSNet_whole_norm_u_v_os"
    (pool / f"{trained.name.split(' ')[0]}_1 .png").write_bytes(tested.read_bytes())
    report = audit(tmp_path / "export")
    assert report.exit_code == 1
    assert any(f"{trained.name.split(' ')[0]}_1 .png, beside sub01" in leak.where for leak in report.leaks)


@pytest.mark.parametrize("format", sorted({row[0] for row in MATRIX} - {"norm-uv-os"}))
def test_without_folds(with_others, tmp_path, format):
    summary = export(with_others.manifest(), format, tmp_path / "export", folds="none")
    report = audit(tmp_path / "export", [with_others.folder / "run"])
    assert (report.leaks, report.missing) == ([], [])
    assert report.counts["rows"] == summary.real + summary.synthetic
    assert report.verdict("R1") == "in part"  # the table was looked at: there is no fold to look at
    assert report.verdict("R9") == "not checkable"


def test_a_fold_that_is_gone(with_others, tmp_path):
    export(with_others.manifest(), "kinetics", tmp_path / "export")
    for path in (tmp_path / "export").glob("fold_sub02_*.txt"):
        path.unlink()
    report = audit(tmp_path / "export")
    assert report.verdict("R1") == "in part"
    assert "export.json names the fold fold_sub02, of which nothing was found" in report.open["R1"]


@pytest.mark.parametrize("folds", ["loso", 2])
def test_a_fold_whose_list_of_tests_is_gone_still_holds_its_people_out(with_others, tmp_path, folds):
    export(with_others.manifest(), "kinetics", tmp_path / "export", folds=folds)
    where = (planted := Planted(tmp_path / "export")).into_list()
    (tmp_path / "export" / f"{planted.fold}_test.txt").unlink()
    report = audit(tmp_path / "export")
    assert [(leak.rule, leak.where) for leak in report.leaks] == [("R1", where)]


@pytest.mark.parametrize("folds", ['{"sub01": {"persons": 5}}', '{"sub01": {"persons": [{}]}}', '{"sub01": []}', "[]"])
@pytest.mark.parametrize("format", ["norm-uv-os", "frames"])
def test_a_record_that_is_damaged(with_others, tmp_path, format, folds):
    export(with_others.manifest(), format, tmp_path / "export", **({"shape": "casme2"} if format == "frames" else {}))
    path = tmp_path / "export/export.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"folds": json.loads(folds)}))
    with pytest.raises(MeAugmentError, match=r"export\.json is damaged .*: export again"):
        audit(tmp_path / "export")


def test_a_fold_whose_list_of_training_is_called_otherwise(with_others, tmp_path):
    export(with_others.manifest(), "kinetics", tmp_path / "export")
    (tmp_path / "export/fold_sub02_train.txt").rename(tmp_path / "export/fold_sub02_train_full.txt")
    report = audit(tmp_path / "export")
    assert report.verdict("R1") == "in part"
    assert "fold_sub02: a fold of which no train clip was found" in report.open["R1"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("forbidden_subjects", value) for value in (None, [None], "casme2:sub01;casme2:sub02")),
        *(("is_synthetic", value) for value in (None, "False")),
        *((column, value) for column in ("name", "person_id", "clip_id") for value in (None, "", 5)),
    ],
)
def test_a_table_that_does_not_say_whose_clips_these_are(with_others, tmp_path, column, value):
    export(with_others.manifest(), "arrays", tmp_path / "export")
    path = tmp_path / "export/clips.parquet"
    rows = [{**row, column: value} for row in pq.read_table(path).to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows), path)
    with pytest.raises(MeAugmentError, match=r"clips\.parquet, row 1 does not say whose clip it is: export again"):
        audit(tmp_path / "export")


def test_clips_of_which_no_list_was_found(with_others, tmp_path):
    export(with_others.manifest(), "frames", tmp_path / "export", shape="casme2")
    for path in (tmp_path / "export/folds").rglob("*.xlsx"):
        path.unlink()
    report = audit(tmp_path / "export")
    assert report.counts["rows"] - report.counts["of these in folds"] == 2  # those without a class of MEGC2019
    assert "and 1 more of the table stand in no fold that was found" in report.open["R1"][0]
    assert report.verdict("R1") == "in part"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("CASME2-coding-20190701.xlsx", b"PK\x03\x04 torn", "nobody can tell what a fold trains on"),
        ("notes.csv", b"a,b\n1,2\n", "nobody can tell what a fold trains on"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_not_passed_over(with_others, tmp_path, name, content, words):
    export(with_others.manifest(), "frames", tmp_path / "export", shape="casme2")
    path = tmp_path / "export/folds/sub02" / name
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    with pytest.raises(MeAugmentError, match=words):
        audit(tmp_path / "export")


@pytest.mark.parametrize(
    ("shape", "corpora", "subjects", "names"),
    [
        ("samm", ("samm",), ("006", "011"), "{subject}_1_2"),
        ("smic", ("smic-hs", "smic-vis"), ("s1", "s2"), "{subject}_ne_01"),
    ],
)
def test_subjects_that_copies_spell_with_more_or_fewer_zeros(corpus, tmp_path, shape, corpora, subjects, names):
    """`6` and `006` in SAMM, `s01_ne_01` and `s1_ne_01` in SMIC, of which two cameras filmed the same."""
    for subject in subjects:
        for view in corpora:
            real = corpus.real(
                f"{shape}:{subject}", f"{view}/{names.format(subject=subject)}", corpus=view, emotion="Anger"
            )
    corpus.synthetic(real, real)
    corpus.manifest().write_tables(corpus.folder / "run")
    summary = export(corpus.manifest(), "frames", tmp_path / "export", shape=shape)
    report = audit(tmp_path / "export", [corpus.folder / "run"])
    assert (report.leaks, report.missing) == ([], [])
    assert summary.real == len(corpora) * len(subjects)
    assert report.counts["rows"] == report.counts["of these in folds"] == summary.real + summary.synthetic
    where = Planted(tmp_path / "export").into_megc()
    (leak,) = audit(tmp_path / "export").leaks
    assert (leak.rule, leak.where) == ("R1", where)


@pytest.fixture(scope="module")
def long_run(tmp_path_factory):
    """Three people's long videos; s16 drives a video of s15, and s19 had a part in an ancestor of it."""
    folder = tmp_path_factory.mktemp("long")
    manifest = long_corpus.write(folder, people=("s15", "s16", "s19", "s20"), synthetic=(("s15", "s16"),))
    everyone = ("casme_sq:s15", "casme_sq:s16", "casme_sq:s19")
    clips = [replace(clip, forbidden_subjects=everyone) if clip.is_synthetic else clip for clip in manifest.clips]
    grown = replace(manifest, clips=tuple(clips))
    grown.write_tables(folder / "run")
    return Manifest.open(folder / "run")


def test_long_videos(long_run, tmp_path):
    out, run = tmp_path / "export", long_run.folder
    export(long_run, "spotting", out)
    for against in ([], [run]):
        report = audit(out, against)
        assert (report.leaks, report.missing, report.exit_code) == ([], [], 0)
        assert report.counts["rows"] == report.counts["of these in folds"] == 5
        assert report.counts["folds"] == 4
    folds = json.loads((out / "folds.json").read_text())
    (made,) = {name for fold in folds.values() for name in fold["train"] if "901" in name}
    for person, rule in (("s15", "R1"), ("s16", "R1"), ("s19", "R9")):
        person = f"casme_sq:{person}"
        planted = {**folds, person: {**folds[person], "train": [*folds[person]["train"], made]}}
        (out / "folds.json").write_text(json.dumps(planted))
        (leak,) = audit(out, [run]).leaks
        assert (leak.rule, leak.where) == (rule, f"folds.json, {person}, train, {made}")
        (leak,) = audit(out).leaks
        assert leak.where == f"folds.json, {person}, train, {made}"


VIDEO_PLANTS = {
    "own video": (lambda folds: folds["casme_sq:s15"]["train"].append(folds["casme_sq:s15"]["test"][0]), "R1"),
    "synthetic tested": (lambda folds: folds["casme_sq:s20"]["test"].append("s901_9001"), "R5"),
    "tested twice": (
        lambda folds: folds["casme_sq:s20"]["test"].append(folds["casme_sq:s19"]["test"][0]),
        "R5",
    ),
}


@pytest.mark.parametrize("what", VIDEO_PLANTS)
def test_long_videos_in_the_wrong_part(long_run, tmp_path, what):
    plant, rule = VIDEO_PLANTS[what]
    export(long_run, "spotting", tmp_path / "export")
    path = tmp_path / "export/folds.json"
    folds = json.loads(path.read_text())
    plant(folds)
    path.write_text(json.dumps(folds))
    leaks = audit(tmp_path / "export").leaks
    assert any(leak.rule == rule and leak.where.startswith("folds.json, casme_sq:") for leak in leaks)


def test_a_table_of_long_videos_that_forgets_someone(long_run, tmp_path):
    export(long_run, "spotting", tmp_path / "export")
    path = tmp_path / "export/videos.csv"
    path.write_text(path.read_text().replace("casme_sq:s15;casme_sq:s16;casme_sq:s19", "casme_sq:s15"))
    leaks = {(leak.rule, leak.where) for leak in audit(tmp_path / "export", [long_run.folder]).leaks}
    assert leaks == {("R1", "videos.csv, s901_9001"), ("R9", "videos.csv, s901_9001")}


def test_a_video_that_nobody_knows(long_run, tmp_path):
    export(long_run, "spotting", tmp_path / "export")
    path = tmp_path / "export/folds.json"
    folds = json.loads(path.read_text())
    folds["casme_sq:s15"]["train"].append("s77_0101")
    path.write_text(json.dumps(folds))
    report = audit(tmp_path / "export")
    assert (report.leaks, report.exit_code) == ([], 2)
    assert "folds.json, casme_sq:s15, train, s77_0101: nobody says" in report.missing[0]


@pytest.mark.parametrize(
    ("file", "content"),
    [("folds.json", '{"casme_sq:s15": ["s15_0401"]}'), ("videos.csv", "video,subject\ns15_0401,s15\n")],
)
def test_long_videos_that_are_damaged(long_run, tmp_path, file, content):
    export(long_run, "spotting", tmp_path / "export")
    (tmp_path / "export" / file).write_text(content)
    with pytest.raises(MeAugmentError, match=f"{file}.*export again"):
        audit(tmp_path / "export")


def test_a_folder_that_is_none_names_what_is_near(with_others, tmp_path):
    export(with_others.manifest(), "kinetics", tmp_path / "work/export")
    with pytest.raises(UsageError, match=r"holds .*work/export: give one of these"):
        audit(tmp_path / "work")
    with pytest.raises(UsageError, match=r"is a part of .*work/export: give that"):
        audit(tmp_path / "work/export/rawframes")
    shutil.rmtree(tmp_path / "work")
    (tmp_path / "work/videos").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"manifest\.json.*clips\.parquet.*folds\.json.*u_train.*me-augment ingest"):
        audit(tmp_path / "work")
