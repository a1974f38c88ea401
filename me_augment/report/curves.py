"""How far the 18 action-unit regions of a face are from where they were at the onset, and how far they should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from me_augment.evaluation.wanted import TrackedDriver, region_weights, wanted_on
from me_augment.face.geometry import interocular
from me_augment.generation import Rendition
from me_augment.manifest import Clip
from me_augment.report.look import Footage

# `prior_points` in words; left and right are the subject's own.
REGIONS = (
    *("brow, right", "brow, left", "root of the nose", "upper lid, right", "lower lid, right", "upper lid, left"),
    *("lower lid, left", "lip corner, right", "lip corner, left", "lower lip, left", "lower lip", "lower lip, right"),
    *("beside the nose, right", "beside the nose, left", "under the eye, right", "under the eye, left"),
    *("cheek, right", "cheek, left"),
)


def track(footage: Footage) -> TrackedDriver | None:
    """A face that is tracked all over, apart from any generator; None for a clip without landmarks.

    Raises:
        MeAugmentError: the face lies outside the frames.
    """
    if footage.clip.landmarks is None:
        return None
    return TrackedDriver(footage.frames, np.asarray(footage.clip.landmarks, np.float32).reshape(68, 2))


def found_curves(face: TrackedDriver) -> NDArray[np.float64]:
    """Displacement (T, 18) of a face's regions, percent of its interocular distance, the head held still."""
    weights = region_weights(face.landmarks, face.points)
    motion = [face.at(index)[0] for index in range(len(face))]
    return _lengths(motion, weights, face.landmarks)


def wanted_curves(
    driver: TrackedDriver, clip: Clip, landmarks: NDArray[np.floating], times: Sequence[float]
) -> NDArray[np.float64]:
    """The same of a driver's motion as the clip was asked to perform it: carried to its face, mirrored, made stronger.

    Args:
        driver: as it was tracked.
        clip: synthetic.
        landmarks: (68, 2) of the clip's face.
        times: for each frame of the clip the driver's frame, fractions allowed, the first 0.
    """
    asked = Rendition(
        strength=1.0 if clip.strength is None else clip.strength,
        mirror=clip.mirror,
        asymmetry=clip.asymmetry or 0.0,
        times=tuple(times),
    )
    wanted = wanted_on(driver, landmarks, asked, range(len(times)))
    return _lengths(wanted.displacement, wanted.regions, landmarks)


def _lengths(
    motion: Sequence[NDArray[np.float64]] | NDArray[np.float64],
    weights: NDArray[np.float64],
    landmarks: NDArray[np.floating],
) -> NDArray[np.float64]:
    """Length of the weighted mean (T, 18) of displacements T x (N, 2), in percent of the interocular distance."""
    lengths = []
    for displacement in motion:
        known = np.isfinite(displacement[:, 0])
        inside = weights[:, known]
        mean = inside @ displacement[known] / np.maximum(inside.sum(1, keepdims=True), 1e-12)
        lengths.append(np.hypot(mean[:, 0], mean[:, 1]))
    return 100 * np.array(lengths) / interocular(landmarks)
