"""Sub-pixel resampling: exact where it can be, close where it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from me_augment.generation.resample import RefinedImage, dither_for, grid, look_up


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(17, 23), (16, 31, 3)])
def test_standing_still_changes_no_bit(dtype, shape):
    image = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    x, y = grid(*shape[:2])
    result = RefinedImage.of(image).sample(x, y)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, image)


@settings(max_examples=30, deadline=None)
@given(st.floats(-2, 2, width=32), st.floats(-2, 2, width=32))
def test_a_ramp_moves_by_exactly_what_is_asked(dx, dy):
    x, y = grid(40, 40)
    image = (1000 * x + 300 * y + 5000).astype(np.uint16)
    moved = RefinedImage.of(image).sample(x + np.float32(dx), y + np.float32(dy))
    inside = np.s_[12:28, 12:28]
    expected = 1000 * (x + dx) + 300 * (y + dy) + 5000
    # A quarter of a sample of the fine grid is read linearly, the rest is the spline's exactness.
    assert np.abs(moved[inside] - expected[inside]).max() < 3


@pytest.mark.parametrize(("period", "error"), [(4, 0.03), (6, 0.012), (12, 0.003)])
def test_detail_survives_a_shift(period, error):
    x, y = grid(32, 128)
    wave = lambda at: 30000 + 20000 * np.sin(2 * np.pi * at / period)  # noqa: E731
    moved = RefinedImage.of(np.rint(wave(x)).astype(np.uint16)).sample(x + np.float32(0.37), y)
    inside = np.s_[16, 30:90]
    rms = np.sqrt(np.mean((moved[inside] - wave(x + 0.37)[inside]) ** 2)) / (20000 / np.sqrt(2))
    assert rms < error


def test_values_stay_in_range():
    image = np.zeros((20, 20), np.uint8)
    image[8:12, 8:12] = 255
    x, y = grid(20, 20)
    moved = RefinedImage.of(image).sample(x + np.float32(0.5), y)
    assert moved.max() == 255  # overshoot is clipped, not wrapped
    assert moved[10, 3] <= 12


def test_a_linear_field_is_read_exactly():
    x, y = grid(20, 30)
    field = np.stack([2 * x - y, 0.5 * x + 3 * y], axis=-1)
    at_x, at_y = x[:10, :10] + np.float32(0.123), y[:10, :10] + np.float32(0.77)
    found = look_up(field, at_x, at_y)
    np.testing.assert_allclose(found[..., 0], 2 * at_x - at_y, atol=1e-4)
    np.testing.assert_allclose(found[..., 1], 0.5 * at_x + 3 * at_y, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_faint_shift_of_smooth_skin_is_not_rounded_away(dtype):
    x, y = grid(60, 60)
    ramp = np.rint(20 + 1.5 * x).astype(dtype)  # a tenth of a pixel is 0.15 levels
    refined, dither = RefinedImage.of(ramp), dither_for(ramp)
    np.testing.assert_array_equal(refined.sample(x, y, None, dither), ramp)
    inner = np.s_[5:-5, 5:-5]
    change = (refined.sample(x + np.float32(0.1), y, None, dither).astype(float) - ramp)[inner].mean()
    assert change == pytest.approx(0.15, abs=0.03)
