"""The tree of flow pictures: its layout, its pixels, and that nobody trains the fold that holds them out."""

import csv
import json
import tempfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rows import synthetic

from me_augment import staging as staging_module
from me_augment.errors import MeAugmentError, UsageError
from me_augment.export import FORMATS, export
from me_augment.export.norm_uv_os import FACES, FOLDS, POOL, TABLE, export_norm_uv_os
from me_augment.export.npy import NpyRows
from me_augment.manifest import Issue


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def names(folder):
    return {path.name for path in folder.iterdir()}


def load(root):
    """Subject → part → list of (class, picture), found as STSTNet's loader finds them."""
    return {
        subject: {
            part: [
                (int(label), np.array(Image.open(root / subject / part / label / name)))
                for label in names(root / subject / part)
                for name in names(root / subject / part / label)
            ]
            for part in ("u_train", "u_test")
        }
        for subject in names(root)
    }


@pytest.fixture
def out(tmp_path):
    return tmp_path / "exports" / "tree"


def test_layout(small, out):
    summary = export_norm_uv_os(small.manifest(), out)
    s4, s5, s6 = (f"syn_{i:016x} .png" for i in (4, 5, 6))  # sub01 on sub02, sub01 on sub03, sub03 on sub02
    one, two, two_b, three = (
        "sub01_EP01_01f .png",
        "sub02_EP02_04 .png",
        "sub02_EP03_01 .png",
        "sub03_EP01_01f .png",
    )
    assert files(out / FOLDS) == sorted(
        [
            f"sub01/u_test/0/{one}",
            f"sub01/u_train/0/{two_b}",
            f"sub01/u_train/1/{two}",
            f"sub01/u_train/2/{three}",
            f"sub01/u_train/2/{s6}",
            f"sub02/u_test/0/{two_b}",
            f"sub02/u_test/1/{two}",
            f"sub02/u_train/0/{one}",
            f"sub02/u_train/0/{s5}",
            f"sub02/u_train/2/{three}",
            f"sub03/u_test/2/{three}",
            f"sub03/u_train/0/{one}",
            f"sub03/u_train/0/{two_b}",
            f"sub03/u_train/0/{s4}",
            f"sub03/u_train/1/{two}",
        ]
    )
    assert not (out / FOLDS / "sub01" / "u_test" / "1").exists()
    pool = sorted([one, two, two_b, three, s4, s5, s6])
    assert files(out / POOL) == pool
    assert files(out / FACES) == sorted(name.replace(" .png", ".jpg") for name in pool)
    files_beside = {TABLE, "flow.npy", "clips.parquet", "clips.csv", "export.json", "README.md"}
    assert names(out) == {FOLDS, POOL, FACES} | files_beside
    assert list(out.parent.iterdir()) == [out]
    assert (summary.real, summary.synthetic, summary.folds, summary.skipped) == (4, 3, 3, ())
    assert summary.lines() == [
        "4 real + 3 synthetic clips in 3 folds (negative 2 + 2, positive 1 + 0, surprise 1 + 1)."
    ]


def test_another_loader_finds_the_same_counts(small, out):
    export_norm_uv_os(small.manifest(), out)
    found = load(out / FOLDS)
    record = json.loads((out / "export.json").read_text())
    assert set(found) == set(record["folds"]) == {"sub01", "sub02", "sub03"}
    for subject, parts in found.items():
        fold = record["folds"][subject]
        assert len(parts["u_train"]) == fold["train_real"] + fold["train_synthetic"]
        assert len(parts["u_test"]) == fold["test"]
    assert Counter(label for parts in found.values() for label, _ in parts["u_test"]) == {0: 2, 1: 1, 2: 1}
    for _, picture in found["sub01"]["u_train"]:
        assert picture.shape == (28, 28, 3)
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture.min((0, 1)), 0)
        np.testing.assert_array_equal(picture.max((0, 1)), 255)


