"""Clips as training sees them: heads brought back, points and fields where the frames say."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from me_augment.face.geometry import apply_affine
from me_augment.face.prior import prior_points
from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE, Architecture, Pyramid
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.motion import DriverMotion
from me_augment.training import clips as module
from me_augment.training.clips import cut_out, prepare_clips
from me_augment.training.presets import preset
from me_augment.training.subjects import split

SMALL = Pyramid(expansion=4, most=8, blocks=2)
SHAPE = Architecture(conventions=MENDED, size=128, detector=SMALL, dense_motion=SMALL, generator=SMALL)
SHIFT = np.array([3.25, -2.5])


def filmed(picture, shift=SHIFT, residual=(0.0, 0.0)):
    """A picture, it again with its head shifted, and a motion that says so and has a residual besides."""
    height, width = picture.shape[:2]
    move = np.column_stack([np.eye(2), shift])
    later = cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    field = np.zeros((2, height // 4, width // 4, 2), np.float32)
    field[1] = residual
    return [picture, later], field, np.stack([np.eye(2, 3), move])


@pytest.fixture(scope="module")
def face(portrait, detector):
    picture = cv2.GaussianBlur(portrait, (0, 0), 2)
    return picture, detector.detect(portrait)


def prepared(face, shape, gray=False, **changes):
    picture, landmarks = face
    frames, field, head = filmed(picture, **changes)
    motion = DriverMotion(landmarks, np.zeros(2), 4.0, field, head)
    return cut_out(frames, motion, shape, gray=gray), landmarks


def test_a_head_that_moved_is_brought_back(face):
    arrays, _ = prepared(face, SHAPE)
    first, second = arrays["frames"].astype(float)
    assert np.abs(second - first).mean() < 0.5
    as_filmed, _ = prepared(face, Architecture(conventions=REFERENCE))
    first, second = as_filmed["frames"].astype(float)
    assert np.abs(second - first).mean() > 3


def test_points_and_fields_are_in_pixels_of_the_crop(face):
    arrays, landmarks = prepared(face, SHAPE, residual=(1.0, 0.5))
    matrix = face_crop(landmarks, SHAPE)
    np.testing.assert_allclose(arrays["points"][0], apply_affine(matrix, prior_points(landmarks)), atol=1e-3)
    wanted = matrix[:, :2] @ (1.0, 0.5)
    np.testing.assert_allclose(arrays["points"][1] - arrays["points"][0], np.tile(wanted, (18, 1)), atol=1e-3)
    np.testing.assert_allclose(arrays["forward"][1], np.broadcast_to(wanted, (32, 32, 2)), atol=1e-3)
    np.testing.assert_allclose(arrays["backward"][1], np.broadcast_to(-wanted, (32, 32, 2)), atol=1e-3)
    assert arrays["amplitude"] == pytest.approx([0, np.hypot(*wanted)], rel=1e-3)
    assert arrays["face"][16, 16] == 1
    assert arrays["face"][0, 0] == 0


def test_reference_points_stay_and_frames_are_gray(face):
    arrays, _ = prepared(face, Architecture(conventions=REFERENCE), gray=True, residual=(1.0, 0.5))
    assert np.array_equal(arrays["points"][0], arrays["points"][1])
    assert (arrays["frames"][..., 0] == arrays["frames"][..., 2]).all()


def test_backward_undoes_forward():
    y, x = np.mgrid[0:32, 0:32].astype(np.float32)
    forward = np.stack([2 * np.sin(x / 6), 1.5 * np.cos(y / 5)], -1)
    back = module._undone(forward, 4.0)
    there = module.look_up(forward, x + back[..., 0] / 4, y + back[..., 1] / 4)
    np.testing.assert_allclose(back[3:-3, 3:-3] + there[3:-3, 3:-3], 0, atol=0.01)


def test_clips_are_measured_once(tiny_manifest, cache, monkeypatch):
    folder, (train, _) = cache
    chosen = split(tiny_manifest)
    monkeypatch.setattr(module, "measure_motion", None)  # a call would fail
    again, bad = prepare_clips(tiny_manifest, chosen.train, preset("tiny", "mended").shape, folder, gray=False)
    assert not bad
    for one, other in zip(train, again, strict=True):
        np.testing.assert_array_equal(one.frames, other.frames)
    assert not list(folder.glob(".staging*"))
    subject = train[0]
    assert subject.frames.shape == (5, 32, 32, 3)
    assert subject.forward.shape == subject.backward.shape == (5, 8, 8, 2)
    assert subject.amplitude[0] == 0
    assert subject.amplitude.max() > 0.02


def test_one_bad_clip_is_a_reason(tiny_manifest, tmp_path):
    clip = split(tiny_manifest).train[0]
    lost = replace(clip, content_sha256="0" * 64, landmarks=tuple([5.0] * 136))
    good, bad = prepare_clips(tiny_manifest, [lost], preset("tiny", "mended").shape, tmp_path, gray=False)
    assert not good
    assert "too small" in bad[0][1]


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_clip_damaged_in_the_cache_is_prepared_again(tiny_manifest, cache, tmp_path, damage):
    folder = tmp_path / "cache"
    shutil.copytree(cache[0], folder)
    broken = sorted(folder.iterdir())[0] / "frames.npy"
    whole = broken.read_bytes()
    if damage is None:
        broken.unlink()
    else:
        broken.write_bytes(damage)
    chosen = split(tiny_manifest)
    good, bad = prepare_clips(
        tiny_manifest, (*chosen.train, *chosen.validation), preset("tiny", "mended").shape, folder, gray=False
    )
    assert len(good) == len(chosen.train) + len(chosen.validation)
    assert not bad
    assert broken.read_bytes() == whole


def test_clips_hold_no_files_open(cache):
    def opened():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    clips = [module.read_clip(folder, "clip", "person") for folder in sorted(cache[0].iterdir())]
    assert clips[0].frames[0].shape == (32, 32, 3)
    assert opened() <= before
