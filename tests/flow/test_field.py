"""Flow and strain: known motions, a field worked out by hand, and the picture made of them."""

import numpy as np
import pytest

from me_augment.errors import UsageError
from me_augment.flow.field import (
    FLOW_METHODS,
    apex_flow,
    eight_bit,
    norm_uv_os,
    optical_strain,
    stretched,
    uv_strain,
)


@pytest.fixture(scope="module")
def pair():
    """A texture, and the same moved by 2 pixels right and 1 up; built without an image library's warp."""
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(132.0), np.arange(132.0))
    waves = sum(
        np.sin(a * x + b * y + c)
        for a, b, c in zip(rng.uniform(-0.6, 0.6, 30), rng.uniform(-0.6, 0.6, 30), range(30), strict=True)
    )
    image = np.clip(128 + 14 * waves, 0, 255).astype(np.uint8)
    return image[1:129, 2:130], image[2:130, 0:128]  # not contiguous, as crops are


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_a_shift_is_found_with_sign_and_size(pair, method):
    flow = apex_flow(*pair, method)
    assert flow.shape == (128, 128, 2)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow[16:-16, 16:-16], axis=(0, 1)), [2, -1], atol=0.15)


def test_colour_and_depth_change_nothing(pair):
    gray = apex_flow(*pair)
    colour = apex_flow(*(np.repeat(image[..., None], 3, axis=2) for image in pair))
    deep = apex_flow(*(image.astype(np.uint16) * 257 for image in pair))
    np.testing.assert_array_equal(colour, gray)
    np.testing.assert_array_equal(deep, gray)


def test_sixteen_bits_are_scaled_not_cut():
    np.testing.assert_array_equal(eight_bit(np.array([0, 256, 257, 65535], np.uint16)), [0, 1, 1, 255])


def test_an_unknown_method_is_refused(pair):
    with pytest.raises(UsageError, match="no flow method 'farneback': choose one of dis, tvl1"):
        apex_flow(*pair, "farneback")


def test_strain_of_a_linear_field():
    x, y = np.meshgrid(np.arange(9.0), np.arange(7.0))
    flow = np.stack([0.3 * x + 0.1 * y, 0.5 * x - 0.2 * y], axis=-1)
    # ux = .3, uy = .1, vx = .5, vy = -.2: sqrt(.09 + .04 + .5 * .36)
    np.testing.assert_allclose(optical_strain(flow), np.full((7, 9), np.sqrt(0.31)), rtol=1e-6)


def test_turning_is_no_strain():
    x, y = np.meshgrid(np.arange(8.0), np.arange(8.0))
    np.testing.assert_allclose(optical_strain(np.stack([-0.1 * y, 0.1 * x], axis=-1)), 0, atol=1e-7)


def test_strain_uses_central_differences():
    u = np.zeros((5, 5))
    u[2, 2] = 1.0
    strain = optical_strain(np.stack([u, np.zeros_like(u)], axis=-1))
    assert strain[2, 2] == 0  # forward or backward differences would see the peak here
    np.testing.assert_allclose([strain[2, 1], strain[2, 3]], 0.5)  # ux = ±1/2
    np.testing.assert_allclose([strain[1, 2], strain[3, 2]], 0.5 * np.sqrt(0.5))  # uy = ±1/2


def test_maps_keep_pixels_of_the_flow_when_they_shrink():
    flow = np.zeros((56, 56, 2), np.float32)
    flow[..., 0], flow[:28, :, 1] = 1.25, -3
    maps = uv_strain(flow)
    assert maps.shape == (3, 28, 28)
    assert maps.dtype == np.float32
    np.testing.assert_array_equal(maps[0], 1.25)
    np.testing.assert_array_equal(maps[1, :14], -3)
    np.testing.assert_array_equal(maps[1, 14:], 0)
    assert maps[2, 13:15].min() > 0
    assert maps[2, :12].max() == 0


def test_picture_is_red_u_green_v_blue_strain_each_stretched():
    x, y = np.meshgrid(np.linspace(-1, 1, 56), np.linspace(0, 1, 56))
    picture = norm_uv_os(np.stack([x, y**2], axis=-1))
    assert picture.shape == (28, 28, 3)
    assert picture.dtype == np.uint8
    assert picture.reshape(-1, 3).min(0).tolist() == [0, 0, 0]
    assert picture.reshape(-1, 3).max(0).tolist() == [255, 255, 255]
    assert picture[0, :, 0].tolist() == sorted(picture[0, :, 0])
    assert np.ptp(picture[:, 5, 0].astype(int)) == 0  # u does not change downwards
    assert picture[:, 0, 1].tolist() == sorted(picture[:, 0, 1])


def test_a_constant_channel_becomes_zero():
    picture = stretched(np.stack([np.full((4, 4), 7.0), np.zeros((4, 4)), np.eye(4)]))
    assert picture[..., :2].max() == 0
    np.testing.assert_array_equal(picture[..., 2], 255 * np.eye(4))