def test_float_flow_tells_size_and_sign_of_the_motion(small, out):
    export_norm_uv_os(small.manifest(), out)
    flow, table = np.load(out / "flow.npy"), pd.read_parquet(out / "clips.parquet").set_index("name")
    assert flow.shape == (7, 3, 28, 28)
    assert flow.dtype == np.float32
    moved = {
        "sub01_EP01_01f .png": (2, -1),
        "sub02_EP02_04 .png": (-1.5, 0.5),
        "sub03_EP01_01f .png": (2, -1),  # gray
        f"syn_{5:016x} .png": (1, 1),  # video
        f"syn_{6:016x} .png": (3, 0),
    }
    for name, motion in moved.items():
        row = flow[table.index.get_loc(name)]
        np.testing.assert_allclose(np.median(row[:2, 4:-4, 4:-4], axis=(1, 2)), motion, atol=0.15)
        assert table.loc[name, "peak_flow_px"] >= np.hypot(row[0], row[1]).max() - 1e-3


def test_disk_holds_rgb_of_u_v_strain(small, out):
    export_norm_uv_os(small.manifest(), out)
    flow, table = np.load(out / "flow.npy"), pd.read_csv(out / "clips.csv")
    for maps, name in zip(flow, table["name"], strict=True):
        rgb = np.array(Image.open(out / POOL / name))
        bgr = cv2.imread(str(out / POOL / name))
        for channel in range(3):
            span = np.ptp(maps[channel].astype(float))
            expected = np.rint(255 * (maps[channel].astype(float) - maps[channel].min()) / span)
            np.testing.assert_array_equal(rgb[..., channel], expected)
            np.testing.assert_array_equal(bgr[..., 2 - channel], expected)


def test_one_picture_as_it_was(small, out):
    """Written once by this export; another OpenCV may differ by a few levels."""
    export_norm_uv_os(small.manifest(), out)
    name = "sub01_EP01_01f .png"
    golden = cv2.imread(str(Path(__file__).parents[1] / "data" / "export" / "norm_uv_os_of_one_clip.png"))
    assert np.abs(cv2.imread(str(out / POOL / name)).astype(int) - golden).max() <= 6


def test_faces_are_the_aligned_apex_in_colour(small, out):
    export_norm_uv_os(small.manifest(), out)
    apex = cv2.imread(str(small.root / "casme2/sub01/EP01_01f/img51.png"))
    expected = cv2.resize(apex[16:-16, 16:-16], (224, 224))
    face = cv2.imread(str(out / FACES / "sub01_EP01_01f.jpg"))
    assert np.abs(face.astype(int) - expected).mean() < 4
    gray = Image.open(out / FACES / "sub03_EP01_01f.jpg")
    assert (gray.mode, gray.size) == ("RGB", (224, 224))


def test_every_picture_is_one_file_in_all_folds(small, out, monkeypatch):
    export_norm_uv_os(small.manifest(), out)
    assert (out / POOL / "sub01_EP01_01f .png").stat().st_nlink == 4  # the pool and three folds

    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(staging_module.Path, "hardlink_to", refuse)
    copied = out.with_name("copied")
    export_norm_uv_os(small.manifest(), copied)
    assert (copied / POOL / "sub01_EP01_01f .png").stat().st_nlink == 1
    assert files(copied) == files(out)


def test_the_table_leads_htnet_from_picture_to_face(small, out):
    export_norm_uv_os(small.manifest(), out)
    table = pd.read_csv(out / TABLE)
    assert list(table) == ["dataset", "sub", "filename_o", "label", "apex", "imagename", "sub_filename"]
    built = table["sub"].astype(str) + "_" + table["filename_o"].astype(str) + " .png"
    assert sorted(built) == files(out / POOL)
    assert sorted(table["imagename"]) == files(out / FACES)
    first = table.iloc[0]
    assert (first["dataset"], first["label"], first["apex"], first["sub_filename"]) == (
        "casme2",
        0,
        51,
        "sub01_EP01_01f",
    )
    assert set(table[table["dataset"] == "synthetic"]["sub"]) == {"syn"}


