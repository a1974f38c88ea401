"""The tree of flow pictures: its layout, its pixels, and that nobody trains the fold that holds them out."""

import csv
import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rows import synthetic

from me_augment import staging as staging_module
from me_augment.export import export
from me_augment.export.norm_uv_os import FACES, FOLDS, POOL, TABLE
from me_augment.flow.field import stretched


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


def test_layout(small, out):
    summary = export(small.manifest(), "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
    name = "sub01_EP01_01f .png"
    golden = cv2.imread(str(Path(__file__).parents[1] / "data" / "export" / "norm_uv_os_of_one_clip.png"))
    assert np.abs(cv2.imread(str(out / POOL / name)).astype(int) - golden).max() <= 6


def test_faces_are_the_aligned_apex_in_colour(small, out):
    export(small.manifest(), "norm-uv-os", out)
    apex = cv2.imread(str(small.root / "casme2/sub01/EP01_01f/img51.png"))
    expected = cv2.resize(apex[16:-16, 16:-16], (224, 224))
    face = cv2.imread(str(out / FACES / "sub01_EP01_01f.jpg"))
    assert np.abs(face.astype(int) - expected).mean() < 4
    gray = Image.open(out / FACES / "sub03_EP01_01f.jpg")
    assert (gray.mode, gray.size) == ("RGB", (224, 224))


def test_every_picture_is_one_file_in_all_folds(small, out, monkeypatch):
    export(small.manifest(), "norm-uv-os", out)
    assert (out / POOL / "sub01_EP01_01f .png").stat().st_nlink == 4  # the pool and three folds

    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(staging_module.Path, "hardlink_to", refuse)
    copied = out.with_name("copied")
    export(small.manifest(), "norm-uv-os", copied)
    assert (copied / POOL / "sub01_EP01_01f .png").stat().st_nlink == 1
    assert files(copied) == files(out)


def test_the_table_leads_htnet_from_picture_to_face(small, out):
    export(small.manifest(), "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
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
    export(manifest, "norm-uv-os", out)
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
    export(small.manifest(), "norm-uv-os", out)
    export(small.manifest(clips=tuple(reversed(small.clips))), "norm-uv-os", again)
    assert files(out) == files(again)
    for name in files(out):
        if name != "export.json":  # the fingerprint of the rows depends on their order
            assert (out / name).read_bytes() == (again / name).read_bytes(), name
    third = out.with_name("third")
    export(small.manifest(), "norm-uv-os", third)
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
        export(five_persons.manifest(clips=(*real, *rows)), "norm-uv-os", out)
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


def test_tvl1_is_recorded(corpus, out):
    for i in (1, 2):
        corpus.real(f"casme2:sub0{i}", "EP01")
    calls = []
    export(corpus.manifest(), "norm-uv-os", out, flow="tvl1", progress=lambda *done: calls.append(done))
    assert calls == [(1, 2), (2, 2)]
    assert json.loads((out / "export.json").read_text())["flow"] == "tvl1"
    assert pd.read_csv(out / "clips.csv")["flow"].tolist() == ["tvl1", "tvl1"]
    np.testing.assert_allclose(np.median(np.load(out / "flow.npy")[0, :2], axis=(1, 2)), [2, -1], atol=0.15)


def test_the_folds_alone_show_no_face(small, out):
    export(small.manifest(), "norm-uv-os", out.with_name("all"), variant="htnet")
    export(small.manifest(), "norm-uv-os", out, variant="ststnet")
    files_beside = {"flow.npy", "clips.parquet", "clips.csv", "export.json", "README.md"}
    assert names(out) == {FOLDS} | files_beside
    assert files(out / FOLDS) == files(out.with_name("all") / FOLDS)
    assert FACES not in (out / "README.md").read_text()


def causalnet_pictures(root):
    """Class and pictures (4, 28, 28, 3) BGR of every clip of a fold's part, found as CausalNet's loader finds them."""
    table = pd.read_csv(root / TABLE)
    listed = {f"{row.sub}_{row.filename_o}" for row in table.itertuples()}
    endings = (" .png", "_1 .png", "_2 .png", "_3 .png")
    pool = {path.name: cv2.imread(str(path)) for path in (root / POOL).iterdir()}
    assert set(pool) == {f"{name}{ending}" for name in listed for ending in endings}  # it trips over any other
    return {
        path.relative_to(root / FOLDS): np.stack([pool[path.name.split(" ")[0] + ending] for ending in endings])
        for path in (root / FOLDS).rglob("*.png")
    }


def test_causalnet_finds_four_pictures_of_each_clip(small, out):
    export(small.manifest(), "norm-uv-os", out, variant="causalnet")
    found = causalnet_pictures(out)
    export(small.manifest(), "norm-uv-os", out.with_name("htnet"))
    assert sorted(map(str, found)) == files(out.with_name("htnet") / FOLDS)
    assert not (out / FACES).exists()
    onset_apex, apex_offset = (np.load(out / name) for name in ("flow.npy", "flow-apex-offset.npy"))
    table = pd.read_csv(out / "clips.csv").set_index("name")
    for path, (there, back, towards, away) in found.items():
        row = table.index.get_loc(path.name)
        np.testing.assert_array_equal(there[..., ::-1], stretched(onset_apex[row]))
        np.testing.assert_array_equal(back[..., ::-1], stretched(apex_offset[row]))
        for motion, shown in ((there, towards), (back, away)):
            angle = np.arctan2(motion[..., 1].astype(float), motion[..., 2])
            expected = np.rint(255 * (angle - angle.min()) / np.ptp(angle))
            for channel in range(3):
                np.testing.assert_array_equal(shown[..., channel], expected)


def test_a_small_network_trains_on_the_four_pictures(small, out):
    export(small.manifest(), "norm-uv-os", out, variant="causalnet")
    part = {path: four for path, four in causalnet_pictures(out).items() if path.parts[:2] == ("sub02", "u_train")}
    pictures = torch.from_numpy(np.stack(list(part.values()))).float().flatten(1) / 255
    labels = torch.tensor([int(path.parts[2]) for path in part])
    torch.manual_seed(0)
    network = torch.nn.Linear(pictures.shape[1], 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        loss = torch.nn.functional.cross_entropy(network(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[2] < losses[0]


def test_no_clip_is_called_like_another_ones_directions(corpus, out):
    corpus.real("casme2:sub01", "EP01")
    corpus.real("casme2:sub01", "EP01_2", "positive")
    corpus.real("casme2:sub02", "EP01")
    export(corpus.manifest(), "norm-uv-os", out, variant="causalnet")
    assert len(files(out / POOL)) == 12
    causalnet_pictures(out)
    assert "sub01_EP01_2 .png" not in pd.read_csv(out / "clips.csv")["name"].tolist()


def test_a_clip_that_ends_at_its_apex_has_no_second_half(small, out):
    clip = small.clips[0]
    small.clips[0] = replace(clip, offset=clip.apex, offset_index=clip.apex_index)
    summary = export(small.manifest(), "norm-uv-os", out, variant="causalnet")
    assert [one.reason for one in summary.skipped] == [
        "its offset does not lie after its apex, so there is no motion between them"
    ]


def test_groups_of_persons_are_held_out_together(small, out):
    summary = export(small.manifest(), "norm-uv-os", out, folds=2)
    record = json.loads((out / "export.json").read_text())["folds"]
    assert summary.folds == 2
    assert [fold["persons"] for fold in record.values()] == [["casme2:sub02"], ["casme2:sub01", "casme2:sub03"]]
    assert files(out / FOLDS / "fold2" / "u_train") == ["0/sub02_EP03_01 .png", "1/sub02_EP02_04 .png"]
    assert len(files(out / FOLDS / "fold2" / "u_test")) == 2
    assert f"0/syn_{5:016x} .png" in files(out / FOLDS / "fold1" / "u_train")
