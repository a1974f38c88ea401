"""The 18 key points against the paper's definition, written out by hand."""

import numpy as np

from me_augment.face.prior import prior_points

# Index of the mirror image of each of the 18 points, by the paper's definition.
MIRROR = (1, 0, 2, 5, 6, 3, 4, 8, 7, 11, 10, 9, 13, 12, 15, 14, 17, 16)


def test_every_point_is_where_the_paper_puts_it():
    landmarks = np.stack([np.arange(68.0) * 2, 500 - np.arange(68.0)], axis=1)
    landmarks[39], landmarks[42] = (90, 461), (110, 458)  # inner eye corners 20 px apart: moves are 10 px
    points = prior_points(landmarks)
    assert points.shape == (18, 2)
    assert points.dtype == np.float32
    for index, landmark in enumerate((19, 24, 27, 38, 41, 43, 46, 48, 54, 55, 57, 59)):
        np.testing.assert_array_equal(points[index], landmarks[landmark])
    for index, landmark, move in (
        (12, 31, (-10, 0)),
        (13, 35, (10, 0)),
        (14, 41, (0, 10)),
        (15, 46, (0, 10)),
        (16, 48, (-10, 0)),
        (17, 54, (10, 0)),
    ):
        np.testing.assert_array_equal(points[index], landmarks[landmark] + move)


def test_points_may_leave_the_image():
    landmarks = np.zeros((68, 2))
    landmarks[42, 0] = 40
    assert prior_points(landmarks)[12, 0] == -20


def test_mirror_exchanges_left_and_right():
    from me_augment.face.geometry import mirror_landmarks

    rng = np.random.default_rng(0)
    landmarks = rng.uniform(50, 200, (68, 2))
    landmarks[39], landmarks[42] = (100, 120), (140, 121)
    flipped = prior_points(mirror_landmarks(landmarks, 256))[list(MIRROR)]
    expected = prior_points(landmarks) * (-1, 1) + (255, 0)
    # Landmarks 41 and 46 are each other's mirror image, as are all the rest that the points use.
    np.testing.assert_allclose(flipped, expected, atol=1e-3)