def test_the_clip_table_says_who_contributed(small, out):
    export_norm_uv_os(small.manifest(), out)
    table = pq.read_table(out / "clips.parquet").to_pylist()
    assert [(row["subject"], row["name"]) for row in table] == sorted((r["subject"], r["name"]) for r in table)
    made = table[-1]
    assert made == {
        "name": f"syn_{6:016x} .png",
        "clip_id": f"syn-{6:016x}",
        "label": "surprise",
        "label_index": 2,
        "is_synthetic": True,
        "corpus": "synthetic",
        "subject": "syn",
        "person_id": "casme2:sub02",
        "driver_person_id": "casme2:sub03",
        "target_person_id": "casme2:sub02",
        "forbidden_subjects": ["casme2:sub02", "casme2:sub03"],
        "peak_flow_px": pytest.approx(3, abs=1.5),
        "flow": "dis",
        "strain": "central",
    }
    with (out / "clips.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [row["name"] for row in table]
    assert rows[-1]["forbidden_subjects"] == "casme2:sub02;casme2:sub03"
    assert rows[0]["driver_person_id"] == ""


def test_the_record_and_the_card(small, out):
    small.real("casme2:sub02", "EP09", label=None, emotion="others")
    manifest = small.manifest()
    export_norm_uv_os(manifest, out)
    record = json.loads((out / "export.json").read_text())
    assert record["format"] == "norm-uv-os"
    assert record["classes"] == {"negative": 0, "positive": 1, "surprise": 2}
    assert (record["flow"], record["strain"], record["crop"], record["size"]) == ("dis", "central", 128, 28)
    assert record["counts"]["negative"] == {"real": 2, "synthetic": 2}
    assert record["folds"]["sub02"] == {
        "person_id": "casme2:sub02",
        "train_real": 2,
        "train_synthetic": 1,
        "test": 2,
    }
    assert record["manifest"]["fingerprint"] == manifest.fingerprint
    assert [row["name"] for row in record["skipped"]] == ["sub02/EP09"]
    assert record["skipped"][0]["reason"] == "the label set 'megc3' has no class for the emotion 'others' of casme2"
    card = (out / "README.md").read_text()
    assert "* casme2: none" in card
    assert "forbidden_subjects" in card


def test_same_input_same_bytes(small, out):
    again = out.with_name("again")
    export_norm_uv_os(small.manifest(), out)
    export_norm_uv_os(small.manifest(clips=tuple(reversed(small.clips))), again)
    assert files(out) == files(again)
    for name in files(out):
        if name != "export.json":  # the fingerprint of the rows depends on their order
            assert (out / name).read_bytes() == (again / name).read_bytes(), name
    third = out.with_name("third")
    export_norm_uv_os(small.manifest(), third)
    assert (third / "export.json").read_bytes() == (out / "export.json").read_bytes()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.sets(st.integers(0, 5), max_size=3)), min_size=1, max_size=6
    )
)
def test_no_fold_trains_on_whom_it_holds_out(five_persons, pairs):
    """Drivers, targets and trainers of the generator at random: checked on the files, not on the code's own lists.

    Trainer 5 is the whole corpus.
    """
    rows, real = [], five_persons.clips
    ids = [*(clip.person_id for clip in real[:5]), "casme2:*"]
    everybody = {clip.subject for clip in real}
    subjects_of = [*({clip.subject} for clip in real[:5]), everybody]
    for i, (driver, target, trainers) in enumerate(pairs):
        rows.append(synthetic_row(real[driver], real[target], i, tuple(sorted(ids[t] for t in trainers))))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "tree"
        export_norm_uv_os(five_persons.manifest(clips=(*real, *rows)), out)
        contributors = {
            f"syn_{i:02x} .png": {real[d].subject, real[t].subject, *(s for k in trainers for s in subjects_of[k])}
            for i, (d, t, trainers) in enumerate(pairs)
        }
        subjects = {clip.subject for clip in real}
        for subject in names(out / FOLDS):
            test = {path.name for path in (out / FOLDS / subject / "u_test").rglob("*.png")}
            train = {path.name for path in (out / FOLDS / subject / "u_train").rglob("*.png")}
            assert test == {f"{subject}_EP01 .png"}
            expected = {name for name, persons in contributors.items() if subject not in persons}
            assert train == {f"{other}_EP01 .png" for other in subjects - {subject}} | expected
            # A project that splits by the beginning of the name must not test on synthetic clips.
            assert not any(name.startswith(subject) for name in contributors)
        assert names(out / FOLDS) == subjects


