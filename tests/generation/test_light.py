"""Furrows and folds are carried as a change of brightness; the light of the scene is not."""

import cv2
import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import FRAME_SHAPE, Performance
from me_augment.generation import Rendition, create_generator
from me_augment.generation.light import LIMIT
from me_augment.generation.motion import measure_motion

COURSE = np.sin(np.pi * np.arange(11) / 10) ** 2


def stripe(person, depth):
    """A furrow between the brows: logarithm of the factor on brightness, (H, W)."""
    x, y = np.meshgrid(np.arange(FRAME_SHAPE[1]), np.arange(FRAME_SHAPE[0]))
    centre = (person.landmarks[21] + person.landmarks[22]) / 2
    return -depth * np.exp(-(((x - centre[0]) / 3.5) ** 2 + ((y - centre[1]) / 9) ** 2) / 2)


def drawn(person, units, depth=0.0, flicker=0.0, slope=0.0):
    performance, rng = Performance(person, units), np.random.default_rng(1)
    ramp = np.linspace(-1, 1, FRAME_SHAPE[1])[None, :, None]
    frames = []
    for t, a in enumerate(COURSE):
        frame = performance.frame(a) * np.exp(a * stripe(person, depth))[..., None]
        frame = frame * (1 + flicker * np.sin(t)) * (1 + slope * a * ramp)
        frames.append(picture(frame + rng.normal(0, 1, frame.shape)))
    return frames


def level(motion, person, t):
    """The measured change at the furrow and beside it, on the cheeks."""
    at = np.stack([(person.landmarks[21] + person.landmarks[22]) / 2, person.landmarks[31] - (22, 0)])
    x, y = np.rint((at - motion.origin) / motion.step).astype(int).T
    return motion.light[t, y, x]


def test_a_furrow_is_measured_and_the_rest_is_not(people):
    person = people[2]
    motion = measure_motion(drawn(person, {4: 0.5}, depth=0.15), person.landmarks.astype(np.float32))
    furrow, cheek = level(motion, person, 5)
    assert furrow == pytest.approx(-0.15, abs=0.05)
    assert abs(cheek) < 0.02
    assert not motion.light[0].any()


@pytest.mark.parametrize("scene", [{"flicker": 0.08}, {"slope": 0.15}])
def test_the_light_of_the_scene_is_not_the_expressions(people, scene):
    person = people[2]
    motion = measure_motion(drawn(person, {1: 0.5, 2: 0.5}, **scene), person.landmarks.astype(np.float32))
    assert np.abs(level(motion, person, 5)).max() < 0.03


def test_the_furrow_appears_on_another_face_as_far_as_asked(people):
    driver, face = people[2], people[4]
    target = picture(Performance(face, {}).frame(0))
    landmarks = face.landmarks.astype(np.float32)
    motion = measure_motion(drawn(driver, {4: 0.5}, depth=0.15), driver.landmarks.astype(np.float32))
    generator = create_generator("warp")
    plain, half, full = (
        list(generator.animate(motion, target, landmarks, Rendition(shading=s)))[5].astype(float) for s in (0, 0.5, 1)
    )
    x, y = np.rint((face.landmarks[21] + face.landmarks[22]) / 2).astype(int)
    there = np.s_[y - 2 : y + 3, x - 1 : x + 2]
    darker = [np.log(image[there].mean() / plain[there].mean()) for image in (half, full)]
    assert darker[1] == pytest.approx(-0.15, abs=0.06)
    assert darker[0] == pytest.approx(darker[1] / 2, abs=0.015)
    # The chin is far from any furrow.
    x, y = np.rint(face.landmarks[8] - (0, 12)).astype(int)
    assert np.abs(full[y, x] - plain[y, x]).max() <= 2


def test_the_change_is_limited(people):
    person = people[2]
    motion = measure_motion(drawn(person, {4: 0.3}, depth=1.5), person.landmarks.astype(np.float32))
    assert np.abs(motion.light).max() <= LIMIT


def test_a_blink_casts_no_shade(people):
    person = people[2]
    performance, rng = Performance(person, {}), np.random.default_rng(0)
    blink = np.array([0, 0, 0, 0, 0.4, 1, 1, 0.5, 0, 0, 0, 0, 0])
    frames = [picture(performance.frame(0, blink=b) + rng.normal(0, 1, (340, 280, 3))) for b in blink]
    motion = measure_motion(frames, person.landmarks.astype(np.float32))
    assert np.abs(motion.light).max() < 0.08  # 0.2 with the lids in it


def test_hard_edges_on_a_small_face_give_numbers(people):
    person = people[0]
    frames = drawn(person, {12: 1.0})
    for frame in frames:
        frame[:, : int(person.landmarks[0, 0]) - 4] = 255
        frame[:, int(person.landmarks[0, 0]) - 4 : int(person.landmarks[0, 0])] = 0
    small = [cv2.resize(frame, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA) for frame in frames]
    landmarks = ((person.landmarks + 0.5) * 0.2 - 0.5).astype(np.float32)
    for count in (len(small), 6):
        motion = measure_motion(small[:count], landmarks)
        assert np.isfinite(motion.light).all()
        assert np.isfinite(motion.residual).all()
