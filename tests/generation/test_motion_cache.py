"""Measured motion on disk: the same bits, bounded, shared, and never in the way."""

import dataclasses

import numpy as np
import pytest
from evaluation_scene import drawn_clip

from me_augment.generation import motion_cache
from me_augment.generation.motion import measure_motion
from me_augment.generation.motion_cache import MotionCache


@pytest.fixture(scope="module")
def driver(people):
    return drawn_clip(people[0], {12: 0.8})[:3], people[0].landmarks.astype(np.float32)


@pytest.fixture
def counted(monkeypatch):
    calls = []
    monkeypatch.setattr(motion_cache, "measure_motion", lambda *a: calls.append(1) or measure_motion(*a))
    return calls


def same(first, second):
    for field in dataclasses.fields(first):
        a, b = getattr(first, field.name), getattr(second, field.name)
        if a is None or b is None or isinstance(a, float):
            assert a == b
        else:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


def test_what_is_read_back_is_what_was_measured(driver, tmp_path, counted):
    cache = MotionCache(tmp_path / "cache", 1 << 30)
    first, second = cache(*driver), cache(*driver)
    assert len(counted) == 1
    same(first, second)
    same(first, measure_motion(*driver))


def test_other_frames_landmarks_or_software_are_measured(driver, tmp_path, counted, monkeypatch):
    frames, landmarks = driver
    cache = MotionCache(tmp_path, 1 << 30)
    cache(frames, landmarks)
    changed = [frame.copy() for frame in frames]
    changed[1][100, 100, 0] ^= 1
    cache(changed, landmarks)
    cache(frames, landmarks + np.float32(0.25))
    monkeypatch.setattr(motion_cache, "source_digest", lambda: "another")
    cache(frames, landmarks)
    assert len(counted) == 4


@pytest.mark.parametrize("damage", [lambda content: content[:-200], lambda content: b"junk", lambda _: b""])
def test_damage_costs_time_only(driver, tmp_path, counted, damage):
    cache = MotionCache(tmp_path, 1 << 30)
    cache(*driver)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    same(cache(*driver), measure_motion(*driver))
    assert len(counted) == 2
    cache(*driver)
    assert len(counted) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(driver, tmp_path):
    (tmp_path / "file").write_text("in the way")
    same(MotionCache(tmp_path / "file" / "cache", 1 << 30)(*driver), measure_motion(*driver))


def test_it_stays_within_its_limit(driver, tmp_path, counted):
    frames, landmarks = driver
    MotionCache(tmp_path, 1 << 30)(frames, landmarks)
    size = next(tmp_path.iterdir()).stat().st_size
    cache = MotionCache(tmp_path, 2 * size + size // 2)
    moved = [landmarks + np.float32(step) for step in (0.0, 0.25, 0.5)]
    cache(frames, moved[1])
    cache(frames, moved[0])  # used last
    cache(frames, moved[2])
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= cache.limit
    before = len(counted)
    cache(frames, moved[0])
    assert len(counted) == before
    cache(frames, moved[1])
    assert len(counted) == before + 1