def synthetic_row(driver, target, number, trainers):
    """A synthetic row that borrows the target's frames."""
    return synthetic(
        driver,
        target,
        clip_id=f"syn-{number:02x}",
        recording_id=target.recording_id,
        onset_index=0,
        apex_index=1,
        offset_index=2,
        landmarks=target.landmarks,
        generator_training_subjects=trainers,
        forbidden_subjects=tuple(sorted({driver.person_id, target.person_id, *trainers})),
    )


def test_a_row_that_hides_a_contributor_is_left_out(small, out):
    made = small.clips[-1]
    small.change(made, forbidden_subjects=("casme2:sub02",))
    ancestor = small.synthetic(small.clips[0], small.clips[1], parents=(small.clips[3].clip_id,))
    summary = export_norm_uv_os(small.manifest(), out)
    assert {row.clip_id: row.reason for row in summary.skipped} == {
        made.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
        ancestor.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
    }
    assert not list(out.rglob(f"*{made.clip_id.removeprefix('syn-')}*"))


def test_a_row_that_hides_a_contributor_of_its_grandparent_is_left_out(small, out):
    middle = small.synthetic(small.clips[0], small.clips[1], parents=(small.clips[3].clip_id,))
    last = small.synthetic(middle, small.clips[1])
    assert set(last.forbidden_subjects) == {"casme2:sub02"}
    reasons = {row.clip_id: row.reason for row in export_norm_uv_os(small.manifest(), out).skipped}
    assert reasons == {
        middle.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
        last.clip_id: "its forbidden_subjects lacks casme2:sub01, casme2:sub03, who contributed to it",
    }


def test_unusable_clips_are_left_out_with_their_reason(small, out):
    person = "casme2:sub03"
    wanted = {
        small.real(person, "a", status="failed", reason="no such frame").clip_id: "no such frame",
        small.synthetic(
            small.clips[0], small.clips[1], status="rejected", reason="quality: gain 0.5 is below 0.65"
        ).clip_id: "quality: gain 0.5 is below 0.65",
        small.real(person, "b", expression="neutral").clip_id: "a face without an event",
        small.real(person, "c", expression="macro").clip_id: "a macro-expression, and the format holds "
        "micro-expressions",
        small.real(person, "d", label=None, emotion=None).clip_id: "it has no emotion",
        small.real(person, "e", apex_index=None).clip_id: "its apex frame is not known",
        small.real(person, "f", onset_index=None).clip_id: "its onset frame is not known",
        small.real(person, "g", apex_index=0).clip_id: "its apex does not lie after its onset, so there is no motion "
        "between them",
        small.real(person, "h", landmarks=None).clip_id: "it has no landmarks",
        small.real(
            person, "i", landmarks=None, issues=(Issue(code="no-face", detail="no face found"),)
        ).clip_id: "no face found",
        small.real(person, "j", landmarks=(float("nan"),) * 136).clip_id: "its landmarks are not 68 points of a face",
        small.real(person, "k", recording_id="gone").clip_id: "its recording is not in the manifest",
    }
    damaged = small.real(person, "l")
    (small.root / "casme2/sub03/l/img51.png").write_bytes(b"no picture")
    summary = export_norm_uv_os(small.manifest(), out)
    reasons = {row.clip_id: row.reason for row in summary.skipped}
    unreadable = reasons.pop(damaged.clip_id)
    assert unreadable.startswith("casme2/sub03/l/img51.png is damaged")
    assert reasons == wanted
    assert (summary.real, summary.synthetic) == (4, 3)
    assert summary.lines()[1].startswith("13 clips left out: ")
    assert "See export.json." in summary.lines()[1]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("casme2-5", ["happiness", "surprise", "disgust", "repression", "others"]),
        ("emotion", ["disgust", "others", "surprise"]),
    ],
)
def test_other_label_sets_number_their_own_classes(corpus, out, labels, classes):
    for i, emotion in enumerate(("disgust", "others", "surprise"), 1):
        corpus.real(f"casme2:sub{i:02d}", "EP01", label=None, emotion=emotion, label_casme2_5=emotion)
    summary = export_norm_uv_os(corpus.manifest(), out, labels=labels)
    assert list(summary.classes) == classes
    for i, emotion in enumerate(("disgust", "others", "surprise"), 1):
        assert files(out / FOLDS / f"sub{i:02d}" / "u_test") == [f"{classes.index(emotion)}/sub{i:02d}_EP01 .png"]


