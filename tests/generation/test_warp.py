"""The transfer: right place, right strength, nothing else touched."""

import cv2
import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.generation import Rendition, create_generator
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import grid, look_up
from me_augment.generation.warp import face_mask, inverted

UNITS = {6: 0.5, 12: 0.7}


@pytest.fixture(scope="module")
def observed(people):
    driver = people[0]
    performance = Performance(driver, UNITS)
    frames = [picture(performance.frame(a)) for a in (0, 0.5, 1, 0)]
    return create_generator("warp").observe(frames, driver.landmarks.astype(np.float32))


@pytest.fixture(scope="module")
def target(people):
    return picture(Performance(people[3], {}).frame(0)), people[3].landmarks.astype(np.float32)


def animate(observed, target, **options):
    return list(create_generator("warp").animate(observed, *target, Rendition(**options)))


def regions(frames, person, t):
    return np.nanmean(tracked_displacement(frames[0], frames[t], region_samples(person.landmarks)), axis=1)


def test_the_target_moves_as_the_driver_did(observed, target, people):
    frames = animate(observed, target)
    points = region_samples(people[3].landmarks)
    for t, amplitude in ((1, 0.5), (2, 1.0)):
        units = {unit: amplitude * strength for unit, strength in UNITS.items()}
        truth = people[3].true_displacement(points.reshape(-1, 2), units).reshape(points.shape).mean(1)
        found = agreement(regions(frames, people[3], t), truth)
        assert found.correlation > 0.97
        assert 0.85 < found.gain < 1.15


def test_the_first_frame_is_the_target_and_the_count_the_drivers(observed, target):
    frames = animate(observed, target)
    assert len(frames) == 4
    np.testing.assert_array_equal(frames[0], target[0])


@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_strength_scales_the_motion(observed, target, people, strength):
    plain, scaled = animate(observed, target), animate(observed, target, strength=strength)
    found = agreement(regions(scaled, people[3], 2), regions(plain, people[3], 2))
    assert found.gain == pytest.approx(strength, rel=0.05)


def test_strength_zero_stands_still(observed, target):
    for frame in animate(observed, target, strength=0.0):
        np.testing.assert_array_equal(frame, target[0])


def test_what_lies_outside_the_face_keeps_every_bit(observed, target):
    outside = face_mask(target[1], target[0].shape[:2]) == 0
    assert outside.mean() > 0.4
    for frame in animate(observed, target, strength=2.0):
        np.testing.assert_array_equal(frame[outside], target[0][outside])


@pytest.mark.parametrize("convert", ["gray", "16 bit", "gray 16 bit"])
def test_depth_and_colour_are_kept(observed, target, convert):
    image, landmarks = target
    if "gray" in convert:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if "16" in convert:
        image = image.astype(np.uint16) * 257
    frames = animate(observed, (image, landmarks))
    assert all(frame.dtype == image.dtype and frame.shape == image.shape for frame in frames)
    assert (frames[2] != image).any()
    np.testing.assert_array_equal(frames[0], image)


def test_the_same_is_made_twice(observed, target):
    for a, b in zip(animate(observed, target), animate(observed, target), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_peak_is_reported(observed, target):
    animation = create_generator("warp").animate(observed, *target)
    frames = list(animation)
    assert len(frames) == 4
    assert 1.0 < animation.peak_displacement_px < 8.0


def test_head_motion_is_added_on_request(people, target):
    driver = people[0]
    shift = np.array([[1.0, 0, 3], [0, 1, 1]])
    still = Performance(driver, {})
    frames = [picture(still.frame(0)), picture(still.frame(0, shift))]
    observed = create_generator("warp").observe(frames, driver.landmarks.astype(np.float32))
    without, with_head = animate(observed, target), animate(observed, target, keep_head_motion=True)
    np.testing.assert_array_equal(with_head[0], target[0])
    moved = np.nanmedian(regions(with_head, people[3], 1), axis=0)
    assert moved[0] > 2.0
    assert moved[1] > 0.5
    assert np.abs(np.nanmedian(regions(without, people[3], 1), axis=0)).max() < 0.1


@pytest.mark.parametrize("factor", [0.2, 1.0, 2.5])
def test_the_inverse_undoes_the_field(factor):
    x, y = grid(120, 120)
    bump = np.exp(-((x - 60) ** 2 + (y - 60) ** 2) / (2 * 15**2))
    forward = (factor * np.stack([4 * bump, -3 * bump], axis=-1)).astype(np.float32)
    backward = inverted(forward)
    residue = backward + look_up(forward, x + backward[..., 0], y + backward[..., 1])
    assert np.abs(residue).max() < 0.02


def test_the_mask_is_soft_and_covers_the_face(people):
    for person in people:
        mask = face_mask(person.landmarks, (340, 280))
        assert mask.max() == 1.0
        assert mask.min() == 0.0
        assert np.abs(np.diff(mask, axis=0)).max() < 0.15
        inner = person.landmarks[17:].round().astype(int)
        assert (mask[inner[:, 1], inner[:, 0]] > 0.5).all()


def test_a_face_cut_by_the_border_is_animated(observed, target, people):
    image, landmarks = target
    cut = int(landmarks[:, 1].max()) - 15
    frames = animate(observed, (np.ascontiguousarray(image[:cut]), landmarks))
    assert frames[2].shape == (cut, *image.shape[1:])


def test_a_motion_knows_its_length(observed):
    assert isinstance(observed, DriverMotion)
    assert len(observed) == 4
