"""How far the 18 action-unit regions of a face are from where they were at the onset, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.evaluation.wanted import TrackedDriver, region_weights
from me_augment.face.geometry import interocular
from me_augment.manifest import Clip, Manifest
from me_augment.video.recording import open_recording

# `prior_points` in words; left and right are the subject's own.
REGIONS = (
    *("brow, right", "brow, left", "root of the nose", "upper lid, right", "lower lid, right", "upper lid, left"),
    *("lower lid, left", "lip corner, right", "lip corner, left", "lower lip, left", "lower lip", "lower lip, right"),
    *("beside the nose, right", "beside the nose, left", "under the eye, right", "under the eye, left"),
    *("cheek, right", "cheek, left"),
)
# Place of each region's mirror image.
_MIRRORED = [
    REGIONS.index(name.replace(", right", ", LEFT").replace(", left", ", right").replace("LEFT", "left"))
    for name in REGIONS
]


def region_curves(manifest: Manifest, clip: Clip, positions: Sequence[int]) -> NDArray[np.float64] | None:
    """Displacement (T, 18) in percent of the interocular distance at frames counted from the onset.

    Points all over the face are tracked (pyramidal Lucas-Kanade, which no generator uses), what most of the face does
    together is taken for the head's motion and out of it, and each region is the mean of the points near its key point.
    None for a clip without landmarks.

    Args:
        manifest: holds the clip's recording.
        clip: whose onset and offset are known.
        positions: rising, the first 0.

    Raises:
        MeAugmentError: its frames cannot be read, or the face lies outside them.
    """
    if clip.landmarks is None or clip.recording_id is None or clip.onset_index is None:
        return None
    landmarks = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
    source = open_recording(manifest, manifest.recording_of[clip.recording_id])
    frames: Sequence[NDArray[Any]] = list(source.read([clip.onset_index + position for position in positions]))
    face = TrackedDriver(frames, landmarks)
    weights = region_weights(landmarks, face.points)
    curves = [_mean_length(face.at(index)[0], weights) for index in range(len(face))]
    return 100 * np.array(curves) / interocular(landmarks)


def mirrored(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Curves (T, 18) as they are on a face on which the motion is mirrored."""
    return curves[:, _MIRRORED]


def _mean_length(displacement: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(displacement[:, 0])
    inside = weights[:, known]
    moved = inside @ displacement[known] / np.maximum(inside.sum(1, keepdims=True), 1e-12)
    return np.hypot(moved[:, 0], moved[:, 1])
