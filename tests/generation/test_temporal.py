"""The temporal model: noise goes, time courses stay, however short."""

import numpy as np
import pytest

from me_augment.generation.temporal import without_noise

SHAPE = (30, 40)
WEIGHTS = np.ones(SHAPE, np.float32)


def pattern(x, y):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 50)
    return np.stack([0.3 * bump, -bump], axis=-1).astype(np.float32)


def clip(course, at=(20, 15)):
    return np.asarray(course, np.float32)[:, None, None, None] * pattern(*at)


def noisy(field, level, seed=0):
    """Each frame's own noise, and that of the onset which all frames share."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, level, field.shape) + rng.normal(0, 0.7 * level, field.shape[1:])
    noise[0] = 0
    return (field + noise).astype(np.float32)


def error(a, b):
    return float(np.sqrt(((a - b) ** 2).mean()))


@pytest.mark.parametrize("frames", [12, 30])
def test_noise_is_removed_and_the_course_kept(frames):
    truth = clip(np.sin(np.linspace(0, np.pi, frames)) ** 2)
    measured = noisy(truth, 0.05)
    cleaned = without_noise(measured, WEIGHTS)
    assert error(cleaned, truth) < 0.5 * error(measured, truth)
    apex = frames // 2
    gain = (cleaned[apex] * truth[apex]).sum() / (truth[apex] ** 2).sum()
    assert gain == pytest.approx(1, abs=0.04)


def test_an_apex_of_a_single_frame_is_not_smoothed_away():
    course = np.zeros(20)
    course[9:12] = 0.4, 1.0, 0.4
    cleaned = without_noise(noisy(clip(course), 0.05), WEIGHTS)
    found = (cleaned * pattern(20, 15)).sum((1, 2, 3)) / (pattern(20, 15) ** 2).sum()
    np.testing.assert_allclose(found, course, atol=0.05)


def test_two_movements_keep_their_own_courses():
    early, late = np.zeros(24), np.zeros(24)
    early[2:12], late[10:22] = np.hanning(10), np.hanning(12)
    truth = clip(early, (10, 8)) + clip(late, (30, 22))
    cleaned = without_noise(noisy(truth, 0.05), WEIGHTS)
    assert error(cleaned, truth) < 0.03


def test_frame_zero_stays_still_and_weightless_places_do_not_decide():
    truth = clip(np.sin(np.linspace(0, np.pi, 16)) ** 2)
    measured = noisy(truth, 0.02)
    weights = WEIGHTS.copy()
    weights[:, 33:] = 0
    measured[1:, :, 33:] += np.random.default_rng(1).normal(0, 50, measured[1:, :, 33:].shape)
    cleaned = without_noise(measured, weights)
    assert not cleaned[0].any()
    assert error(cleaned[:, :, :30], truth[:, :, :30]) < 0.02


def test_a_short_clip_is_left_as_it_is():
    measured = noisy(clip([0, 0.5, 1, 0.5]), 0.1)
    np.testing.assert_array_equal(without_noise(measured, WEIGHTS), measured)


def test_a_still_clip_stays_finite():
    assert np.isfinite(without_noise(np.zeros((12, *SHAPE, 2), np.float32), WEIGHTS)).all()


def test_a_faint_movement_beside_a_strong_one_is_kept():
    shape = (120, 105)
    rows, columns = np.mgrid[: shape[0], : shape[1]]

    def bump(x, y, spread):
        return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))[..., None] * np.array([0.3, -1])

    early, late = np.zeros(24), np.zeros(24)
    early[2:14], late[10:22] = np.hanning(12), np.hanning(12)
    faint = 0.25 * late[:, None, None, None] * bump(75, 35, 7.5)
    truth = early[:, None, None, None] * bump(35, 80, 10) + faint
    cleaned = without_noise(noisy(truth, 0.05, seed=1), np.ones(shape, np.float32))
    kept = (cleaned * faint).sum() / (faint**2).sum()
    assert kept == pytest.approx(1, abs=0.3)
