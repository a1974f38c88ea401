"""Corpus-shaped trees: read back by our readers and by loaders of the documented shapes, and folds without leaks."""

import csv
from collections import Counter

import cv2
import numpy as np
import openpyxl
import pandas as pd
import pytest

from me_augment.corpora import read_corpus
from me_augment.corpora.registry import CORPORA
from me_augment.errors import UsageError
from me_augment.export import export

CASME2_SHEET, SAMM_SHEET = "CASME2-coding-20190701.xlsx", "SAMM_Micro_FACS_Codes_v2.xlsx"


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def megc(path):
    """The table as challenge code reads it: four columns, no header, every cell text."""
    assert path.read_bytes().count(b"\r\n") == len(path.read_text().splitlines())
    return [tuple(row) for row in csv.reader(path.open(newline=""))]


def mmnet(root, sheet):
    """Onset and apex of every row, by the columns' positions and MMNet's paths."""
    for row in openpyxl.load_workbook(sheet).active.iter_rows(min_row=2, values_only=True):
        subject, name, onset, apex, offset, units, emotion = (row[place] for place in (0, 1, 3, 4, 5, 7, 8))
        folder = root / "Cropped-updated" / "Cropped" / str(int(subject)) / name
        frames = {n: cv2.imread(str(folder / f"reg_img{n}.jpg")) for n in range(onset, offset + 1)}
        assert all(frame is not None for frame in frames.values()), "numbers run from onset to offset without a gap"
        yield int(subject), name, frames[onset], frames[apex], emotion, units


def samm(root, sheet):
    """Rows after thirteen of text; a frame's file by five digits."""
    table = pd.read_excel(sheet, skiprows=13, dtype={"Subject": str}, keep_default_na=False)
    for row in table.itertuples(index=False):
        subject, clip, _, onset, apex, offset, duration, micro, _, emotion, *_ = row
        assert (duration, micro) == (offset - onset + 1, "Micro - 1/2")
        folder = root / "SAMM" / subject / clip
        names = [f"{subject}_{n:05d}.jpg" for n in range(onset, offset + 1)]
        assert sorted(path.name for path in folder.iterdir()) == names
        yield subject, clip, cv2.imread(str(folder / f"{subject}_{apex:05d}.jpg"), cv2.IMREAD_UNCHANGED), emotion


def smic(root):
    """Labels by folder: view, subject, class, clip."""
    for folder in sorted((root / "SMIC_all_raw" / "HS").glob("*/micro/*/*")):
        frames = sorted(folder.glob("image[0-9]*.bmp"))
        yield folder.parts[-4], folder.parent.name, folder.name, [cv2.imread(str(file)) for file in frames]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "tree"


def test_casme2_rows_and_frames(small, out):
    """The golden listing of a small export."""
    small.change(small.clips[0], au_verbatim="4+L10", objective_class=4)
    summary = export(small.manifest(), "frames", out, images="png")
    assert (summary.real, summary.synthetic, summary.folds, summary.skipped) == (4, 3, 3, ())
    real = {"sub01/EP01_01f": 50, "sub02/EP02_04": 50, "sub02/EP03_01": 50, "sub03/EP01_01f": 50}
    made = {"sub502/EP99_01": 1, "sub503/EP99_01": 1, "sub502/EP99_02": 1}
    assert files(out / "CASME2_RAW_selected") == sorted(
        f"{clip}/img{first + step}.png" for clip, first in (real | made).items() for step in range(3)
    )
    rows = list(openpyxl.load_workbook(out / CASME2_SHEET).active.iter_rows(values_only=True))
    header = "Subject,Filename,,OnsetFrame,ApexFrame,OffsetFrame,,Action Units,Estimated Emotion,Objective Classes"
    assert [cell or "" for cell in rows[0]] == header.split(",")
    assert rows[1] == ("01", "EP01_01f", None, 50, 51, 52, None, "4+L10", "disgust", 4)
    assert rows[-1][:6] == ("503", "EP99_01", None, 1, 2, 3)
    assert megc(out / "combined_3class_gt.csv") == [
        ("casme2", "sub01", "EP01_01f", "0"),
        ("casme2", "sub02", "EP02_04", "1"),
        ("casme2", "sub02", "EP03_01", "0"),
        ("casme2", "sub03", "EP01_01f", "2"),
        ("casme2", "sub502", "EP99_01", "0"),
        ("casme2", "sub502", "EP99_02", "2"),
        ("casme2", "sub503", "EP99_01", "0"),
    ]
    card = (out / "README.md").read_text()
    assert "* casme2: none\n" in card
    assert "is not safe on the whole tree" in card


