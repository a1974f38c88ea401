"""The motion of a head, in the picture plane and out of it, is found and taken out."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.regions import agreement, region_samples
from me_augment.face.geometry import apply_affine
from me_augment.generation.head import STILL, Head, HeadTracker
from me_augment.generation.motion import measure_motion, residual_at

SHAPE = (250, 220)
COURSE = np.sin(np.pi * np.arange(11) / 10) ** 2


@pytest.fixture
def tracker(people):
    landmarks = people[0].landmarks - people[0].landmarks.min(0) + 25
    return HeadTracker(landmarks, np.ones(SHAPE, np.float32))


def moved(turn=(0.0, 0.0), angle=0.01, scale=1.01, shift=(3.0, -2.0)):
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Head(np.column_stack([linear, shift]), np.array(turn))


@pytest.mark.parametrize("turn", [(0.0, 0.0), (0.05, 0.0), (-0.03, 0.04)])
def test_a_head_is_found_in_its_own_flow(tracker, turn):
    head = moved(turn)
    found = tracker.fit(tracker.places(head, np.zeros_like(tracker.here)) - tracker.here)
    np.testing.assert_allclose(found.turn, head.turn, atol=1e-3)
    corners = np.array([[30, 30], [190, 30], [110, 220]])
    np.testing.assert_allclose(
        apply_affine(found.similarity, corners), apply_affine(head.similarity, corners), atol=0.05
    )


def test_an_expression_does_not_move_the_head(tracker):
    head, (x, y) = moved((0.04, 0.0)), np.moveaxis(tracker.here, -1, 0)
    smile = sum(np.exp(-((x - at) ** 2 + (y - 150) ** 2) / (2 * 15**2)) for at in (70, 150))
    residual = (-2 * smile[..., None] * np.array([0.0, 1.0])).astype(np.float32)
    places = tracker.places(head, residual)
    found = tracker.fit(places - tracker.here)
    left = tracker.residual(found, places)
    assert np.abs(left - residual)[tracker.face > 0].max() < 0.1


def test_places_and_residual_undo_each_other(tracker):
    rng = np.random.default_rng(0)
    residual = np.tile(rng.normal(0, 1, 2), (*SHAPE, 1)).astype(np.float32)
    for head in (STILL, moved((0.06, -0.04))):
        back = tracker.residual(head, tracker.places(head, residual))
        assert np.abs(back - residual)[tracker.face > 0].max() < 0.02


@pytest.mark.parametrize(("turn", "limit"), [((0.052, 0.0), 0.4), ((0.0, 0.035), 0.4)])
def test_a_turning_head_leaves_little_behind(people, turn, limit):
    """3 degrees of yaw shift the nose by more than two pixels; a similarity alone leaves most of that behind."""
    person, units = people[0], {6: 0.5, 12: 0.6}
    performance, rng = Performance(person, units), np.random.default_rng(0)
    frames = [
        picture(performance.frame(a, turn=tuple(t * np.array(turn))) + rng.normal(0, 1, (340, 280, 3)))
        for a, t in zip(COURSE, np.linspace(0, 1, len(COURSE)), strict=True)
    ]
    motion = measure_motion(frames, person.landmarks.astype(np.float32))
    points = region_samples(person.landmarks)
    flat = points.reshape(-1, 2)
    found = [residual_at(motion, t, flat).reshape(points.shape).mean(1) for t in range(1, len(COURSE))]
    true = [
        person.true_displacement(flat, {u: s * a for u, s in units.items()}).reshape(points.shape).mean(1)
        for a in COURSE[1:]
    ]
    assert agreement(found, true).nrmse < limit
    # The last frame's expression is over: all that is left is the head.
    assert np.sqrt((found[-1] ** 2).sum(-1).mean()) < 0.3


def test_a_relief_is_learned_from_a_face_that_turns_and_not_from_one_that_smiles(tracker):
    x, y = np.moveaxis(tracker.here, -1, 0)
    flows = []
    for share in np.linspace(0, 1, 8):
        smile = share * np.exp(-((x - 110) ** 2 + (y - 150) ** 2) / (2 * 40**2))
        flows.append(np.stack([np.zeros_like(smile), -2 * smile], axis=-1).astype(np.float32))
    before = tracker.fit(flows[-1])
    tracker.learn_relief(flows)
    np.testing.assert_allclose(tracker.fit(flows[-1]).turn, before.turn, atol=5e-3)
    # A head without a nose and with nearer ears than the mean one's, turning.
    bare = 100 * np.exp(-(((x - 110) / 78) ** 2) / 2 - ((y - 110) / 102) ** 2 / 2)
    turning = [np.stack([0.06 * s * bare, 0 * bare], axis=-1).astype(np.float32) for s in np.linspace(0, 1, 8)]
    rough = turning[-1] - (tracker.places(tracker.fit(turning[-1]), np.zeros_like(turning[0])) - tracker.here)
    tracker.learn_relief(turning)
    fine = turning[-1] - (tracker.places(tracker.fit(turning[-1]), np.zeros_like(turning[0])) - tracker.here)
    on_face = tracker.face > 0
    assert np.sqrt((fine[on_face] ** 2).mean()) < 0.8 * np.sqrt((rough[on_face] ** 2).mean())


@pytest.mark.parametrize("turn", [0.03, 0.1])
def test_a_strong_turn_is_undone_where_skin_moves_unevenly(tracker, turn):
    x, y = np.moveaxis(tracker.here, -1, 0)
    residual = np.stack([3 * np.sin(x / 25), 2 * np.cos(y / 20)], axis=-1).astype(np.float32)
    head = moved((turn, 0.0))
    assert np.abs(tracker.residual(head, tracker.places(head, residual)) - residual).max() < 0.03


def test_what_is_left_of_the_head_is_found_under_a_broad_faint_expression(tracker):
    """A quarter of a pixel over half the face: the first fit's tolerance takes some of it for the head's."""
    y = tracker.here[..., 1]
    lift = -0.25 / (1 + np.exp(-(y - 120) / 6))
    expression = np.stack([np.zeros_like(lift), lift], axis=-1).astype(np.float32)
    leaked = Head(np.array([[1.0, 0, 0.02], [0, 1, 0.1]]), np.zeros(2))
    rest = tracker.remaining(tracker.places(leaked, expression) - tracker.here)
    top = tracker.residual(rest, tracker.places(leaked, expression))[60:90, 80:140]
    assert np.abs(top).max() < 0.05
