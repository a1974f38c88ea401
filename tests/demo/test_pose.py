"""Heads turned out of the picture plane, against differences and against what the frames show."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Look, Performance, make_subject
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement

UNITS = {4: 0.8, 12: 0.7}


@pytest.fixture(scope="module")
def turned():
    return make_subject("turned", Look(yaw=0.26, pitch=-0.12, turn=0.1, mirrored=True), seed=3)


def test_projection_and_its_inverse(turned):
    points = np.random.default_rng(1).uniform(20, 300, (200, 2))
    np.testing.assert_allclose(turned.head.unproject(turned.head.project(points)), points, atol=1e-6)


@pytest.mark.parametrize("which", ["head", "to_base"])
def test_jacobians_are_derivatives(turned, which):
    function = turned.head.project if which == "head" else turned.to_base
    jacobian = turned.head.jacobian if which == "head" else turned.to_base.jacobian
    points, step = turned.landmarks[::7], 1e-4
    numeric = np.stack([(function(points + d) - function(points - d)) / (2 * step) for d in step * np.eye(2)], -1)
    np.testing.assert_allclose(jacobian(points), numeric, atol=1e-5)


def test_a_head_that_is_not_turned_is_not_changed(people):
    points = people[2].landmarks
    np.testing.assert_allclose(people[2].head.project(points), points, atol=1e-9)
    performance = Performance(people[2], UNITS)
    np.testing.assert_array_equal(performance.frame(0.6), performance.frame(0.6, turn=(0.0, 0.0)))


def test_what_is_nearer_moves_further(people):
    """Turned to the right, the tip of the nose moves further right than the eyes, and they further than the jaw."""
    head, landmarks = people[0].head, people[0].landmarks
    moved = (head.further(0.1, 0.0).project(landmarks) - landmarks)[:, 0]
    assert moved[30] > moved[36:48].mean() + 1 > moved[[0, 16]].mean() + 2


def test_landmarks_are_where_the_detector_sees_them(turned, detector):
    found = detector.detect(picture(Performance(turned, {}).frame(0)))
    assert np.sqrt(((found - turned.landmarks) ** 2).sum(1).mean()) < 3.5


def test_true_motion_of_a_turned_face_is_what_its_frames_show(turned):
    performance = Performance(turned, UNITS)
    points = region_samples(turned.landmarks)
    found = tracked_displacement(picture(performance.frame(0)), picture(performance.frame(1)), points)
    true = turned.true_displacement(points.reshape(-1, 2), UNITS).reshape(points.shape)
    assert np.abs(true).max() > 1.5
    assert agreement(found, true).correlation > 0.98
    assert agreement(found, true).gain == pytest.approx(1, abs=0.05)


def test_a_turn_during_the_clip_is_what_its_frames_show(people):
    person, turn = people[4], (0.03, -0.02)
    performance = Performance(person, {})
    points = region_samples(person.landmarks)
    found = tracked_displacement(picture(performance.frame(0)), picture(performance.frame(0, turn=turn)), points)
    flat = points.reshape(-1, 2).astype(float)
    true = (person.head.further(*turn).project(flat) - flat).reshape(points.shape)
    assert np.ptp(true[..., 0]) > 0.5  # there is parallax
    for axis in (0, 1):
        followed = agreement(found[..., axis], true[..., axis])
        assert followed.gain == pytest.approx(1, abs=0.04)
        assert followed.nrmse < 0.1