def test_real_frames_are_the_corpus_own_and_synthetic_ones_lossless(small, out):
    export(small.manifest(), "frames", out, images="png")
    source = small.root / "casme2/sub01/EP01_01f/img51.png"
    assert source.samefile(out / "CASME2_RAW_selected/sub01/EP01_01f/img51.png")
    table = pd.read_parquet(out / "clips.parquet").set_index("clip_id")
    assert table["linked"].tolist() == [True] * 4 + [True, False, True]  # the one in a video had to be decoded
    video = table[~table["linked"]].iloc[0]
    onset, apex = (cv2.imread(str(out / video["name"] / f"img{n}.png")) for n in (1, 2))
    drawn = small._frames(table.index[5], (1.0, 1.0), False)
    np.testing.assert_array_equal(onset[..., ::-1], drawn[0])
    np.testing.assert_array_equal(apex[..., ::-1], drawn[1])


def test_our_reader_reads_the_enlarged_corpus(small, out):
    export(small.manifest(), "frames", out)
    read = read_corpus("casme2", out).manifest
    table = pd.read_parquet(out / "clips.parquet").set_index("name")
    assert len(read.clips) == 7
    for clip in read.clips:
        assert clip.status == "ok"
        assert {issue.code for issue in clip.issues} <= {"au-blank", "class-missing"}
        row = table.loc[read.recording_of[clip.recording_id].path]
        assert (clip.onset_index, clip.apex_index, clip.offset_index) == (0, 1, 2)
        assert clip.emotion == row["emotion"]
        assert clip.subject == row["sheet_subject"]
    assert Counter(clip.label_megc3 for clip in read.clips) == {"negative": 4, "positive": 1, "surprise": 2}
    for fold in ("sub01", "sub02", "sub03"):
        alone = read_corpus("casme2", out, sheet=out / "folds" / fold / CASME2_SHEET).manifest
        assert {clip.status for clip in alone.clips} == {"ok"}


def test_mmnet_finds_crops_and_is_trained_fold_by_fold(small, out):
    summary = export(small.manifest(), "frames", out, tree="cropped")
    assert summary.synthetic == 3
    tested = []
    for fold in sorted(path.name for path in (out / "folds").iterdir()):
        subjects, names, inputs, labels = [], [], [], []
        for subject, name, onset, apex, emotion, _ in mmnet(out, out / "folds" / fold / CASME2_SHEET):
            subjects.append(subject)
            names.append(name)
            difference = cv2.resize(apex.astype(np.float32) - onset, (16, 16), interpolation=cv2.INTER_AREA)
            inputs.append(difference.ravel())
            labels.append({"happiness": 0, "surprise": 1}.get(emotion, 2))
        held_out = int(fold.removeprefix("sub"))
        test = np.array(subjects) == held_out
        features, wanted = np.array(inputs), np.eye(3)[labels]
        gram = features[~test] @ features[~test].T
        solved = np.linalg.solve(gram + 1e-3 * np.trace(gram) / len(gram) * np.eye(len(gram)), wanted[~test])
        assert (np.argmax(gram @ solved, 1) == np.array(labels)[~test]).all()
        assert (features[test] @ features[~test].T @ solved).shape == (test.sum(), 3)
        tested += [(subject, name) for subject, name, t in zip(subjects, names, test, strict=True) if t]
    assert tested == [(1, "EP01_01f"), (2, "EP02_04"), (2, "EP03_01"), (3, "EP01_01f")]


