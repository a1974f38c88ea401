"""What is good passes, and each way of being bad is seen by the figure that is meant to see it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from evaluation_scene import APEX, drawn_clip, make_scene

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.gates import Gates
from me_augment.evaluation.quality import checked_frames, measure_quality, similarity
from me_augment.evaluation.wanted import IntendedMotion
from me_augment.generation import Rendition, create_generator
from me_augment.generation.action_units import draw_profile, perform, read_specification
from me_augment.generation.canonical_face import CanonicalFace

GATES = Gates()


def test_a_good_transfer_passes_every_gate(scene):
    quality = scene.judge(scene.perform())
    assert GATES.verdict(quality) is None
    assert quality.correlation > 0.97
    assert 0.85 < quality.gain < 1.1
    assert quality.nrmse < 0.25
    assert quality.head < 0.002
    assert quality.head_ratio < 0.1
    assert quality.flicker < 0.3
    assert quality.identity < 0.01
    assert quality.fold > 0.7
    assert quality.lost < 0.05


@pytest.mark.parametrize(
    "rendition",
    [
        Rendition(strength=0.5),
        Rendition(strength=2.0),
        Rendition(mirror=True),
        Rendition(asymmetry=0.5, strength=1.3),
        Rendition(times=tuple(np.linspace(0, 8, 14)), mirror=True),
        Rendition(keep_head_motion=True),
    ],
)
def test_what_was_asked_for_is_what_is_compared(people, rendition):
    one_sided = make_scene(people[3], {15: 0.7, 17: 0.6}, people[5])
    quality = one_sided.judge(one_sided.perform(rendition), rendition)
    assert GATES.verdict(quality) is None
    assert quality.correlation > 0.95
    assert 0.85 < quality.gain < 1.15


@pytest.mark.parametrize("noise", [2.0, 4.0])
def test_noise_of_the_driver_is_not_counted_against_the_transfer(people, noise):
    noisy = make_scene(people[2], {4: 0.7, 9: 0.6}, people[4], noise=noise)
    quality = noisy.judge(noisy.perform())
    assert quality.reliability < 0.99
    assert quality.correlation > 0.97
    assert GATES.verdict(quality) is None


def test_nothing_is_said_of_following_a_driver_that_is_mostly_noise(people):
    hidden = make_scene(people[2], {4: 0.05}, people[4], noise=4.0)
    quality = hidden.judge([hidden.face] * 9)
    assert quality.reliability < 0.5
    assert (quality.correlation, quality.gain, quality.nrmse, quality.spill) == (None,) * 4
    assert GATES.broken(quality) == ["reliability"]


def broken(scene, frames, rendition=Rendition()):  # noqa: B008
    return GATES.broken(scene.judge(frames, rendition))


def test_a_frozen_face_is_rejected(scene):
    assert {"correlation", "gain_low"} <= set(broken(scene, [scene.face] * 9))


def test_half_the_strength_is_rejected_by_gain_alone(scene):
    assert broken(scene, scene.perform(Rendition(strength=0.5))) == ["gain_low"]


def test_reversed_motion_is_rejected(scene):
    backwards = replace(scene.observed, residual=-scene.observed.residual)
    quality = scene.judge(scene.perform(observed=backwards))
    assert quality.correlation < -0.9
    assert {"correlation", "gain_low"} <= set(GATES.broken(quality))


def test_the_wrong_region_is_rejected(scene, people):
    other = drawn_clip(people[1], {1: 0.6, 2: 0.6})
    observed = create_generator("warp").observe(other, people[1].landmarks.astype(np.float32))
    assert {"correlation", "spill"} <= set(broken(scene, scene.perform(observed=observed)))


def test_head_motion_left_in_is_rejected(scene):
    quality = scene.judge(scene.perform(Rendition(keep_head_motion=True)))
    assert quality.head_ratio == pytest.approx(1, abs=0.1)
    assert {"head", "head_ratio", "spill"} <= set(GATES.broken(quality))


def test_a_folded_face_is_rejected(people):
    strong = make_scene(people[2], {4: 1.8, 9: 1.6}, people[4])
    hard = Rendition(strength=4.0)
    quality = strong.judge(strong.perform(hard), hard)
    assert quality.fold < 0.3
    assert "fold" in GATES.broken(quality)


def test_flickering_light_is_rejected(scene):
    flickering = [
        np.clip(frame * (1 + 0.02 * (-1) ** t), 0, 255).astype(np.uint8) for t, frame in enumerate(scene.perform())
    ]
    assert "flicker" in broken(scene, flickering)


def test_a_blurred_face_is_rejected_by_identity_alone(scene):
    assert broken(scene, [cv2.GaussianBlur(frame, (0, 0), 2.5) for frame in scene.perform()]) == ["identity"]


def test_another_face_is_rejected(scene, people):
    other = make_scene(people[0], {12: 0.6}, people[3])
    assert "identity" in broken(scene, other.perform())


def test_torn_skin_is_rejected(scene):
    torn = [frame.copy() for frame in scene.perform()]
    x, y = scene.landmarks[48:60].mean(0).astype(int)
    for frame in torn[2:7]:
        frame[y - 20 : y + 20, x - 30 : x + 30] = np.roll(frame[y - 20 : y + 20, x - 30 : x + 30], 15, axis=1)
    assert "correlation" in broken(scene, torn)


def test_without_a_driver_only_the_following_is_unknown(scene):
    quality = scene.judge(scene.perform(), driver=None)
    assert (quality.reliability, quality.correlation, quality.gain, quality.spill, quality.head_ratio) == (None,) * 5
    assert quality.head < 0.002
    assert quality.flicker < 0.5
    assert quality.fold > 0.7
    assert GATES.verdict(quality) is None


def test_an_intended_motion_is_compared_like_a_driver(scene):
    quality = scene.judge(scene.perform(), driver=IntendedMotion(scene.observed))
    assert quality.reliability == 1
    assert quality.correlation > 0.97
    assert 0.9 < quality.gain < 1.1
    assert "gain_low" in GATES.broken(scene.judge([scene.face] * 9, driver=IntendedMotion(scene.observed)))


def test_gray_sixteen_bit_and_large_pictures_are_judged_alike(scene):
    expected = scene.judge(scene.perform())
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 257 for frame in scene.perform()]
    large = [cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for frame in gray]
    at = checked_frames(len(large), APEX)
    found = measure_quality(
        [large[i] for i in at], at, large[0], (scene.landmarks + 0.5) * 2 - 0.5, scene.driver, Rendition()
    )
    assert found.correlation == pytest.approx(expected.correlation, abs=0.01)
    assert found.gain == pytest.approx(expected.gain, abs=0.04)
    assert found.flicker == pytest.approx(expected.flicker, abs=0.15)


def test_few_frames_are_checked_and_the_apex_among_them():
    assert checked_frames(2, 1) == [0, 1]
    at = checked_frames(120, 33)
    assert len(at) <= 9
    assert {0, 33, 34, 119} <= set(at)
    assert checked_frames(1, None) == [0]


def test_a_single_frame_is_judged_by_what_it_shows(scene):
    quality = measure_quality([scene.face], [0], scene.face, scene.landmarks, scene.driver)
    assert quality.identity == pytest.approx(0, abs=1e-6)
    assert quality.correlation is None


def test_a_face_outside_the_picture_is_an_error(scene):
    with pytest.raises(MeAugmentError, match="outside"):
        measure_quality([scene.face], [0], scene.face, scene.landmarks + 5000, scene.driver)


def test_similarity_is_that_of_scikit_image(scene):
    from skimage.metrics import structural_similarity

    first = cv2.cvtColor(scene.face, cv2.COLOR_RGB2GRAY).astype(np.float32)
    second = cv2.GaussianBlur(first, (0, 0), 1.5)
    theirs = structural_similarity(
        first, second, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert similarity(first, second) == pytest.approx(theirs, abs=2e-4)


def test_a_driver_that_does_not_move_makes_no_clip_of_its_label(people):
    scene = make_scene(people[0], {}, people[1], head=0.0)
    quality = scene.judge(scene.perform())
    assert "reliability" in GATES.broken(quality)


def test_raised_lids_are_motion_that_counts(people):
    """An observed AU 5 without blink or shift of gaze: the eyes are where its label is seen."""
    scene = make_scene(people[0], {5: 1.0}, people[1], head=1.0)
    quality = scene.judge(scene.perform())
    assert quality.correlation > 0.9
    assert GATES.verdict(quality) is None


@pytest.mark.parametrize("unit", [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26])
def test_every_action_unit_passes_its_own_gates(scene, unit):
    face = CanonicalFace.like(scene.landmarks)
    units = read_specification(f"{unit}D")
    profile = draw_profile(1, 50)
    motion = perform(units, profile, face=face)
    at = checked_frames(len(motion), profile.apex)
    frames = scene.perform(observed=motion)
    quality = measure_quality([frames[i] for i in at], at, scene.face, scene.landmarks, IntendedMotion(motion))
    assert GATES.verdict(quality) is None


@pytest.mark.parametrize("texts", [["gain_low=2"], ["gain_low=1.2", "gain_high=1.1"]])
def test_gates_that_nothing_can_pass_are_refused(texts):
    with pytest.raises(UsageError, match="gain_low"):
        Gates.parse(texts)
