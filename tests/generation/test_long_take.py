"""Long takes: what lives in a still face, and expressions in filmed frames of a moving one."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.face.geometry import interocular
from me_augment.generation import Rendition
from me_augment.generation.action_units import Profile, perform, read_specification
from me_augment.generation.canonical_face import CanonicalFace
from me_augment.generation.eyelids import openings_of
from me_augment.generation.head import STILL
from me_augment.generation.idle import IdleHead, swell
from me_augment.generation.long_take import FilmedTake, Part, StillTake
from me_augment.generation.warp import make_carrier


@pytest.fixture(scope="module")
def face(people):
    person = people[0]
    return picture(Performance(person, {}).frame(0)), person.landmarks.astype(np.float32)


def smile(face, start):
    image, points = face
    motion = perform(read_specification("12D"), Profile(4, 9), face=CanonicalFace.like(points))
    return Part(start, motion, make_carrier(motion, points, image.shape[:2]), Rendition(), release=2)


def still(face, parts=(), head=STILL, blink=0.0, gaze=(0.0, 0.0)):
    return StillTake(*face, parts, head=lambda _: head, blink=lambda _: blink, gaze=lambda _: gaze, noise=0.0, seed=1)


def test_eyes_are_where_the_portraits_are(people):
    """Found from landmarks alone, against those read off by eye."""
    person = people[0]
    found = openings_of(person.portrait.pixels, person.base_landmarks)
    assert len(found) == 2
    for mine, true in zip(found, person.openings, strict=True):
        assert abs(mine.iris[0] - true.iris[0]) < 0.12 * true.width
        assert abs(mine.iris[1] - true.iris[1]) < 0.12 * true.width
        assert mine.width == pytest.approx(true.width, rel=0.25)


def test_a_blink_changes_the_eyes_alone(face):
    image, points = face
    (frame,) = still(face, blink=1.0).frames(1)
    changed = np.abs(frame.astype(int) - image).max(-1) > 8
    y, _ = np.nonzero(changed)
    unit = interocular(points)
    for eye in (points[36:42], points[42:48]):
        assert changed[tuple(np.rint(eye.mean(0)[::-1]).astype(int))]
    assert y.min() > points[36:48, 1].min() - 0.3 * unit
    assert y.max() < points[36:48, 1].max() + 0.3 * unit


def test_a_head_moves_the_landmarks(face):
    image, points = face
    idle = IdleHead.drawn(3, points, interocular(points), 3.0)
    take = still(face, head=idle.at(2.0))
    (frame,) = take.frames(1)
    moved = take.landmarks(0) - points
    assert 0.3 < np.abs(moved).max() < 20
    # The tip of the nose looks as it did, where it is said to be now.
    x, y = points[30]
    dx, dy = np.rint(moved[30]).astype(int)
    rows, columns = slice(int(y) - 12, int(y) + 12), slice(int(x) - 12, int(x) + 12)
    there = frame[rows.start + dy : rows.stop + dy, columns.start + dx : columns.stop + dx]
    here = np.abs(frame[rows, columns].astype(int) - image[rows, columns]).mean()
    assert np.abs(there.astype(int) - image[rows, columns]).mean() <= here


def test_a_head_held_still_moves_little_and_slowly(face):
    _, points = face
    idle = IdleHead.drawn(5, points, interocular(points))
    nose = [idle.at(t / 30).similarity @ np.append(points[30], 1) for t in range(900)]
    steps = np.linalg.norm(np.diff(nose, axis=0), axis=1)
    assert 0.3 < np.std(nose, axis=0).max() < 4
    assert steps.max() < 0.5


def test_filmed_frames_get_the_expression_where_the_head_is(face):
    """The head has moved by whole pixels: the expression is that on the still face, moved along."""
    image, points = face
    shift = (5, -3)
    filmed = np.roll(image, shift[::-1], (0, 1))
    part = smile(face, start=2)
    take = FilmedTake(image, points, [part], lambda positions: np.stack([filmed] * len(positions)))
    frames = list(take.frames(20))
    assert all((frames[t] == filmed).all() for t in (0, 1, 2, 18, 19))
    assert np.allclose(take.landmarks(7) - points, shift, atol=0.15)
    apex = list(still(face, [part]).frames(7))[6].astype(int)
    expected = apex - image
    found = np.roll(frames[6], (-shift[1], -shift[0]), (0, 1)).astype(int) - image
    inner = (slice(60, 330), slice(40, 240))
    assert np.corrcoef(expected[inner].ravel(), found[inner].ravel())[0, 1] > 0.97
    assert take.peak_displacement_px > 1


def test_what_is_left_at_the_offset_goes_away(face):
    part = smile(face, start=0)
    cut = Part(0, part.motion, part.carrier, Rendition(times=None), 4)
    strength = [np.abs(cut.displacement(t)).max() for t in range(9, 14)]
    assert strength == sorted(strength, reverse=True)
    assert not cut.shows(14)


def test_swell_rises_rests_and_falls():
    levels = [swell(t, 4, 2, 3) for t in range(-1, 11)]
    assert levels[:2] == [0, 0]
    assert levels[5:8] == [1, 1, 1]
    assert levels[-2:] == [0, 0]
    assert all(0 <= level <= 1 for level in levels)
