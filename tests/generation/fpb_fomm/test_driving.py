"""What the networks are shown of a driver."""

import numpy as np
import pytest
from conftest import picture
from evaluation_scene import drawn_clip
from fpb_golden import tiny

from me_augment.demo.faces import Performance
from me_augment.errors import UsageError
from me_augment.face.geometry import apply_affine
from me_augment.face.prior import prior_points
from me_augment.generation import Rendition
from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.fpb_fomm.driving import Observed, cleaned, filmed
from me_augment.generation.motion import measure_motion

UNITS = {12: 0.8, 4: 0.5}
PLAIN = Rendition()


@pytest.fixture(scope="module")
def observed(people):
    clip = drawn_clip(people[0], UNITS)
    landmarks = people[0].landmarks.astype(np.float32)
    return Observed(clip[0], landmarks, measure_motion(clip, landmarks), tuple(clip))


@pytest.fixture(scope="module")
def target_landmarks(people):
    landmarks = people[3].landmarks
    return apply_affine(face_crop(landmarks, tiny(MENDED)), landmarks).astype(np.float32)


def test_key_points_go_where_the_skin_goes(observed, people, target_landmarks):
    driving = cleaned(observed, PLAIN, target_landmarks, tiny(MENDED))
    assert driving.frames.shape == (9, 256, 256, 3)
    assert not driving.moved[0].any()
    for person, found in ((people[0], driving.points - driving.points[0]), (people[3], driving.moved)):
        matrix = face_crop(person.landmarks, tiny(MENDED))
        points = prior_points(person.landmarks)
        truth = person.true_displacement(points, UNITS) @ matrix[:, :2].T
        strong = np.linalg.norm(truth, axis=1) > 0.4
        assert strong.sum() >= 4
        assert np.sum(found[4] * truth) / np.sum(truth**2) == pytest.approx(1, abs=0.12)
        assert np.linalg.norm(found[4] - truth, axis=1).max() < 0.25 * np.linalg.norm(truth, axis=1).max()


def test_points_of_a_model_that_does_not_track_stay(observed, target_landmarks):
    for show in (cleaned, filmed):
        driving = show(observed, PLAIN, target_landmarks, tiny(REFERENCE))
        assert not driving.moved.any()
        assert (driving.points == driving.points[0]).all()


def test_cleaned_frames_hold_the_head_still_and_filmed_ones_do_not(observed, target_landmarks):
    def border(driving):
        frames = driving.frames.astype(float) / np.iinfo(driving.frames.dtype).max
        return np.abs(frames[8] - frames[0])[:, :20].mean()

    shape = tiny(MENDED)
    assert border(cleaned(observed, PLAIN, target_landmarks, shape)) < 1e-6
    assert border(filmed(observed, PLAIN, target_landmarks, shape)) > 0.005
    # The key points of the filmed clip follow the head, 2 px right and 1.2 up at its end.
    moved = filmed(observed, PLAIN, target_landmarks, shape).points
    scale = np.linalg.det(face_crop(observed.landmarks, shape)[:, :2]) ** 0.5
    np.testing.assert_allclose((moved[8] - moved[0]).mean(0) / scale, [2, -1.2], atol=0.25)


def test_wishes_are_obeyed(observed, target_landmarks):
    shape = tiny(MENDED)
    plain = cleaned(observed, PLAIN, target_landmarks, shape)
    double = cleaned(observed, Rendition(strength=2), target_landmarks, shape)
    np.testing.assert_allclose(double.moved, 2 * plain.moved, atol=1e-4)
    other = cleaned(observed, Rendition(mirror=True), target_landmarks, shape).moved[4]
    swapped = other[[1, 0, 2, 5, 6, 3, 4, 8, 7, 11, 10, 9, 13, 12, 15, 14, 17, 16]] * (-1, 1)
    assert np.corrcoef(swapped.ravel(), plain.moved[4].ravel())[0, 1] > 0.9
    slow = cleaned(observed, Rendition(times=(0, 2, 4, 4.5)), target_landmarks, shape)
    np.testing.assert_allclose(slow.moved[:3], plain.moved[[0, 2, 4]], atol=1e-5)


def test_filmed_frames_fade_between_times_and_refuse_what_cannot_be_filmed(observed, target_landmarks):
    shape = tiny(REFERENCE)
    plain = filmed(observed, PLAIN, target_landmarks, shape).frames.astype(float)
    half = filmed(observed, Rendition(times=(0, 3.5, 8)), target_landmarks, shape).frames
    np.testing.assert_allclose(half[1], (plain[3] + plain[4]) / 2, atol=0.51)
    for wish in ({"mirror": True}, {"strength": 0.5}, {"eyes": 0.5}, {"shading": 1.0}):
        with pytest.raises(UsageError, match="or --driving filmed"):
            filmed(observed, Rendition(**wish), target_landmarks, shape)
    filmed(observed, Rendition(eyes=1.0, keep_head_motion=True), target_landmarks, shape)  # as they are anyway


def test_gray_drivers_of_sixteen_bits(people, target_landmarks):
    performance = Performance(people[0], UNITS)
    clip = [picture(performance.frame(a))[..., 1].astype(np.uint16) * 257 for a in (0, 1)]
    landmarks = people[0].landmarks.astype(np.float32)
    observed = Observed(clip[0], landmarks, measure_motion(clip, landmarks), None)
    driving = cleaned(observed, PLAIN, target_landmarks, tiny(MENDED))
    assert driving.frames.shape == (2, 256, 256)
    assert driving.frames.dtype == np.uint16
