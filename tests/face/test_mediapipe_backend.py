"""The mediapipe backend: its table, its model file, and the network itself where it is installed."""

import cv2
import numpy as np
import pytest

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face import NoFaceError, interocular
from me_augment.face.geometry import MIRRORED, mirror_landmarks
from me_augment.face.mediapipe_backend import MODEL_NAME, TABLE, MediapipeDetector, model_file


@pytest.fixture(scope="module")
def mesh_detector():
    pytest.importorskip("ai_edge_litert")
    try:
        return MediapipeDetector()
    except MeAugmentError as error:
        pytest.skip(str(error))


def test_the_table_names_a_place_for_each_landmark():
    assert TABLE.shape == (68, 2)
    assert (TABLE.min(), TABLE.max() < 468) == (0, True)
    assert len({tuple(row) for row in TABLE.tolist()}) == 68


def test_points_on_the_middle_line_are_single_and_no_other_vertex_serves_both_sides():
    middle = {i for i in range(68) if MIRRORED[i] == i}
    assert all(TABLE[i].tolist() == TABLE[MIRRORED[i]].tolist() for i in middle)
    left = {v for i in range(68) if MIRRORED[i] > i for v in TABLE[i].tolist()}
    right = {v for i in range(68) if MIRRORED[i] < i for v in TABLE[i].tolist()}
    assert left & right <= {0, 152}


def test_the_model_may_be_a_file_a_folder_or_an_unzipped_wheel(tmp_path):
    inside = tmp_path / "wheel/mediapipe/modules/face_landmark"
    inside.mkdir(parents=True)
    (inside / MODEL_NAME).write_bytes(b"")
    for given in (inside / MODEL_NAME, inside, tmp_path / "wheel"):
        assert model_file(given) == inside / MODEL_NAME
    with pytest.raises(UsageError, match=MODEL_NAME):
        model_file(tmp_path)


def test_a_missing_model_is_one_sentence_with_the_way_out(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MeAugmentError, match=r"pip install --no-deps mediapipe==0.10.21.*--landmark-weights"):
        model_file(None)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / MODEL_NAME
    path.write_bytes(b"not a network" * 100)
    with pytest.raises(MeAugmentError, match="cannot be run"):
        MediapipeDetector(path)


def test_the_portraits_landmarks_lie_where_dlib_finds_them(mesh_detector, detector, portrait):
    points, reference = mesh_detector.detect(portrait), detector.detect(portrait)
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    distance = np.linalg.norm(points - reference, axis=1) / interocular(reference)
    assert distance.mean() < 0.045
    assert distance[36:68].max() < 0.07  # eyes and mouth
    assert distance.max() < 0.12
    # Eyes and mouth of the portrait, read off the picture by hand.
    for index, place in (((36, 39), (204, 100)), ((42, 45), (245, 103)), ((48, 54), (224, 140))):
        np.testing.assert_allclose(points[list(index)].mean(0), place, atol=4)


def test_the_mirror_image_has_the_mirrored_landmarks(mesh_detector, portrait):
    points = mesh_detector.detect(portrait)
    there = mesh_detector.detect(np.ascontiguousarray(portrait[:, ::-1]))
    assert np.abs(mirror_landmarks(there, 512) - points).max() < 0.02 * interocular(points)


def test_points_follow_a_shift_and_a_turn(mesh_detector, portrait):
    points = mesh_detector.detect(portrait)
    turn = cv2.getRotationMatrix2D((224, 120), -12, 1.0)
    turn[:, 2] += (7.4, -3.7)
    moved = cv2.warpAffine(portrait, turn, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    expected = points @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(mesh_detector.detect(moved) - expected, axis=1).mean() < 0.01 * interocular(points)


def test_the_mesh_is_dense_and_the_nose_is_nearest(mesh_detector, portrait):
    mesh = mesh_detector.dense(portrait)
    assert mesh.shape == (468, 3)
    assert mesh.dtype == np.float32
    assert mesh[4, 2] < mesh[[33, 263], 2].min() < mesh[[127, 356], 2].min()
    np.testing.assert_allclose(mesh[TABLE, :2].mean(1), mesh_detector.detect(portrait), atol=2.0)


def test_no_face_is_no_face(mesh_detector):
    with pytest.raises(NoFaceError):
        mesh_detector.detect(np.full((200, 300), 90, np.uint16))
