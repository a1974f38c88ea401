"""Places on one face are found on another, with mouths open or closed."""

import numpy as np
import pytest

from me_augment.face.correspondence import face_map
from me_augment.face.geometry import apply_affine, interocular


def closed(landmarks, gap=1.0):
    """The same face with its lips brought together."""
    out = landmarks.copy()
    moved = {up: landmarks[low, 1] - landmarks[up, 1] - gap for up, low in ((61, 67), (62, 66), (63, 65))}
    for low, up in ((67, 61), (66, 62), (65, 63), (58, 61), (57, 62), (56, 63)):
        out[low, 1] -= moved[up]
    out[[55, 59], 1] -= 0.5 * moved[62]
    return out


def inside(landmarks):
    low, high = landmarks.min(0), landmarks.max(0)
    x, y = np.meshgrid(np.arange(low[0], high[0], 5), np.arange(low[1] - 20, high[1], 5))
    return np.stack([x, y], axis=-1)


def test_faces_map_onto_each_other_without_folding(people):
    for a, b in ((0, 1), (1, 2), (3, 5)):
        spline = face_map(people[a].landmarks, people[b].landmarks)
        error = np.abs(spline(people[a].landmarks) - people[b].landmarks)
        assert error.max() < 2.0
        assert (np.linalg.det(spline.carry(inside(people[a].landmarks))) > 0.3).all()


def test_the_carried_displacement_is_the_maps_own_inverse(people):
    source, target = people[0].landmarks, people[1].landmarks
    spline = face_map(source, target)
    at = source[[19, 24, 30, 48, 54]] + 4.0
    step = 1e-4
    for i, d in enumerate(np.eye(2)):
        moved = (spline(at + step * d) - spline(at)) / step
        back = (spline.carry(at) @ moved[..., None])[..., 0]
        np.testing.assert_allclose(back, np.tile(np.eye(2)[i], (5, 1)), atol=0.02)


@pytest.mark.parametrize("opens", ["driver", "target"])
def test_lips_are_lips_whether_open_or_closed(people, opens):
    a, b = people[0].landmarks, people[2].landmarks
    source, target = (closed(a), b) if opens == "driver" else (a, closed(b))
    spline = face_map(source, target)

    def lips(landmarks):
        return np.array([(landmarks[51] + landmarks[62]) / 2, (landmarks[57] + landmarks[66]) / 2])

    np.testing.assert_allclose(spline(lips(source)), lips(target), atol=0.5)
    # Chin and cheeks are where they would be without the mouth.
    np.testing.assert_allclose(spline(source[[8, 2, 14]]), target[[8, 2, 14]], atol=1.0)
    # The open mouth's teeth are not flung about by what is a line on the other face.
    stretch = np.linalg.svd(spline.carry(inside(source)), compute_uv=False)
    assert stretch.max() < 1.6
    assert stretch.min() > 0.6


def test_landmarks_out_of_place_do_not_blow_up_a_displacement(people):
    source, target = people[0].landmarks, people[1].landmarks.copy()
    target[19] = target[37] + (0, 5)  # a brow below the eye
    spline = face_map(source, target)
    stretch = np.linalg.svd(spline.carry(inside(source)), compute_uv=False) * spline.scale
    assert stretch.max() <= 2.0 + 1e-6


def test_the_same_face_larger_and_turned(people):
    source = people[0].landmarks
    c, s = 1.5 * np.cos(0.2), 1.5 * np.sin(0.2)
    matrix = np.array([[c, -s, 30], [s, c, -10]])
    spline = face_map(source, apply_affine(matrix, source))
    at = inside(source)
    np.testing.assert_allclose(spline(at), apply_affine(matrix, at), atol=0.05 * interocular(source))
    np.testing.assert_allclose(
        spline.carry(at), np.broadcast_to(np.linalg.inv(matrix[:, :2]), (*at.shape, 2)), atol=0.05
    )
