"""Edits of a motion: what is asked for, in every part of it, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import picture
from hypothesis import given
from hypothesis import strategies as st

from me_augment.demo.faces import Performance
from me_augment.errors import UsageError
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.face.geometry import apply_affine, interocular, mirror_landmarks
from me_augment.generation import Rendition, create_generator
from me_augment.generation.edits import edited
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import grid

COURSE = np.array([0, 0.4, 1.0, 0.3], np.float32)
STEP, ORIGIN = 2.0, np.array([30.0, 40.0])


def bump(landmarks, index, move, spread=0.2):
    """A field (110, 100, 2) that moves what lies about a landmark."""
    x, y = grid(110, 100)
    centre = (landmarks[index] - ORIGIN) / STEP
    width = spread * interocular(landmarks) / STEP
    return np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * width**2))[..., None] * np.float32(move)


@pytest.fixture(scope="module")
def motion(people):
    """The subject's left lip corner and right brow move, by known amounts."""
    landmarks = people[0].landmarks.astype(np.float32)
    field = bump(landmarks, 54, (2.0, -2.5)) + bump(landmarks, 19, (0.3, -1.5))
    residual = COURSE[:, None, None, None] * field.astype(np.float32)
    head = np.stack([[[1, -0.01 * t, t], [0.01 * t, 1, -t]] for t in range(4)]).astype(np.float64)
    eyes = np.float32(0.5) * residual[:, ::-1]
    return DriverMotion(landmarks, ORIGIN, STEP, residual, head, np.ascontiguousarray(eyes), residual[..., 1] * 0.01)


@pytest.fixture(scope="module")
def target(people):
    return picture(Performance(people[3], {}).frame(0)), people[3].landmarks.astype(np.float32)


def arrays(motion):
    return {name: getattr(motion, name) for name in ("residual", "eyes", "light", "head", "landmarks")}


def regions(motion, target, person, t, **options):
    frames = list(create_generator("warp").animate(motion, *target, Rendition(**options)))
    return np.nanmean(tracked_displacement(frames[0], frames[t], region_samples(person.landmarks)), axis=1)


def test_nothing_asked_is_nothing_done(motion):
    assert edited(motion, Rendition()) is motion
    assert edited(motion, Rendition(strength=2.0, eyes=0.5, shading=1.0, keep_head_motion=True)) is motion


WISHES = ({"mirror": True}, {"asymmetry": 0.4}, {"times": (0.0, 0.5, 1.0, 2.0, 2.25, 3.0)})


@pytest.mark.parametrize("wish", WISHES)
def test_kinds_are_kept_and_what_was_not_measured_stays_so(motion, wish):
    for name, array in arrays(edited(motion, Rendition(**wish))).items():
        assert array.dtype == arrays(motion)[name].dtype
        assert array.shape[1:] == arrays(motion)[name].shape[1:]
    bare = edited(replace(motion, eyes=None, light=None), Rendition(**wish))
    assert bare.eyes is None
    assert bare.light is None
    np.testing.assert_array_equal(bare.residual, edited(motion, Rendition(**wish)).residual)


@pytest.mark.parametrize("wish", WISHES)
def test_the_first_frame_is_still_the_target(motion, target, wish):
    first = next(iter(create_generator("warp").animate(motion, *target, Rendition(**wish))))
    np.testing.assert_array_equal(first, target[0])


def test_a_motion_mirrored_twice_is_the_motion(motion):
    once = edited(motion, Rendition(mirror=True))
    twice = edited(once, Rendition(mirror=True))
    for name, array in arrays(motion).items():
        np.testing.assert_allclose(arrays(twice)[name], array, atol=1e-4)
    assert np.abs(once.residual - motion.residual).max() > 1


def test_in_the_mirror_everything_is_where_it_should_be(motion):
    """The field, the landmarks and the head all see one and the same mirror."""
    once = edited(motion, Rendition(mirror=True))
    width = 2 * ORIGIN[0] + 99 * STEP + 1
    np.testing.assert_allclose(once.landmarks, mirror_landmarks(motion.landmarks, width), atol=1e-4)
    # What moved at landmark 54 moves at 48, its mirror image.
    column, row = np.rint((once.landmarks[48] - ORIGIN) / STEP).astype(int)
    np.testing.assert_allclose(once.residual[2, row, column], (-2.0, -2.5), atol=0.2)
    points = np.array([[50.0, 60.0], [120.0, 200.0]])
    flip = np.array([[-1.0, 0, width - 1], [0, 1, 0]])
    for before, after in zip(motion.head, once.head, strict=True):
        expected = apply_affine(flip, apply_affine(before, apply_affine(flip, points)))
        np.testing.assert_allclose(apply_affine(after, points), expected, atol=1e-9)


def test_mirrored_motion_appears_on_the_other_side_of_a_face(motion, target, people):
    """Lip corners are points 7 (image left) and 8 of the prior."""
    plain = np.linalg.norm(regions(motion, target, people[3], 2), axis=-1)
    turned = np.linalg.norm(regions(motion, target, people[3], 2, mirror=True), axis=-1)
    assert plain[8] > 1.5 > 0.3 > plain[7]
    assert turned[7] > 1.5 > 0.3 > turned[8]
    assert plain[0] > 0.8 > 0.3 > turned[0]  # the brow


