"""Similarities and the aligned crop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.errors import MeAugmentError
from me_augment.face.geometry import (
    aligned_crop,
    alignment,
    apply_affine,
    eye_centres,
    fit_similarity,
    interocular,
    invert_affine,
    require_face,
)


@given(
    st.floats(0.2, 5),
    st.floats(-3.1, 3.1),
    st.floats(-100, 100),
    st.floats(-100, 100),
)
def test_a_similarity_is_recovered(scale, angle, dx, dy):
    rng = np.random.default_rng(0)
    points = rng.uniform(-50, 50, (10, 2))
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    truth = np.array([[c, -s, dx], [s, c, dy]])
    np.testing.assert_allclose(fit_similarity(points, apply_affine(truth, points)), truth, atol=1e-8)


def test_points_of_weight_zero_do_not_count():
    points = np.array([[0.0, 0], [10, 0], [0, 10], [5, 5]])
    moved = points + (3, 4)
    moved[3] += 100
    matrix = fit_similarity(points, moved, np.array([1.0, 1, 1, 0]))
    np.testing.assert_allclose(matrix, [[1, 0, 3], [0, 1, 4]], atol=1e-12)


def test_inverse():
    matrix = np.array([[1.1, -0.2, 5], [0.2, 1.1, -7]])
    points = np.random.default_rng(1).uniform(0, 100, (5, 2))
    np.testing.assert_allclose(apply_affine(invert_affine(matrix), apply_affine(matrix, points)), points)


@pytest.mark.parametrize("turn", [-0.3, 0.0, 0.4])
def test_the_crop_puts_the_eyes_on_one_level(people, turn):
    landmarks = people[0].landmarks
    c, s = np.cos(turn), np.sin(turn)
    turned = (landmarks - 100) @ np.array([[c, s], [-s, c]]) * 1.7 + 300
    eyes = apply_affine(alignment(turned, 128), eye_centres(turned))
    assert abs(eyes[0, 1] - eyes[1, 1]) < 3
    assert 0.25 * 128 < eyes[1, 0] - eyes[0, 0] < 0.5 * 128


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_the_crop_keeps_depth_and_channels(people, dtype, channels):
    image = np.full((340, 280, *channels), 200, dtype)
    crop = aligned_crop(image, people[0].landmarks, 64)
    assert crop.shape == (64, 64, *channels)
    assert crop.dtype == dtype
    assert (crop == 200).all()


def test_interocular_is_in_pixels(people):
    assert interocular(people[0].landmarks * 2) == pytest.approx(2 * interocular(people[0].landmarks))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda p: p * np.nan, "not 68 points"),
        (lambda p: p[:40], "not 68 points"),
        (lambda p: p * 0.05, "too small"),
        (lambda p: p[:, ::-1], "mirrored"),
        (lambda p: p + 1000, "outside"),
    ],
)
def test_landmarks_that_are_no_face_are_refused(people, change, word):
    landmarks = people[0].landmarks
    require_face(landmarks, (340, 280, 3))
    with pytest.raises(MeAugmentError, match=word):
        require_face(change(landmarks), (340, 280, 3))
