"""Head pose on drawn heads of known pose, on the portrait, and what is said of a head turned too far."""

import numpy as np
import pytest

from me_augment.face import pose as pose_module
from me_augment.face.geometry import mirror_landmarks
from me_augment.face.pose import Pose, head_pose, pose_warning, rotation_matrix


def turned(pose, height=1.0, scale=2.0):
    """Landmarks of the mean face in a pose; those that the pose is not read from stay at zero."""
    face = pose_module._POINTS * (1, height, 1)
    landmarks = np.zeros((68, 2))
    landmarks[pose_module._INDICES] = scale * (face @ rotation_matrix(pose).T)[:, :2] + (140, 110)
    return landmarks


@pytest.mark.parametrize(
    "pose", [Pose(0, 0, 0), Pose(25, 0, 0), Pose(-15, 20, 0), Pose(30, -20, 35), Pose(0, -30, -80)]
)
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_pose_of_the_mean_face_is_found(pose, scale):
    np.testing.assert_allclose(head_pose(turned(pose, scale=scale)), pose, atol=0.01)


def test_a_long_face_is_not_taken_for_one_that_looks_up_or_down():
    assert abs(head_pose(turned(Pose(0, 0, 0), height=1.15)).pitch) < 0.5
    assert head_pose(turned(Pose(0, 20, 0), height=0.9)).pitch == pytest.approx(20, abs=2.5)


def test_the_nose_points_where_the_angles_say():
    facing = np.array([0.0, 0.0, -1.0])  # out of the face, towards the camera
    assert (rotation_matrix(Pose(20, 0, 0)) @ facing)[0] > 0.3  # x: to the image right
    assert (rotation_matrix(Pose(0, 20, 0)) @ facing)[1] < -0.3  # y: up
    assert (rotation_matrix(Pose(0, 0, 20)) @ [1.0, 0.0, 0.0])[1] > 0.3  # the image-right eye goes down


def test_mirroring_a_face_mirrors_its_pose(detector, portrait):
    points = detector.detect(portrait)
    pose, mirrored = head_pose(points), head_pose(mirror_landmarks(points, 512))
    np.testing.assert_allclose(mirrored, (-pose.yaw, pose.pitch, -pose.roll), atol=0.05)


def test_the_portrait_and_the_drawn_faces_look_into_the_camera(detector, portrait, people):
    pose = head_pose(detector.detect(portrait))
    assert abs(pose.yaw) < 5
    assert abs(pose.pitch) < 10
    assert pose.roll == pytest.approx(3, abs=1.5)  # her eyes: (204, 100) and (245, 103)
    for person in people:
        assert pose_warning(person.landmarks) is None


@pytest.mark.parametrize(
    ("pose", "warned"),
    [(Pose(24, 0, 0), False), (Pose(-26, 0, 0), True), (Pose(0, 19, 0), False), (Pose(3, -22, 0), True)],
)
def test_turned_too_far_is_said_with_numbers(pose, warned):
    warning = pose_warning(turned(pose))
    assert (warning is not None) == warned
    if warning:
        assert f"{pose.yaw:+.0f} degrees of yaw and {pose.pitch:+.0f} of pitch" in warning
