"""A drawn driver with noise and a moving head, and two faces, shared by the tests of quality."""

from dataclasses import dataclass

import numpy as np
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.quality import checked_frames, measure_quality
from me_augment.evaluation.wanted import TrackedDriver
from me_augment.generation import Rendition, create_generator

FRAMES, APEX = 9, 4


def drawn_clip(person, units, *, noise=1.0, head=2.0, frames=FRAMES):
    """Frames of a person who performs and returns to rest while the head drifts by `head` pixels."""
    rng = np.random.default_rng(3)
    performance = Performance(person, units)
    clip = []
    for t in range(frames):
        drift = head * t / (frames - 1)
        matrix = np.array([[1, 0, drift], [0, 1, -0.6 * drift]])
        drawn = performance.frame(np.sin(np.pi * t / (frames - 1)) ** 2, matrix)
        clip.append(picture(drawn + rng.normal(0, noise, drawn.shape)))
    return clip


@dataclass
class Scene:
    """One driver and one target, and what the generator makes of them."""

    driver: object
    observed: object
    face: np.ndarray
    landmarks: np.ndarray

    def perform(self, rendition=Rendition(), observed=None):  # noqa: B008
        generator = create_generator("warp")
        return list(generator.animate(observed or self.observed, self.face, self.landmarks, rendition))

    def judge(self, frames, rendition=Rendition(), driver="own"):  # noqa: B008
        at = checked_frames(len(frames), None if len(frames) != FRAMES else APEX)
        driver = self.driver if driver == "own" else driver
        return measure_quality([frames[i] for i in at], at, self.face, self.landmarks, driver, rendition)


def make_scene(driver, units, target, **options):
    clip = drawn_clip(driver, units, **options)
    landmarks = driver.landmarks.astype(np.float32)
    return Scene(
        TrackedDriver(clip, landmarks),
        create_generator("warp").observe(clip, landmarks),
        picture(Performance(target, {}).frame(0)),
        target.landmarks.astype(np.float32),
    )