def test_a_protocol_keeps_its_clips_and_what_they_drove(corpus, out):
    inside = [corpus.real(f"casme2:sub0{i}", "EP01", protocols=("megc2019",)) for i in (1, 2, 3)]
    outside = corpus.real("casme2:sub03", "EP02")
    kept, dropped = corpus.synthetic(inside[0], outside), corpus.synthetic(outside, inside[0])
    summary = export_norm_uv_os(corpus.manifest(), out, protocol="megc2019")
    assert {row.clip_id: row.reason for row in summary.skipped} == {
        outside.clip_id: "it is not in the protocol 'megc2019'",
        dropped.clip_id: "its driver is not in the protocol 'megc2019'",
    }
    assert (out / POOL / f"syn_{kept.clip_id.removeprefix('syn-')} .png").is_file()
    with pytest.raises(UsageError, match="no protocol 'megc': choose one of megc2019"):
        export_norm_uv_os(corpus.manifest(), out.with_name("other"), protocol="megc")


def test_tvl1_is_recorded(corpus, out):
    for i in (1, 2):
        corpus.real(f"casme2:sub0{i}", "EP01")
    calls = []
    export_norm_uv_os(corpus.manifest(), out, flow="tvl1", progress=lambda *done: calls.append(done))
    assert calls == [(1, 2), (2, 2)]
    assert json.loads((out / "export.json").read_text())["flow"] == "tvl1"
    assert pd.read_csv(out / "clips.csv")["flow"].tolist() == ["tvl1", "tvl1"]
    np.testing.assert_allclose(np.median(np.load(out / "flow.npy")[0, :2], axis=(1, 2)), [2, -1], atol=0.15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "megc4"}, "no label set 'megc4': choose one of emotion, megc3, casme2-5"),
        ({"flow": "raft"}, "no flow method 'raft': choose one of dis, tvl1"),
    ],
)
def test_unknown_options_name_the_known_ones(small, out, options, message):
    with pytest.raises(UsageError, match=message):
        export_norm_uv_os(small.manifest(), out, **options)
    assert not out.exists()


def test_unknown_formats_name_the_known_ones(small, out):
    with pytest.raises(UsageError, match=f"no export format 'npy': choose one of {', '.join(FORMATS)}"):
        export(small.manifest(), "npy", out)
    assert export(small.manifest(), "norm-uv-os", out, labels="emotion").real == 4


def test_an_option_of_another_format_is_one_sentence(small, out):
    known = "--labels, --protocol, --folds, --flow, --variant"
    with pytest.raises(UsageError, match=f"norm-uv-os has no --shape: it takes {known}"):
        export(small.manifest(), "norm-uv-os", out, shape="casme2")
    with pytest.raises(UsageError, match="--variant is 'causalnet': for norm-uv-os choose one of htnet, ststnet"):
        export(small.manifest(), "norm-uv-os", out, variant="causalnet")
    for folds, message in (
        ("k", "give loso, none, or a number"),
        (4, "cannot be made of 3 persons: choose 2 to 3"),
        ("none", "made of folds"),
    ):
        with pytest.raises(UsageError, match=message):
            export(small.manifest(), "norm-uv-os", out, folds=folds)
    assert not out.exists()


