"""The dlib backend on a real face, and what it says when there is none."""

import cv2
import numpy as np
import pytest

from me_augment.errors import UsageError
from me_augment.face import NoFaceError, create_detector, interocular
from me_augment.face.geometry import mirror_landmarks


def test_a_real_face_is_found(detector, portrait):
    points = detector.detect(portrait)
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    # Eyes, nose tip and mouth of the portrait, read off the picture by hand.
    for index, place in (((36, 39), (204, 100)), ((42, 45), (245, 103)), ((30,), (226, 127)), ((48, 54), (224, 140))):
        np.testing.assert_allclose(points[list(index)].mean(0), place, atol=5)


def test_gray_sixteen_bit_gives_the_same_points(detector, portrait):
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    a, b = detector.detect(gray), detector.detect(gray.astype(np.uint16) * 257)
    np.testing.assert_allclose(a, b, atol=0.01)


def test_points_do_not_move_with_the_framing(detector, portrait):
    shifted = portrait[13:400, 37:480]
    a, b = detector.detect(portrait), detector.detect(shifted) + (37, 13)
    assert np.abs(a - b).mean() < 0.02 * interocular(a)


def test_a_small_face_is_found(detector, portrait):
    small = cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(detector.detect(small) * 2, detector.detect(portrait), atol=3)


def test_the_largest_face_is_taken(detector, portrait):
    head = portrait[0:250, 100:350]
    scene = np.full((520, 900, 3), 128, np.uint8)
    scene[20:145, 20:145] = cv2.resize(head, (125, 125), interpolation=cv2.INTER_AREA)
    scene[10:510, 350:850] = cv2.resize(head, (500, 500), interpolation=cv2.INTER_CUBIC)
    assert detector.detect(scene)[:, 0].min() > 350


def test_the_points_are_those_of_the_drawn_face(detector, people):
    from conftest import picture

    from me_augment.demo.faces import Performance

    for person in people:
        points = detector.detect(picture(Performance(person, {}).frame(0)))
        assert np.linalg.norm(points - person.landmarks, axis=1).mean() < 0.03 * interocular(points)


def test_no_face_is_one_sentence(detector):
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    with pytest.raises(NoFaceError, match="no face was found in the 300x200 image"):
        detector.detect(noise)


def test_the_mirror_image_has_the_mirrored_landmarks(detector, portrait):
    points = detector.detect(portrait)
    there = detector.detect(np.ascontiguousarray(portrait[:, ::-1]))
    # Without mirrored views 0.008.
    assert np.linalg.norm(mirror_landmarks(there, 512) - points, axis=1).mean() < 0.004 * interocular(points)


def test_points_hardly_move_under_sensor_noise(detector, people):
    from me_augment.demo.faces import Performance

    frame, rng = Performance(people[1], {}).frame(0), np.random.default_rng(3)
    noisy = [np.clip(np.rint(frame + 3 * rng.normal(size=frame.shape)), 0, 255).astype(np.uint8) for _ in range(5)]
    found = np.array([detector.detect(image) for image in noisy])
    jitter = np.sqrt(found.var(0, ddof=1).sum(-1)).mean()
    assert jitter < 0.0024 * interocular(people[1].landmarks)  # without mirrored views 0.0029


def test_unknown_backends_are_refused():
    with pytest.raises(UsageError, match="choose one of dlib"):
        create_detector("psychic")


@pytest.mark.parametrize("backend", ["dlib", "mediapipe"])
def test_a_device_is_refused_where_it_would_do_nothing(backend):
    with pytest.raises(UsageError, match="runs on the CPU"):
        create_detector(backend, device="cuda:1")


def test_dlib_takes_no_weights(tmp_path):
    with pytest.raises(UsageError, match="brings its model"):
        create_detector("dlib", weights=tmp_path)
