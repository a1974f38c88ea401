"""Blinks and shifts of gaze of the demo's people, against what they are said to be."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import FRAME_SHAPE, Performance
from me_augment.generation.eyelids import EYEBALL, LID
from me_augment.generation.resample import RefinedImage

UNITS = {1: 0.5, 12: 0.6}


@pytest.fixture(scope="module", params=[0, 3], ids=["as photographed", "mirrored and dark"])
def person(request, people):
    return people[request.param]


@pytest.fixture(scope="module")
def parts(person):
    y, x = np.mgrid[: FRAME_SHAPE[0], : FRAME_SHAPE[1]]
    return person.eye_part(np.stack([x, y], -1))


def gray(frame):
    return frame.mean(-1)


def test_eyes_lie_where_the_landmarks_say(person, parts):
    for eye in (slice(36, 42), slice(42, 48)):
        low, high = person.landmarks[eye].min(0), person.landmarks[eye].max(0)
        box = parts[int(low[1]) - 3 : int(high[1]) + 4, int(low[0]) - 6 : int(high[0]) + 7]
        assert (box == EYEBALL).mean() > 0.3
    ys, xs = np.nonzero(parts == EYEBALL)
    assert abs(np.mean(xs) - person.landmarks[36:48, 0].mean()) < 3
    assert abs(np.mean(ys) - person.landmarks[36:48, 1].mean()) < 3


def test_unused_they_change_no_pixel(person):
    performance = Performance(person, UNITS)
    np.testing.assert_array_equal(performance.frame(0.7), performance.frame(0.7, None, 0.0, (0.0, 0.0)))


def test_the_smallest_blink_hardly_shows(person):
    """The layers laid over the portrait at rest are the portrait."""
    performance = Performance(person, UNITS)
    change = np.abs(performance.frame(0.5, blink=1e-6, gaze=(1e-6, 0)) - performance.frame(0.5))
    assert change.max() < 20
    assert (change.max(-1) > 4).mean() < 0.001


def test_a_blink_covers_the_iris(person, parts):
    """What is dark at the eyes' middle when open has the skin's brightness when closed, and not the iris' colours."""
    performance = Performance(person, {})
    open_, closed = gray(performance.frame(0)), gray(performance.frame(0, blink=1.0))
    skin = np.median(open_[parts == LID])
    for eye in person.eyes.openings:
        disc = eye.disc(*np.moveaxis(person.rest, -1, 0).astype(float), 0.8) > 0.9
        assert disc.sum() > 40
        assert np.median(open_[disc]) < 0.6 * skin
        # Above the lashes, which have come down with the lid's edge.
        upper_half = disc & (person.rest[..., 1] < eye.iris[1] + 0.2 * eye.iris[2])
        assert np.median(closed[upper_half]) > 0.65 * skin


def test_a_closed_lid_hides_what_colour_the_eye_has(person):
    portrait = person.portrait.pixels.copy()
    y, x = np.mgrid[: portrait.shape[0], : portrait.shape[1]].astype(float)
    for eye in person.openings:
        upper, lower = eye.edges(x)
        portrait[(y > upper + 2) & (y < lower - 2)] = (0, 255, 0)
    martian = replace(person, portrait=RefinedImage.of(portrait))
    strange = np.abs(Performance(martian, {}).frame(0) - Performance(person, {}).frame(0)).max(-1)
    hidden = np.abs(Performance(martian, {}).frame(0, blink=1.0) - Performance(person, {}).frame(0, blink=1.0))
    assert (strange > 60).sum() > 300
    # The lashes' own edge was painted over here and there, and comes down with the lid.
    assert (hidden.max(-1) > 60).sum() < 0.1 * (strange > 60).sum()
    assert hidden.max(-1)[strange > 100].mean() < 12


def test_a_blink_stays_between_brow_and_lower_lid(person, parts):
    performance = Performance(person, UNITS)
    moved = np.abs(performance.frame(0, blink=0.8) - performance.frame(0)).max(-1) > 12
    assert moved.sum() > 300
    assert (parts[moved] != 0).mean() > 0.97


def test_lid_motion_is_what_the_frames_show(person):
    """Forward and backward maps of the lid are inverse to each other, and the edge goes all the way."""
    for eye in person.eyes.openings:
        x = np.linspace(eye.x[0], eye.x[-1], 40)
        upper, lower = eye.edges(x)
        for height in (0.0, 2.0, 5.0, 9.0, 20.0):
            rest = np.stack([x, upper - height], 1)
            arrived = rest + np.stack([np.zeros(40), eye.lid_motion(rest, 0.7)], 1)
            np.testing.assert_allclose(eye.lid_source(arrived, 0.7), rest[:, 1], atol=1e-3)
        edge = np.stack([x, upper], 1)
        np.testing.assert_allclose(upper + eye.lid_motion(edge, 1.0), lower, atol=1e-9)


def test_gaze_moves_the_iris_and_nothing_else(person, parts):
    """The darkest part of the opening moves by what was asked for; lids and skin keep every pixel."""
    performance = Performance(person, {})
    straight, right = performance.frame(0), performance.frame(0, gaze=(0.045, 0))
    moved = np.abs(right - straight).max(-1) > 0
    near = np.zeros_like(moved)
    for eye in person.eyes.openings:
        near |= eye.near(person.rest)
    assert not moved[~near].any()
    assert (parts[np.abs(right - straight).max(-1) > 12] == EYEBALL).mean() > 0.9
    local = np.linalg.inv(person.to_base.jacobian(person.landmarks[36:48].mean(0)))[0, 0]
    for eye in person.eyes.openings:
        y, x = np.nonzero((parts == EYEBALL) & near & eye.near(person.rest))
        dark = [np.clip(0.55 * np.median(gray(f)[y, x]) - gray(f)[y, x], 0, None) for f in (straight, right)]
        shift = (x * dark[1]).sum() / dark[1].sum() - (x * dark[0]).sum() / dark[0].sum()
        assert shift == pytest.approx(0.045 * 82 * local, rel=0.3)


def test_the_truth_of_the_expression_knows_no_blink(person):
    points = person.landmarks[[37, 41, 48]]
    assert np.abs(person.true_displacement(points, {12: 0.5})[0]).max() < 0.05


def test_closed_eyes_are_no_black_hole(person):
    """Lid skin is unfolded skin: nothing in a closed eye is darker than the lashes at rest."""
    performance = Performance(person, {})
    open_, closed = picture(performance.frame(0)), picture(performance.frame(0, blink=1.0))
    for eye in person.eyes.openings:
        near = eye.near(person.rest)
        assert closed[near].min() >= int(open_[near].min()) - 10
