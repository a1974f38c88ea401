"""What is measured of a driver against what it truly did."""

import cv2
import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.regions import agreement, region_samples
from me_augment.generation.motion import measure_motion, residual_at

UNITS = {1: 0.6, 2: 0.6}


def turned(centre, angle=0.01, scale=1.004, shift=(2.0, -1.2)):
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, centre - linear @ centre + shift])


@pytest.fixture(scope="module")
def performance(people):
    return Performance(people[1], UNITS)


def measured(motion, person):
    points = region_samples(person.landmarks)
    return residual_at(motion, 1, points.reshape(-1, 2)).reshape(points.shape).mean(1)


def true(person, units=UNITS):
    points = region_samples(person.landmarks)
    return person.true_displacement(points.reshape(-1, 2), units).reshape(points.shape).mean(1)


@pytest.mark.parametrize("moves_head", [False, True])
def test_the_expression_is_measured_and_the_head_is_not(people, performance, moves_head):
    person = people[1]
    head = turned(person.landmarks[30]) if moves_head else None
    frames = [picture(performance.frame(0)), picture(performance.frame(1, head))]
    motion = measure_motion(frames, person.landmarks.astype(np.float32))
    found = agreement(measured(motion, person), true(person))
    assert found.correlation > 0.99
    assert 0.9 < found.gain < 1.05
    if head is not None:
        np.testing.assert_allclose(motion.head[1], head, atol=0.15)


def test_a_still_face_with_a_moving_head_shows_nothing(people):
    person = people[2]
    still = Performance(person, {})
    frames = [picture(still.frame(0)), picture(still.frame(0, turned(person.landmarks[30])))]
    motion = measure_motion(frames, person.landmarks.astype(np.float32))
    assert np.abs(measured(motion, person)).max() < 0.08


def test_the_onset_itself_has_not_moved(people, performance):
    frames = [picture(performance.frame(0))] * 2
    motion = measure_motion(frames, people[1].landmarks.astype(np.float32))
    assert not motion.residual[0].any()
    assert np.abs(motion.residual[1]).max() < 1e-3


def test_a_change_of_light_is_no_motion(people, performance):
    frame = performance.frame(0)
    frames = [picture(frame), picture(frame * 1.15 + 6)]
    motion = measure_motion(frames, people[1].landmarks.astype(np.float32))
    assert np.abs(measured(motion, people[1])).max() < 0.05


@pytest.mark.parametrize("convert", ["gray", "16 bit", "half size", "double size"])
def test_depth_colour_and_size_do_not_matter(people, performance, convert):
    person = people[1]
    frames = [picture(performance.frame(a)) for a in (0, 1)]
    factor = {"half size": 0.5, "double size": 2.0}.get(convert, 1.0)
    landmarks = ((person.landmarks + 0.5) * factor - 0.5).astype(np.float32)
    change = {
        "gray": lambda f: cv2.cvtColor(f, cv2.COLOR_RGB2GRAY),
        "16 bit": lambda f: f.astype(np.uint16) * 257,
        "half size": lambda f: cv2.resize(f, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        "double size": lambda f: cv2.resize(f, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
    }[convert]
    motion = measure_motion([change(f) for f in frames], landmarks)
    points = (region_samples(person.landmarks).reshape(-1, 2) + 0.5) * factor - 0.5
    found = residual_at(motion, 1, points).reshape(18, -1, 2).mean(1) / factor
    result = agreement(found, true(person))
    assert result.correlation > 0.97
    assert 0.8 < result.gain < 1.1


def test_a_face_at_the_edge_of_the_picture_is_measured(people, performance):
    person = people[1]
    left = int(person.landmarks[:, 0].min()) - 2
    frames = [np.ascontiguousarray(picture(performance.frame(a))[:, left:]) for a in (0, 1)]
    landmarks = (person.landmarks - (left, 0)).astype(np.float32)
    motion = measure_motion(frames, landmarks)
    assert np.isfinite(motion.residual).all()


@pytest.mark.parametrize(
    "head",
    [{"angle": 0.14}, {"scale": 1.05}, {"shift": (20.0, -8.0)}, {"angle": -0.05, "scale": 0.97, "shift": (-9.0, 4.0)}],
)
def test_a_head_that_turns_or_comes_nearer_leaves_nothing_behind(people, performance, head):
    person = people[1]
    moved = turned(person.landmarks[30], **{"angle": 0.0, "scale": 1.0, "shift": (0.0, 0.0), **head})
    frames = [picture(performance.frame(0)), picture(performance.frame(1, moved))]
    motion = measure_motion(frames, person.landmarks.astype(np.float32))
    found = agreement(measured(motion, person), true(person))
    assert found.correlation > 0.99
    assert 0.93 < found.gain < 1.05
