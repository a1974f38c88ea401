"""The smooth map between faces."""

import numpy as np
import pytest

from me_augment.face.geometry import apply_affine
from me_augment.face.thin_plate import ThinPlate


@pytest.fixture
def points():
    return np.random.default_rng(0).uniform(0, 300, (30, 2))


def test_an_exact_spline_meets_its_points(points):
    target = points + np.random.default_rng(1).normal(0, 5, points.shape)
    np.testing.assert_allclose(ThinPlate.fit(points, target)(points), target, atol=1e-8)


def test_affine_maps_are_reproduced_everywhere(points):
    matrix = np.array([[1.2, 0.1, 5], [-0.2, 0.9, 3]])
    for smoothness in (0.0, 0.1):
        spline = ThinPlate.fit(points, apply_affine(matrix, points), smoothness)
        elsewhere = np.array([[400.0, -100], [150, 150]])
        np.testing.assert_allclose(spline(elsewhere), apply_affine(matrix, elsewhere), atol=1e-6)
        np.testing.assert_allclose(spline.jacobian(elsewhere), np.tile(matrix[:, :2], (2, 1, 1)), atol=1e-8)


def test_the_jacobian_is_the_derivative(points):
    spline = ThinPlate.fit(points, points + np.random.default_rng(2).normal(0, 8, points.shape))
    at = np.random.default_rng(3).uniform(50, 250, (7, 2))
    step = 1e-4
    numeric = np.stack(
        [(spline(at + d) - spline(at - d)) / (2 * step) for d in (np.array([step, 0]), np.array([0, step]))], axis=-1
    )
    np.testing.assert_allclose(spline.jacobian(at), numeric, atol=1e-6)


def test_a_stiffer_plate_follows_noise_less(points):
    noisy = points + np.random.default_rng(4).normal(0, 3, points.shape)
    errors = [np.abs(ThinPlate.fit(points, noisy, s)(points) - noisy).mean() for s in (0, 1e-3, 1e-1)]
    assert errors[0] < errors[1] < errors[2]