def test_the_folds_alone_show_no_face(small, out):
    export(small.manifest(), "norm-uv-os", out.with_name("all"), variant="htnet")
    export(small.manifest(), "norm-uv-os", out, variant="ststnet")
    files_beside = {"flow.npy", "clips.parquet", "clips.csv", "export.json", "README.md"}
    assert names(out) == {FOLDS} | files_beside
    assert files(out / FOLDS) == files(out.with_name("all") / FOLDS)
    assert FACES not in (out / "README.md").read_text()


def test_groups_of_persons_are_held_out_together(small, out):
    summary = export(small.manifest(), "norm-uv-os", out, folds=2)
    record = json.loads((out / "export.json").read_text())["folds"]
    assert summary.folds == 2
    assert [fold["persons"] for fold in record.values()] == [["casme2:sub02"], ["casme2:sub01", "casme2:sub03"]]
    assert files(out / FOLDS / "fold2" / "u_train") == ["0/sub02_EP03_01 .png", "1/sub02_EP02_04 .png"]
    assert len(files(out / FOLDS / "fold2" / "u_test")) == 2
    assert f"0/syn_{5:016x} .png" in files(out / FOLDS / "fold1" / "u_train")


def test_no_clip_in_the_label_set(corpus, out):
    for i in (1, 2):
        corpus.real(f"casme2:sub0{i}", "EP01", label=None, emotion="others")
    message = (
        "no real clip is left for the label set 'megc3'; emotions in the manifest: others. The commonest reason: "
        "the label set 'megc3' has no class for the emotion 'others' of casme2 \\(2 clips\\)."
    )
    with pytest.raises(UsageError, match=message):
        export_norm_uv_os(corpus.manifest(), out)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []


def test_one_person_makes_no_fold(corpus, out):
    corpus.real("casme2:sub01", "EP01")
    with pytest.raises(UsageError, match="all of casme2:sub01: to hold out one person and train on others takes two"):
        export_norm_uv_os(corpus.manifest(), out)


def test_a_corpus_without_landmarks_is_sent_back_to_ingest(small, out):
    for clip in tuple(small.clips):
        small.change(clip, landmarks=None)
    with pytest.raises(UsageError, match=r"no clip of casme2 has landmarks.*`me-augment ingest`"):
        export_norm_uv_os(small.manifest(), out)


def test_a_corpus_that_moved_is_said_once(small, out):
    small.root.rename(small.root.with_name("elsewhere"))
    with pytest.raises(UsageError, match="is not there: mount it, or say where it lies now with --root"):
        export_norm_uv_os(small.manifest(), out)


def test_a_folder_that_holds_something_is_left_alone(small, out):
    out.mkdir(parents=True)
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists and is not an empty folder: name another --out, or empty it"):
        export_norm_uv_os(small.manifest(), out)
    assert files(out.parent) == ["tree/thesis.txt"]
    (out / "thesis.txt").unlink()
    export_norm_uv_os(small.manifest(), out)
    assert (out / "export.json").is_file()


def test_what_cannot_be_written_is_one_sentence(small, out):
    out.parent.write_text("a file where a folder should be")
    with pytest.raises(MeAugmentError, match=r"cannot write .*tree: "):
        export_norm_uv_os(small.manifest(), out)


def test_a_full_disk_leaves_nothing_behind(small, out, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(NpyRows, "append", full)
    with pytest.raises(MeAugmentError, match=r"cannot write .*tree: No space left on device"):
        export_norm_uv_os(small.manifest(), out)
    assert list(out.parent.iterdir()) == []