def test_no_sheet_of_a_fold_has_a_clip_of_whom_it_holds_out(small, out):
    """Checked against who was put into each clip, not against the export's own lists."""
    one, two, _, three = small.clips[:4]
    small.synthetic(two, three, generator_training_subjects=("casme2:*",), forbidden_subjects=("casme2:*",))
    export(small.manifest(), "frames", out)
    parts = {"sub502/EP99_01": (one, two), "sub503/EP99_01": (one, three), "sub502/EP99_02": (three, two)}
    for fold in ("sub01", "sub02", "sub03"):
        listed = {f"{row[1]}/{row[2]}" for row in megc(out / "folds" / fold / "combined_3class_gt.csv")}
        sheet = openpyxl.load_workbook(out / "folds" / fold / CASME2_SHEET).active.iter_rows(
            min_row=2, values_only=True
        )
        assert listed == {f"sub{row[0]}/{row[1]}" for row in sheet}
        made = {name for name in listed if name.startswith("sub50")}
        assert made == {name for name, clips in parts.items() if fold not in {clip.subject for clip in clips}}
        assert len(listed - made) == 4
    rows = {row["folder"].partition("/")[2]: row for row in csv.DictReader((out / "provenance.csv").open(newline=""))}
    assert len(rows) == 8
    assert rows["sub502/EP99_02"]["face_of"] == "sub02"
    assert rows["sub502/EP99_02"]["motion_of"] == "sub03"
    assert rows["sub502/EP99_02"]["not_in_training_of"] == "sub02;sub03"
    assert rows["sub503/EP99_02"]["not_in_training_of"] == "casme2:*;sub01;sub02;sub03"


def test_samm(corpus, out):
    first = corpus.real("samm:006", "006_1_2", gray=True, emotion="Disgust")
    second = corpus.real("samm:007", "007_3_1", "positive", gray=True, emotion="Happiness")
    corpus.synthetic(first, second)
    other = corpus.real("casme2:sub01", "EP01", label="surprise", emotion="surprise")
    corpus.synthetic(other, second)
    tense = corpus.real("casme2:sub02", "EP01", emotion="repression")
    summary = export(corpus.manifest(), "frames", out, shape="samm")
    assert [row.reason for row in summary.skipped] == ["SAMM has no word for the emotion 'repression'"]
    assert summary.skipped[0].clip_id == tense.clip_id
    found = {(subject, clip): (apex, emotion) for subject, clip, apex, emotion in samm(out, out / SAMM_SHEET)}
    assert {key: emotion for key, (_, emotion) in found.items()} == {
        ("006", "006_1_2"): "Disgust",
        ("007", "007_3_1"): "Happiness",
        ("101", "101_1_1"): "Surprise",
        ("507", "507_1_1"): "Disgust",
        ("507", "507_1_2"): "Surprise",
    }
    assert found["006", "006_1_2"][0].ndim == 2  # stays gray
    assert ("samm", "6", "006_1_2", "0") in megc(out / "combined_3class_gt.csv")
    assert {path.name for path in (out / "folds").iterdir()} == {"006", "007", "sub01"}
    held_out = {row[2] for row in megc(out / "folds" / "006" / "combined_3class_gt.csv")}
    assert held_out == {"006_1_2", "007_3_1", "101_1_1", "507_1_2"}


def test_smic(corpus, out):
    first = corpus.real("smic:s01", "s1_ne_01", corpus="smic-hs", emotion="negative")
    second = corpus.real(
        "smic:s02", "s2_sur_03", "surprise", corpus="smic-hs", emotion="surprise", apex=None, apex_index=None
    )
    corpus.synthetic(first, second)
    summary = export(corpus.manifest(), "frames", out, shape="smic")
    assert summary.real == 2
    found = {(subject, label, clip): frames for subject, label, clip, frames in smic(out)}
    assert sorted(found) == [
        ("s1", "negative", "s1_ne_01"),
        ("s2", "surprise", "s2_sur_03"),
        ("s502", "negative", "s502_ne_01"),
    ]
    drawn = corpus._frames("casme2/..", (0, 0), False)[0].shape
    assert all(len(frames) == 3 and frames[0].shape == drawn for frames in found.values())
    stored = cv2.imread(str(corpus.root / "smic/s01/s1_ne_01/img51.png"))
    np.testing.assert_array_equal(found["s1", "negative", "s1_ne_01"][1], stored)  # no loss
    assert megc(out / "combined_3class_gt.csv") == [
        ("smic", "s01", "s01_ne_01", "0"),
        ("smic", "s02", "s02_sur_03", "2"),
        ("smic", "s502", "s502_ne_01", "0"),
    ]
    # The folders are the labels, so each fold has a tree of its own.
    for fold in ("s01", "s02"):
        assert {subject for subject, *_ in smic(out / "folds" / fold)} == {"s1", "s2"}


