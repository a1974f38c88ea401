"""The torch Dataset: shapes, labels, and nobody held out in training."""

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from rows import clip, manifest, recording, synthetic
from torch.utils.data import DataLoader

from me_augment import MicroExpressionDataset
from me_augment.errors import UsageError
from me_augment.manifest import Clip
from me_augment.video import write_lossless

POINTS = tuple(float(v) for v in np.random.default_rng(0).uniform(20, 44, 136))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three people with a clip each, gray among colour, and a synthetic clip of every ordered pair."""
    root = tmp_path_factory.mktemp("corpus")
    people = ["casme2:sub91", "casme2:sub92", "casme2:sub93"]
    emotions = [("surprise", "surprise"), ("happiness", "positive"), ("others", None)]
    recordings, clips = [], []
    for index, (person, (emotion, label)) in enumerate(zip(people, emotions, strict=True)):
        shape = (10, 64, 64) if index == 1 else (10, 64, 64, 3)
        frames = np.zeros(shape, np.uint8)
        frames += (np.arange(10, dtype=np.uint8) * 20 + index).reshape(10, *[1] * (len(shape) - 1))
        write_lossless(root / f"{index}.mkv", frames, Fraction(200))
        recordings.append(
            recording(recording_id=f"rec-{index}", path=f"{index}.mkv", storage="video", frame_pattern=None)
        )
        clips.append(
            clip(
                clip_id=f"clip-{index}",
                recording_id=f"rec-{index}",
                person_id=person,
                emotion=emotion,
                label_megc3=label,
                landmarks=POINTS,
                onset_index=2,
                apex_index=5,
                offset_index=8,
            )
        )
    made = [
        synthetic(a, b, recording_id=b.recording_id, landmarks=b.landmarks) for a in clips for b in clips if a is not b
    ]
    return replace(manifest(recordings=tuple(recordings), clips=(*clips, *made)), roots={"": Path(), "casme2": root})


def test_an_item(corpus):
    data = MicroExpressionDataset(corpus)
    assert data.classes == ("negative", "positive", "surprise")
    sample = data[[c.clip_id for c in data.clips].index("clip-0")]
    assert sample.video.shape == (7, 3, 64, 64)
    assert sample.video.dtype == torch.float32
    assert sample.video[0, 0, 0, 0] == pytest.approx(40 / 255)
    assert sample.video.max() <= 1
    assert sample.label == 2
    assert isinstance(sample.row, Clip)
    assert sample.row.clip_id == "clip-0"


def test_gray_becomes_three_equal_channels(corpus):
    data = MicroExpressionDataset(corpus)
    video = data[[c.clip_id for c in data.clips].index("clip-1")].video
    assert video.shape[1] == 3
    assert torch.equal(video[:, 0], video[:, 2])


@pytest.mark.parametrize("fold", ["sub91", "casme2:sub92", "sub93"])
def test_a_fold_trains_on_nothing_of_the_person_held_out(corpus, fold):
    person = fold if ":" in fold else f"casme2:{fold}"
    train = MicroExpressionDataset(corpus, fold=fold, labels="verbatim")
    test = MicroExpressionDataset(corpus, fold=fold, split="test", labels="verbatim")
    assert len(train) == 4  # two real clips, and the two synthetic ones between those two people
    for row in train.clips:
        assert person not in (row.person_id, row.driver_person_id, row.target_person_id)
    assert [(row.person_id, row.is_synthetic) for row in test.clips] == [(person, False)]


def test_the_comparison_without_synthetic_clips(corpus):
    data = MicroExpressionDataset(corpus, labels="verbatim", synthetic=False)
    assert not any(row.is_synthetic for row in data.clips)
    assert len(data) == 3


@pytest.mark.parametrize(
    ("frames", "expected"), [("onset-apex", [2, 5]), (3, [2, 5, 8]), (1, [2]), ("all", list(range(2, 9)))]
)
def test_frames(corpus, frames, expected):
    data = MicroExpressionDataset(corpus, frames=frames)
    video = data[[c.clip_id for c in data.clips].index("clip-0")].video
    np.testing.assert_allclose(video[:, 0, 0, 0] * 255, [20 * n for n in expected], atol=1e-3)


def test_interpolated_frames(corpus):
    from me_augment.transforms.sampling import tim

    whole, some = MicroExpressionDataset(corpus), MicroExpressionDataset(corpus, frames="tim:4")
    np.testing.assert_allclose(some[0].video, tim(whole[0].video.numpy(), 4).clip(0, 1), atol=1e-6)
    with pytest.raises(UsageError, match="'tim:16'"):
        MicroExpressionDataset(corpus, frames="tim:x")


def test_the_transform_is_applied_to_the_video(corpus):
    from kornia.augmentation import RandomHorizontalFlip, VideoSequential

    flip = VideoSequential(RandomHorizontalFlip(p=1.0), data_format="BTCHW", same_on_frame=True)
    plain = MicroExpressionDataset(corpus)
    flipped = MicroExpressionDataset(corpus, transform=lambda video: flip(video[None])[0])
    torch.testing.assert_close(flipped[0].video, plain[0].video.flip(-1))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_from_a_data_loader(corpus, workers):
    data = MicroExpressionDataset(corpus, frames=4, size=32, labels="verbatim")
    loader = DataLoader(data, batch_size=4, num_workers=workers, multiprocessing_context="fork" if workers else None)
    batches = list(loader)
    assert sum(len(labels) for _, labels, _ in batches) == len(data)
    videos, labels, rows = batches[0]
    assert videos.shape == (4, 4, 3, 32, 32)
    assert labels.dtype == torch.int64
    assert [row.clip_id for row in rows] == [row.clip_id for row in data.clips[:4]]


def test_workers_may_be_spawned(corpus, tmp_path):
    corpus.write(tmp_path / "m")
    script = tmp_path / "train.py"
    script.write_text(
        "import json, sys\n"
        "from torch.utils.data import DataLoader\n"
        "from me_augment import MicroExpressionDataset\n"
        "if __name__ == '__main__':\n"
        "    data = MicroExpressionDataset(sys.argv[1], frames=2, size=16, labels='verbatim')\n"
        "    loader = DataLoader(data, batch_size=3, num_workers=1, multiprocessing_context='spawn')\n"
        "    print(json.dumps([row.clip_id for _, _, rows in loader for row in rows]))\n"
    )
    done = subprocess.run([sys.executable, script, tmp_path / "m"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == sorted(row.clip_id for row in corpus.clips)


def test_clips_that_cannot_be_cropped_are_left_out_loudly(corpus):
    rows = tuple(replace(c, landmarks=None) if c.clip_id == "clip-0" else c for c in corpus.clips)
    with pytest.warns(UserWarning, match="1 clips have no landmarks"):
        data = MicroExpressionDataset(replace(corpus, clips=rows), size=16)
    assert "clip-0" not in {row.clip_id for row in data.clips}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "val"}, "'train' or 'test'"),
        ({"split": "test"}, "needs fold="),
        ({"frames": 0}, "at least 1"),
        ({"frames": "some"}, "'onset-apex'"),
        ({"fold": "sub01"}, "no subject 'sub01'"),
        ({"labels": "mood"}, "no label set"),
        ({"fold": "sub93", "split": "test"}, "no clip is left"),
    ],
)
def test_wrong_arguments_are_named(corpus, arguments, message):
    with pytest.raises(UsageError, match=message):
        MicroExpressionDataset(corpus, **arguments)


@pytest.mark.parametrize("recorded", [True, False])
def test_kept_crops_are_the_crops_and_nothing_is_decoded_again(corpus, tmp_path, monkeypatch, recorded):
    rows = tuple(replace(c, content_sha256=f"{i:064}" if recorded else None) for i, c in enumerate(corpus.clips))
    some = replace(corpus, clips=rows)
    plain = MicroExpressionDataset(some, frames=3, size=16)
    for kept in (MicroExpressionDataset(some, frames=3, size=16, keep=tmp_path / "k") for _ in range(2)):
        for a, b in zip(plain, kept, strict=True):
            assert torch.equal(a.video, b.video)
        monkeypatch.setattr("me_augment.dataset.open_recording", None)  # the second pass opens nothing
        plain = [kept[i] for i in range(len(kept))]
    other = MicroExpressionDataset(some, frames=3, size=24, keep=tmp_path / "k")
    with pytest.raises(TypeError):  # another size is another crop
        other[0]


def test_keeping_needs_a_size(corpus, tmp_path):
    with pytest.raises(UsageError, match="give size="):
        MicroExpressionDataset(corpus, keep=tmp_path)


def test_a_rejected_clip_is_not_trained_on(corpus):
    made = next(c for c in corpus.clips if c.is_synthetic and c.label_megc3)
    rejected = replace(made, status="rejected", reason="quality: gain 0.5 is below 0.65")
    without = replace(corpus, clips=tuple(rejected if c is made else c for c in corpus.clips))
    before, after = ({c.clip_id for c in MicroExpressionDataset(m).clips} for m in (corpus, without))
    assert before - after == {made.clip_id}
    assert after < before
