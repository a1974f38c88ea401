"""What is seen of a clip, and the views of its motion."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from me_augment.errors import MeAugmentError
from me_augment.manifest import Issue
from me_augment.manifest.showing import Hidden
from me_augment.report.look import (
    AMPLIFICATION,
    Look,
    amplified_difference,
    differences,
    flow_colours,
    flow_scale,
    flows,
    look_at,
    look_at_file,
)
from me_augment.video import write_lossless


@pytest.fixture(scope="module")
def hidden(tiny_manifest):
    return Hidden(tiny_manifest.clips)


def shifted(pixels):
    """Two frames of smooth texture, the second moved to the right."""
    noise = cv2.GaussianBlur(np.random.default_rng(3).uniform(0, 255, (90, 90)).astype(np.float32), (0, 0), 2)
    texture = np.clip((noise - noise.mean()) * 6 + 128, 0, 255)
    moved = cv2.warpAffine(texture, np.float32([[1, 0, pixels], [0, 1, 0]]), (90, 90), flags=cv2.INTER_CUBIC)
    frames = np.repeat(np.stack([texture, moved])[..., None], 3, axis=-1)
    return Look(np.clip(np.rint(frames), 0, 255).astype(np.uint8), (0, 1), 0, 1, 1, None)


def test_a_clip_is_seen_from_onset_to_offset(tiny_manifest, hidden):
    clip = tiny_manifest.clips[0]
    look = look_at(tiny_manifest, clip, hidden, side=96)
    assert look.frames.shape == (clip.n_frames, 96, 96, 3)
    assert look.frames.dtype == np.uint8
    assert look.positions == tuple(range(clip.n_frames))
    assert (look.onset, look.apex, look.offset) == (0, clip.apex_index - clip.onset_index, clip.n_frames - 1)
    assert look.fps == 200


def test_of_a_long_clip_some_frames_are_seen_and_the_apex_among_them(tiny_manifest, hidden):
    clip = tiny_manifest.clips[0]
    look = look_at(tiny_manifest, clip, hidden, side=64, most=2)
    assert look.positions == (0, clip.apex_index - clip.onset_index, clip.n_frames - 1)
    without = look_at(tiny_manifest, replace(clip, apex_index=None), hidden, side=64, most=2)
    assert without.positions == (0, (clip.n_frames - 1) // 2, clip.n_frames - 1)


def test_the_face_is_cropped_and_a_frame_without_landmarks_is_shown_whole(tiny_manifest, hidden):
    clip = tiny_manifest.clips[0]
    cropped = look_at(tiny_manifest, clip, hidden, side=96)
    whole = look_at(tiny_manifest, replace(clip, landmarks=None), hidden, side=96)
    assert whole.frames.shape == cropped.frames.shape
    assert np.abs(whole.frames[0].astype(int) - cropped.frames[0]).mean() > 5


@pytest.mark.parametrize("change", [{"onset_index": None}, {"offset_index": None}, {"recording_id": None}])
def test_a_clip_without_a_span_is_refused_by_name(tiny_manifest, hidden, change):
    clip = replace(tiny_manifest.clips[0], **change)
    with pytest.raises(MeAugmentError, match=f"{clip.name}: its onset and offset are not known"):
        look_at(tiny_manifest, clip, hidden)


def test_who_must_never_be_shown_is_not(tiny_manifest):
    first, *others = tiny_manifest.clips
    flagged = replace(first, issues=(Issue(code="never-show", detail="x"),))
    with pytest.raises(MeAugmentError, match="must never be shown"):
        look_at(tiny_manifest, flagged, Hidden([flagged, *others]))


def test_differences_are_amplified_about_mid_grey():
    first, second = np.array([[100, 100, 0]], np.uint8), np.array([[103, 100, 255]], np.uint8)
    assert amplified_difference(first, second).tolist() == [[128 + 3 * AMPLIFICATION, 128, 255]]
    deep = amplified_difference(first.astype(np.uint16) * 257, second.astype(np.uint16) * 257)
    assert deep.tolist() == [[128 + 3 * AMPLIFICATION, 128, 255]]
    assert (differences(shifted(0)) == 128).all()


def test_flow_is_what_moved_since_the_onset():
    found = flows(shifted(1.5))
    assert not found[0].any()
    np.testing.assert_allclose(np.median(found[1, 20:70, 20:70], axis=(0, 1)), (1.5, 0), atol=0.1)
    assert flow_scale(found) == pytest.approx(1.5, abs=0.3)
    assert flow_scale(np.zeros((4, 4, 2))) == 0.5


def test_colour_says_where_to_and_white_stands_still():
    field = np.array([[0, 0], [2, 0], [-2, 0], [0, 2], [1, 0]], np.float32)
    still, right, left, down, half = flow_colours(field, 2).astype(int)
    assert still.tolist() == [255, 255, 255]
    assert right.tolist() == [255, 0, 0]
    assert left.tolist() == [0, 255, 255]
    assert (down[1], down[2]) == (255, 0)
    assert half[0] == 255
    assert 120 < half[1] < 136


@pytest.mark.parametrize("shape", [(30, 40, 3), (40, 30), (300, 400, 3)])
def test_a_file_is_seen_whole_between_white_bands(tmp_path, shape):
    frames = np.broadcast_to(np.array([10, 60, 110], np.uint8).reshape(3, *[1] * len(shape)), (3, *shape))
    write_lossless(tmp_path / "a.mkv", frames, Fraction(50))
    look = look_at_file(tmp_path / "a.mkv", side=64)
    assert (look.frames.shape, look.positions, look.apex, look.fps) == ((3, 64, 64, 3), (0, 1, 2), 1, 50)
    upright = look.frames if shape[0] < shape[1] else look.frames.transpose(0, 2, 1, 3)
    assert (upright[:, :8] == 255).all()
    assert (upright[:, -8:] == 255).all()
    assert [set(np.unique(frame[8:-8])) for frame in upright] == [{10}, {60}, {110}]


def test_of_a_long_file_some_frames_are_seen(tmp_path):
    write_lossless(tmp_path / "a.mkv", np.zeros((50, 8, 8), np.uint8), Fraction(50))
    assert look_at_file(tmp_path / "a.mkv", side=16, most=3).positions == (0, 24, 49)