@pytest.mark.parametrize(("name", "shape"), [("samm", "samm"), ("smic-hs", "smic")])
def test_our_other_readers_read_theirs(corpus, out, name, shape):
    if name not in CORPORA:
        pytest.skip(f"there is no reader of {name}")
    people = {"samm": ("006_1_2", "007_3_1"), "smic-hs": ("s1_ne_01", "s2_ne_02")}[name]
    real = [
        corpus.real(f"{shape}:{subject}", clip, corpus=name, emotion={"samm": "Disgust"}.get(name, "negative"))
        for subject, clip in zip({"samm": ("006", "007")}.get(name, ("s01", "s02")), people, strict=True)
    ]
    corpus.synthetic(*real)
    export(corpus.manifest(), "frames", out, shape=shape)
    read = read_corpus(name, out).manifest
    assert len(read.clips) == 3
    assert {(clip.status, clip.label_megc3, clip.onset_index, clip.offset_index) for clip in read.clips} == {
        ("ok", "negative", 0, 2)
    }


def test_same_input_same_bytes(small, out):
    again = out.with_name("again")
    export(small.manifest(), "frames", out)
    export(small.manifest(), "frames", again)
    assert files(out) == files(again)
    for name in files(out):
        assert (out / name).read_bytes() == (again / name).read_bytes(), name


def test_a_damaged_clip_leaves_nothing_behind(small, out):
    made = small.clips[5]
    (small.folder / "run" / "shards/shard-00000" / f"{made.clip_id}.mkv").write_bytes(b"no video")
    summary = export(small.manifest(), "frames", out)
    assert [row.clip_id for row in summary.skipped] == [made.clip_id]
    assert not (out / "CASME2_RAW_selected" / "sub503").exists()


def test_clips_without_apex_or_face_are_kept(corpus, out):
    corpus.real("casme2:sub01", "EP01", apex=None, apex_index=None, landmarks=None)
    export(corpus.manifest(), "frames", out, folds="none")
    row = list(openpyxl.load_workbook(out / CASME2_SHEET).active.iter_rows(values_only=True))[1]
    assert row[3:6] == (50, "/", 52)
    assert not (out / "folds").exists()


def test_text_of_a_sheet_is_no_formula(corpus, out):
    corpus.real("casme2:sub01", "EP01", au_verbatim='=HYPERLINK("http://x")\x07')
    export(corpus.manifest(), "frames", out, folds="none")
    cell = openpyxl.load_workbook(out / CASME2_SHEET).active["H2"]
    assert (cell.value, cell.data_type) == ('=HYPERLINK("http://x")', "s")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "mmew"}, "--shape is 'mmew': for frames choose one of casme2, samm, smic"),
        ({"shape": "smic", "labels": "casme2-5"}, "SMIC has the classes of megc3 and no others"),
        ({"shape": "smic", "images": "jpg"}, "SMIC has .bmp frames"),
        ({"flow": "dis"}, "the format frames has no --flow: it takes --labels, --protocol, --folds, --shape"),
        ({"folds": "1"}, "--folds is '1': give loso, corpus, none, or a number of groups of at least 2"),
    ],
)
def test_options_that_do_not_go_together(small, out, options, message):
    with pytest.raises(UsageError, match=message):
        export(small.manifest(), "frames", out, **options)
    assert not out.exists()


def test_a_subject_that_synthetic_ones_would_be_mistaken_for(corpus, out):
    corpus.real("casme2:sub501", "EP01")
    with pytest.raises(UsageError, match="'sub501' is no subject of CASME II"):
        export(corpus.manifest(), "frames", out, folds="none")


def test_paths_stay_inside(corpus, out):
    corpus.real("casme2:sub01", "EP01")
    corpus.real("casme2:sub02", "EP02", name="sub02/../../EP09")
    corpus.real("casme2:sub03", "EP03", name="sub03/..")
    summary = export(corpus.manifest(), "frames", out, folds="none")
    assert [row.reason for row in summary.skipped] == ["'sub03/..' is no name of a clip of CASME II"]
    assert "CASME2_RAW_selected/sub02/EP09/img50.jpg" in files(out)
    assert sorted(path.name for path in out.parent.iterdir()) == ["corpus", "run", "tree"]
