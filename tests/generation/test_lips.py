"""Lips that part show the dark inside of the mouth, without stretching skin or teeth; other mouths are left alone."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.face.geometry import interocular
from me_augment.generation import Rendition, create_generator
from me_augment.generation.lips import Lips
from me_augment.generation.resample import RefinedImage

FRAMES = 9
COURSE = np.sin(np.pi * np.arange(FRAMES) / (FRAMES - 1)) ** 2


def transferred(driver, face, units, **options):
    performance, rng = Performance(driver, units), np.random.default_rng(0)
    clip = [picture(performance.frame(a) + rng.normal(0, 1, (340, 280, 3))) for a in COURSE]
    target = picture(Performance(face, {}).frame(0))
    generator = create_generator("warp")
    observed = generator.observe(clip, driver.landmarks.astype(np.float32))
    return target, list(generator.animate(observed, target, face.landmarks.astype(np.float32), Rendition(**options)))


def below_teeth(face, image, reach=0.12):
    """Gray levels of a column from the teeth down over the lower lip."""
    x, y = face.landmarks[66]
    return image[int(y) - 3 : int(y + reach * interocular(face.landmarks)), round(x)].astype(float).mean(-1)


@pytest.mark.parametrize("strength", [1.0, 2.0])
def test_a_dropped_jaw_opens_a_dark_gap(people, strength):
    face = people[0]
    target, frames = transferred(people[1], face, {26: 1.0}, strength=strength)
    assert below_teeth(face, frames[4]).min() < 0.6 * below_teeth(face, target).min()
    np.testing.assert_array_equal(frames[0], target)
    # Nothing but the mouth's surroundings is drawn in layers: the brows are untouched.
    top = int(face.landmarks[27, 1])
    assert np.abs(frames[4][:top].astype(int) - target[:top]).mean() < 0.2


@pytest.mark.parametrize("units", [{6: 0.8, 12: 0.8}, {15: 0.8, 17: 0.8}, {20: 1.0}, {24: 1.0}, {10: 1.0}])
def test_mouths_that_do_not_open_stay_in_one_piece(people, units, monkeypatch):
    parted = []
    original = Lips.parted
    monkeypatch.setattr(Lips, "parted", lambda *a: parted.append(original(*a)) or parted[-1])
    transferred(people[2], people[3], units)
    assert parted
    assert all(mouth is None for mouth in parted)


@pytest.mark.parametrize("gray", [False, True])
def test_layers_of_a_drawn_gap(people, gray):
    """The lower half of the face moves down by three pixels, the rest not at all."""
    face = people[0]
    image = picture(Performance(face, {}).frame(0))
    image = image[..., 1] if gray else image
    region = (slice(0, image.shape[0]), slice(0, image.shape[1]))
    lips = Lips.of(face.landmarks, region)
    np.testing.assert_allclose(lips.upper + lips.lower + lips.inside, 1, atol=1e-6)
    forward = np.zeros((*image.shape[:2], 2), np.float32)
    forward[lips.box][..., 1] = 3 * lips.lower
    refined = RefinedImage.of(image)
    dark = lips.darkest(refined)
    mouth = lips.parted(forward, refined, dark, 1.0)
    assert mouth.shape == image[lips.box].shape
    x, y = np.rint(face.landmarks[66]).astype(int) - (lips.box[1].start, lips.box[0].start)
    # Three pixels of gap, below them the lip as it was.
    assert np.abs(mouth[y : y + 4, x] - dark).reshape(4, -1).max(1).min() < 10
    before = image[lips.box].astype(float)
    assert np.abs(mouth[y + 9, x - 3 : x + 4] - before[y + 6, x - 3 : x + 4]).mean() < 6
    assert lips.parted(0 * forward, refined, dark, 1.0) is None


def test_a_mouth_outside_the_region_is_no_mouth(people):
    assert Lips.of(people[0].landmarks, (slice(0, 60), slice(0, 280))) is None
