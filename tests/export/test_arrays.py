"""The arrays of motion: rows that belong together, folds that hold, and a model trained on them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rows import synthetic

from me_augment.errors import UsageError
from me_augment.export import export
from me_augment.export.npy import NpyRows
from me_augment.manifest.au import parse_aus

GOLDEN = Path(__file__).parents[1] / "data" / "export" / "flow_of_one_clip.npy"


def load(out):
    """As meb and notebooks do: arrays mapped, not read; the table by pandas."""
    flow, raw = (np.load(out / name, mmap_mode="r") for name in ("flow.npy", "flow_raw.npy"))
    return flow, raw, pd.read_csv(out / "meta.csv", keep_default_na=False, dtype={"subject": str})


def folds_of(meta):
    for fold in sorted(set(meta["test_fold"]) - {""}):
        yield (
            fold,
            meta["allowed_folds"].str.split(";").map(lambda folds, fold=fold: fold in folds).to_numpy(),
            (meta["test_fold"] == fold).to_numpy(),
        )


def ridge(features, labels, alpha=1.0):
    """Weights of a linear classifier in closed form, through the kernel."""
    wanted = np.eye(3)[labels]
    return features.T @ np.linalg.solve(features @ features.T + alpha * np.eye(len(features)), wanted)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "arrays"


def test_rows_belong_together(small, out):
    small.change(small.clips[0], au_verbatim="4+L10", aus=parse_aus("4+L10+44").units)
    summary = export(small.manifest(), "arrays", out, size=16)
    flow, raw, meta = load(out)
    assert {path.name for path in out.iterdir()} == {
        *("flow.npy", "flow_raw.npy", "meta.csv", "clips.parquet", "clips.csv", "export.json", "README.md")
    }
    assert (flow.shape, flow.dtype, raw.shape, raw.dtype) == ((7, 3, 16, 16), np.float32, (7, 3, 16, 16), np.float32)
    assert (summary.real, summary.synthetic) == (4, 3)
    np.testing.assert_array_equal(flow.min((2, 3)), 0)
    np.testing.assert_array_equal(flow.max((2, 3)), 1)
    motion = {"EP01_01f": (2, -1), "EP02_04": (-1.5, 0.5), f"{5:016x}": (1, 1), f"{6:016x}": (3, 0)}
    for material, expected in motion.items():
        row = raw[(meta["material"] == material).to_numpy()][0]
        np.testing.assert_allclose(np.median(row[:2, 3:-3, 3:-3], axis=(1, 2)), expected, atol=0.15)
    assert meta["subject"].tolist() == sorted(meta["subject"])
    assert meta["clip_id"].tolist() == pd.read_parquet(out / "clips.parquet")["clip_id"].tolist()
    first = meta.iloc[0]
    assert first[["dataset", "subject", "material", "emotion", "label"]].tolist() == [
        *("casme2", "sub01", "EP01_01f", "negative", 0)
    ]
    assert first[["onset", "apex", "offset", "n_frames", "apexf"]].tolist() == [50, 51, 52, 3, 1]
    assert first[["AU1", "AU4", "AU10", "AU44"]].tolist() == [0, 1, 1, 1]


def test_a_model_is_trained_on_every_fold(small, out):
    export(small.manifest(), "arrays", out, size=8)
    flow, _, meta = load(out)
    features, labels = flow.reshape(len(flow), -1).astype(np.float64) - 0.5, meta["label"].to_numpy()
    tested = []
    for fold, train, test in folds_of(meta):
        assert not (train & test).any()
        assert not meta["is_synthetic"][test].any()
        person = meta["person_id"][test].unique().item()
        assert not meta["forbidden_subjects"][train].str.split(";").map(lambda names, p=person: p in names).any()
        weights = ridge(features[train], labels[train])
        assert (np.argmax(features[train] @ weights, axis=1) == labels[train]).all()
        tested += [(fold, clip) for clip in meta["clip_id"][test]]
    assert [fold for fold, _ in tested] == ["sub01", "sub02", "sub02", "sub03"]
    assert meta["is_synthetic"].tolist() == [False] * 4 + [True] * 3
    assert meta["allowed_folds"].tolist()[-3:] == ["sub03", "sub02", "sub01"]


def test_a_generator_trained_on_the_whole_corpus_trains_no_fold(small, out):
    one, two = small.clips[:2]
    small.synthetic(
        one,
        two,
        generator_training_subjects=("casme2:*",),
        forbidden_subjects=("casme2:*", one.person_id, two.person_id),
    )
    export(small.manifest(), "arrays", out, size=8)
    row = load(out)[2].iloc[-1]
    assert row["allowed_folds"] == ""
    assert row["forbidden_subjects"] == "casme2:*;casme2:sub01;casme2:sub02;casme2:sub03"


def test_without_folds_one_person_is_enough(corpus, out):
    corpus.real("casme2:sub01", "EP01")
    summary = export(corpus.manifest(), "arrays", out, folds="none", size=8)
    assert summary.lines() == ["1 real + 0 synthetic clips (negative 1 + 0, positive 0 + 0, surprise 0 + 0)."]
    meta = load(out)[2]
    assert meta[["test_fold", "allowed_folds"]].iloc[0].tolist() == ["", ""]


def test_text_is_no_formula(corpus, out):
    corpus.real("casme2:sub01", "EP01", label=None, emotion="=1+1")
    export(corpus.manifest(), "arrays", out, folds="none", labels="verbatim", size=8)
    assert load(out)[2].loc[0, "emotion"] == "'=1+1"
    assert pd.read_parquet(out / "clips.parquet").loc[0, "label"] == "=1+1"


@pytest.mark.parametrize("size", [1, 129])
def test_a_size_that_cannot_be(small, out, size):
    with pytest.raises(UsageError, match=f"--size is {size}: the flow is measured on 128 pixels, give 2 to 128"):
        export(small.manifest(), "arrays", out, size=size)


def test_one_clip_as_it_was(small, out):
    """Written once by this export; another OpenCV may differ in the third digit."""
    export(small.manifest(), "arrays", out, size=8)
    np.testing.assert_allclose(load(out)[1][0], np.load(GOLDEN), atol=0.02)


def test_rows_written_one_by_one_are_what_numpy_writes(tmp_path):
    rows = np.random.default_rng(0).standard_normal((11, 3, 4, 4)).astype(np.float32)
    file = NpyRows(tmp_path / "rows.npy", (3, 4, 4))
    for row in rows:
        file.append(row)
    with pytest.raises(ValueError, match="a row of shape"):
        file.append(rows[0, 0])
    file.close()
    np.save(tmp_path / "whole.npy", rows)
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_an_unreadable_clip_leaves_no_row(small, out):
    damaged = small.real("casme2:sub03", "EP09")
    (small.root / "casme2/sub03/EP09/img51.png").write_bytes(b"no picture")
    summary = export(small.manifest(), "arrays", out, size=8)
    flow, raw, meta = load(out)
    assert len(flow) == len(raw) == len(meta) == 7
    assert [row.clip_id for row in summary.skipped] == [damaged.clip_id]


def test_what_was_made_of_what_was_made_keeps_all_parents(small, out):
    one, _, _, three = small.clips[:4]
    made = small.clips[4]
    row = synthetic(
        made,
        three,
        clip_id="syn-grandchild",
        recording_id=made.recording_id,
        onset_index=0,
        apex_index=1,
        offset_index=2,
        landmarks=made.landmarks,
        parents=(one.clip_id, small.clips[1].clip_id, made.clip_id, three.clip_id),
        forbidden_subjects=("casme2:sub01", "casme2:sub02", "casme2:sub03"),
    )
    small.clips.append(row)
    export(small.manifest(), "arrays", out, size=8)
    meta = load(out)[2].set_index("clip_id")
    assert meta.loc["syn-grandchild", "allowed_folds"] == ""
    assert meta.loc["syn-grandchild", "parents"].count(";") == 3