def test_whole_times_show_exactly_those_frames(motion):
    picked = edited(motion, Rendition(times=(0, 2, 2, 3, 1)))
    for name in ("residual", "eyes", "light", "head"):
        np.testing.assert_array_equal(arrays(picked)[name], arrays(motion)[name][[0, 2, 2, 3, 1]])


def test_between_frames_lies_what_is_between(motion):
    """Also for the head, which then is halfway and still a similarity."""
    mixed = edited(motion, Rendition(times=(0, 1.25)))
    for name in ("residual", "eyes", "light", "head"):
        before, after = arrays(motion)[name][1:3]
        np.testing.assert_allclose(arrays(mixed)[name][1], 0.75 * before + 0.25 * after, atol=1e-5)
    (a, c), (b, d) = mixed.head[1, :, :2].T
    assert (a, b) == pytest.approx((d, -c))


@given(st.lists(st.floats(0, 3), min_size=1, max_size=6))
def test_between_frames_nothing_overshoots(times):
    rng = np.random.default_rng(len(times))
    field = rng.normal(size=(4, 3, 5, 2)).astype(np.float32)
    head = np.tile(np.eye(2, 3), (4, 1, 1))
    motion = DriverMotion(np.zeros((68, 2), np.float32), np.zeros(2), 1.0, field, head)
    found = edited(motion, Rendition(times=(0.0, *times))).residual
    for t, frame in zip(times, found[1:], strict=True):
        low, high = field[int(np.floor(t))], field[int(np.ceil(t))]
        bound = np.maximum(np.linalg.norm(low, axis=-1), np.linalg.norm(high, axis=-1))
        assert (np.linalg.norm(frame, axis=-1) <= bound + 1e-5).all()


def test_a_time_after_the_last_frame_is_refused(motion):
    with pytest.raises(UsageError, match=r"frame 3\.5; the driver's last is 3"):
        edited(motion, Rendition(times=(0, 3.5)))


def at(field, point):
    """Value of a field at the apex, where a point of the frame lies."""
    return field[2][tuple(np.rint((point - ORIGIN) / STEP).astype(int)[::-1])]


@pytest.mark.parametrize("asymmetry", [0.5, -0.3])
def test_each_side_moves_by_its_own_factor_without_a_tear(people, motion, asymmetry):
    ones = replace(motion, residual=np.ones_like(motion.residual), light=np.ones_like(motion.light))
    uneven = edited(ones, Rendition(asymmetry=asymmetry))
    marks = motion.landmarks
    for field in (uneven.residual[..., 0], uneven.residual[..., 1], uneven.light):
        assert at(field, marks[54]) == pytest.approx(1 + asymmetry, abs=1e-3)  # the subject's left
        assert at(field, marks[48]) == pytest.approx(1 - asymmetry, abs=1e-3)
        assert at(field, marks[45]) == pytest.approx(1 + asymmetry)
        assert at(field, marks[30]) == pytest.approx(1, abs=0.1)
        steps = np.abs(np.diff(field[2], axis=1))
        # The steepest slope of the passage, per pixel of the field, and no jump anywhere.
        assert steps.max() < 1.05 * abs(asymmetry) * 1.5 * STEP / (0.3 * interocular(marks))
    np.testing.assert_array_equal(uneven.eyes, motion.eyes)
    np.testing.assert_array_equal(uneven.head, motion.head)


def test_the_midline_follows_a_tilted_head(motion):
    from me_augment.generation.edits import _side

    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = motion.landmarks[30]
    tilted = ((motion.landmarks - centre) @ turn.T + centre).astype(np.float32)
    side = _side(replace(motion, landmarks=tilted))
    for left, right in ((54, 48), (24, 19), (45, 36)):
        for index, sign in ((left, 1), (right, -1)):
            column, row = np.rint((tilted[index] - ORIGIN) / STEP).astype(int)
            assert side[row, column] * sign > 0.9


def test_the_strength_asked_for_is_the_strength_measured(motion, target, people):
    """Issue 3: slope 1 +- 0.05 over 0.5 to 2.0."""
    person = people[3]
    plain = regions(motion, target, person, 2)
    asked = np.array([0.5, 0.75, 1.5, 2.0])
    found = [agreement(regions(motion, target, person, 2, strength=s), plain).gain for s in asked]
    slope, offset = np.polyfit([*asked, 1.0], [*found, 1.0], 1)
    assert slope == pytest.approx(1, abs=0.05)
    assert offset == pytest.approx(0, abs=0.05)


def test_asymmetry_is_seen_on_the_face(people, target):
    """Both lip corners move alike; with asymmetry the image-right one moves more."""
    landmarks = people[0].landmarks.astype(np.float32)
    field = bump(landmarks, 54, (1.5, -2.0)) + bump(landmarks, 48, (-1.5, -2.0))
    residual = COURSE[:, None, None, None] * field.astype(np.float32)
    motion = DriverMotion(landmarks, ORIGIN, STEP, residual, np.tile(np.eye(2, 3), (4, 1, 1)))
    plain = np.linalg.norm(regions(motion, target, people[3], 2), axis=-1)
    uneven = np.linalg.norm(regions(motion, target, people[3], 2, asymmetry=0.4), axis=-1)
    assert uneven[8] / plain[8] == pytest.approx(1.4, abs=0.08)
    assert uneven[7] / plain[7] == pytest.approx(0.6, abs=0.08)
