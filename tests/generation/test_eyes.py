"""Blinks and shifts of gaze are taken out of what is measured; what an expression does to the lids is not."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.regions import agreement, region_samples
from me_augment.generation.eyes import _spans
from me_augment.generation.motion import measure_motion, residual_at

FRAMES = 13
COURSE = np.sin(np.pi * np.arange(FRAMES) / (FRAMES - 1)) ** 2
BLINK = np.array([0, 0, 0, 0, 0.4, 1, 1, 0.5, 0, 0, 0, 0, 0.0])
LOOK = np.array([0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1.0])


def drawn(person, units, blink=0.0, gaze=0.0):
    performance, rng = Performance(person, units), np.random.default_rng(0)
    frames = [
        performance.frame(a, blink=blink * b, gaze=(gaze * g, 0.0)) for a, b, g in zip(COURSE, BLINK, LOOK, strict=True)
    ]
    return [picture(frame + rng.normal(0, 1, frame.shape)) for frame in frames]


def followed(person, units, motion, field):
    points = region_samples(person.landmarks).reshape(-1, 2)
    true = [person.true_displacement(points, {u: s * a for u, s in units.items()}) for a in COURSE]
    found = [residual_at(motion, t, points, field) for t in range(FRAMES)]
    return agreement(np.stack(found)[1:], np.stack(true)[1:])


@pytest.mark.parametrize("event", [{"blink": 1.0}, {"gaze": 0.06}])
def test_what_the_eyes_do_is_separated_from_the_expression(people, event):
    person, units = people[2], {6: 0.5, 12: 0.6}
    motion = measure_motion(drawn(person, units, **event), person.landmarks.astype(np.float32))
    assert motion.eyes is not None
    without, whole = (followed(person, units, motion, f) for f in (motion.residual, motion.residual + motion.eyes))
    assert without.nrmse < 0.25
    assert whole.nrmse > 2 * without.nrmse
    # Only the eyes are touched, and only while they do something else.
    mouth = residual_at(motion, 6, person.landmarks[48:60], motion.eyes)
    assert np.abs(mouth).max() < 1e-6
    assert not motion.eyes[:3].any()


@pytest.mark.parametrize("units", [{5: 1.0, 1: 0.8, 2: 0.8}, {7: 1.0, 4: 1.0}, {6: 1.0, 12: 1.0}])
def test_raised_and_tightened_lids_are_no_blink(people, units):
    person = people[1]
    motion = measure_motion(drawn(person, units), person.landmarks.astype(np.float32))
    assert motion.eyes is None
    assert followed(person, units, motion, motion.residual).correlation > 0.97


def test_eyes_that_close_and_stay_closed(people):
    person, units = people[3], {1: 0.6, 2: 0.6}
    performance, rng = Performance(person, units), np.random.default_rng(0)
    closing = np.clip((np.arange(FRAMES) - 8) / 3, 0, 1)
    frames = [performance.frame(a, blink=b) for a, b in zip(COURSE, closing, strict=True)]
    motion = measure_motion(
        [picture(f + rng.normal(0, 1, f.shape)) for f in frames], person.landmarks.astype(np.float32)
    )
    assert followed(person, units, motion, motion.residual).nrmse < 0.35


@pytest.mark.parametrize(
    ("likeness", "spans"),
    [
        ([1, 1, 1, 1, 1, 1, 1], []),
        ([1, 1, 0, 0, 1, 1, 1], [(1, 5, True, True)]),
        ([1, 1, 1, 1, 1, 0, 1], [(4, 6, True, True)]),  # open again in the last frame
        ([1, 1, 1, 1, 1, 0, 0], [(4, 7, True, False)]),
        ([1, 0, 1, 0, 1, 0, 1], [(1, 6, True, True)]),
        ([1, 1, 1, 0.6, 0.6, 0.6, 0.6], [(2, 7, False, False)]),
        ([1, 0.3, 1, 1, 1, 1, 1], [(1, 3, True, True)]),
    ],
)
def test_where_eyes_look_unlike_themselves(likeness, spans):
    assert list(_spans(np.array(likeness, float))) == spans


def test_lids_keep_their_motion_after_a_blink_that_ends_before_the_last_frame(people):
    person, units, frames = people[2], {7: 1.0, 4: 0.6}, 13
    performance, rng = Performance(person, units), np.random.default_rng(0)
    course, blink = np.clip((np.arange(frames) - 6) / 4, 0, 1), np.zeros(frames)
    blink[8:12] = 0.5, 1, 1, 0.5
    drawn_frames = [
        picture(performance.frame(a, blink=b) + rng.normal(0, 1, (340, 280, 3)))
        for a, b in zip(course, blink, strict=True)
    ]
    motion = measure_motion(drawn_frames, person.landmarks.astype(np.float32))
    lids = person.landmarks[[37, 38, 40, 41, 43, 44, 46, 47]]
    error = residual_at(motion, frames - 1, lids) - person.true_displacement(lids, units)
    assert np.sqrt((error**2).sum(1).mean()) < 0.25
