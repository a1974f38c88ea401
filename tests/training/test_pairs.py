"""Pairs: what is drawn depends on seed and step alone, points follow mirrors, fields lead where they say."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from me_augment.face.geometry import mirror_landmarks
from me_augment.face.prior import prior_points
from me_augment.training.clips import TrainingClip
from me_augment.training.pairs import Pairs, mirror_points, validation_batch
from me_augment.training.presets import preset

SETTINGS = replace(preset("tiny", "mended"), batch_size=4)


def clip(name="a", frames=12, size=32, cells=8, amplitude=None):
    rng = np.random.default_rng(len(name))
    if amplitude is None:
        amplitude = np.sin(np.linspace(0, np.pi, frames))
    return TrainingClip(
        name, f"casme2:{name}", rng.integers(0, 256, (frames, size, size, 3), np.uint8),
        rng.uniform(4, 28, (frames, 18, 2)).astype(np.float32),
        rng.normal(size=(frames, cells, cells, 2)).astype(np.float32),
        rng.normal(size=(frames, cells, cells, 2)).astype(np.float32),
        rng.random((cells, cells), np.float32), np.asarray(amplitude, np.float32),
    )  # fmt: skip


def test_the_same_step_gives_the_same_pairs_whatever_came_before():
    first, second = (
        Pairs([clip("a"), clip("bb"), clip("ccc")], SETTINGS),
        Pairs([clip("a"), clip("bb"), clip("ccc")], SETTINGS),
    )
    for step in range(5):
        first.batch(step)
    for a, b in zip(first.batch(5)[:-1], second.batch(5)[:-1], strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.batch(5).driving, first.batch(6).driving)
    other = Pairs(first.clips, replace(SETTINGS, seed=1))
    assert not torch.equal(first.batch(5).driving, other.batch(5).driving)


def test_processes_share_the_batch_of_one():
    pairs = Pairs([clip("a"), clip("bb"), clip("ccc")], SETTINGS)
    whole = pairs.batch(3)
    halves = [pairs.batch(3, rank, 2) for rank in (0, 1)]
    for name in ("source", "driving", "source_points", "displacement"):
        assert torch.equal(getattr(whole, name), torch.cat([getattr(half, name) for half in halves]))


def test_every_clip_has_its_turn_once():
    pairs = Pairs([clip("a" * (n + 1)) for n in range(6)], SETTINGS)
    turns = [pairs.pair(step, index).clip for step in range(6) for index in range(4)]
    per_turn = np.array(turns).reshape(2, 12)
    assert all(sorted(turn) == sorted([*range(6)] * 2) for turn in per_turn)


def test_lively_frames_are_driven_more_often_and_some_do_not_move():
    amplitude = np.array([0, 0.1, 1.0, 0.1, 0])
    pairs = Pairs([clip(frames=5, amplitude=amplitude)], replace(SETTINGS, time_flip=False))
    drawn = [pairs.pair(step, 0) for step in range(400)]
    assert all(pair.source == 0 for pair in drawn)
    counts = np.bincount([pair.driving for pair in drawn], minlength=5) / len(drawn)
    assert counts[2] > 3 * counts[[1, 3, 4]].max()
    assert counts[0] == pytest.approx(SETTINGS.still, abs=0.05)


def test_two_pairs_are_neighbours_in_time():
    pairs = Pairs([clip("a"), clip("bb")], SETTINGS)
    for step in range(30):
        first, second = pairs.pair(step, 0), pairs.pair(step, 1)
        assert (first.clip, first.mirror, first.hue) == (second.clip, second.mirror, second.hue)
        one, other = (max(pair.source, pair.driving) for pair in (first, second))
        assert abs(one - other) == 1


def test_reference_pairs_are_sorted_and_of_the_onset_points():
    settings = replace(preset("tiny", "reference"), batch_size=3, time_flip=False)
    pairs = Pairs([clip("a")], settings)
    drawn = [pairs.pair(step, 0) for step in range(200)]
    assert all(pair.source <= pair.driving for pair in drawn)
    assert any(pair.source == pair.driving for pair in drawn)
    assert {pair.source for pair in drawn} > set(range(9))
    assert pairs.batch(0).displacement is None
    assert pairs.batch(0).distortion.weights.shape == (3, 25, 1)


def test_mirrored_points_are_the_points_of_the_mirrored_landmarks(people):
    landmarks = people[0].landmarks
    width = 300
    wanted = prior_points(mirror_landmarks(landmarks, width))
    np.testing.assert_allclose(mirror_points(prior_points(landmarks), width), wanted, atol=1e-4)


def test_a_mirrored_pair_is_the_mirrored_batch():
    pairs = Pairs([clip()], replace(SETTINGS, hue=0.0))
    plain = next(pair for pair in (pairs.pair(step, 0) for step in range(50)) if not pair.mirror)
    as_filmed, flipped = pairs.collated([plain]), pairs.collated([replace(plain, mirror=True)])
    assert torch.equal(flipped.driving, as_filmed.driving.flip(-1))
    assert torch.equal(flipped.face, as_filmed.face.flip(-1))
    assert torch.equal(flipped.displacement, as_filmed.displacement.flip(2) * torch.tensor([-1.0, 1.0]))
    assert not torch.equal(flipped.driving_points, as_filmed.driving_points)
    reference = Pairs([clip()], preset("tiny", "reference"))
    kept = reference.collated([replace(plain, mirror=True)])
    assert torch.equal(kept.driving_points, as_filmed.driving_points)  # as the reference forgets them


def test_time_flips_take_the_field_of_the_other_way():
    subject = clip()
    pairs = Pairs([subject], replace(SETTINGS, hue=0.0))
    pair = replace(pairs.pair(0, 0), mirror=False)
    there = pairs.collated([replace(pair, source=0, driving=5)])
    back = pairs.collated([replace(pair, source=5, driving=0)])
    np.testing.assert_array_equal(there.displacement[0], subject.backward[5])
    np.testing.assert_array_equal(back.displacement[0], subject.forward[5])
    assert torch.equal(back.source, there.driving)


def test_hue_turns_colours_and_leaves_gray():
    subject = clip()
    gray = replace(subject, frames=np.repeat(subject.frames[..., :1], 3, -1))
    for each, same in ((subject, False), (gray, True)):
        pairs = Pairs([each], SETTINGS)
        pair = replace(pairs.pair(0, 0), mirror=False)
        plain, turned = (pairs.collated([replace(pair, hue=hue)]).driving for hue in (0.0, 0.1))
        assert torch.allclose(plain, turned, atol=1e-6) == same
    red = cv2.cvtColor(np.float32([[[1, 0, 0]]]), cv2.COLOR_RGB2HSV)
    assert red[0, 0, 0] == 0  # hue is counted in degrees


def test_validation_shows_the_liveliest_frame():
    lively = clip(amplitude=np.r_[np.linspace(0, 2, 7), np.linspace(2, 0, 5)])
    batch = validation_batch([lively], SETTINGS)
    assert len(batch.driving) == 2
    wanted = torch.from_numpy(lively.frames[6]).movedim(-1, 0) / 255
    assert any(torch.allclose(frame, wanted) for frame in batch.driving)
    assert validation_batch([lively], preset("tiny", "reference")).displacement is not None
