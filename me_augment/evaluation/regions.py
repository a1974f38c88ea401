"""Displacement of the face's 18 action-unit regions, measured independently of any generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import interocular
from me_augment.face.prior import prior_points

_RADIUS = 0.16  # of a region, in interocular distances
_WINDOW = 9  # pixels, of the tracker: larger windows smear the small motions of neighbouring regions
_ACCURACY_PX = 1e-4  # the tracker stops at steps smaller than this
_RETURN_PX = 0.2  # a tracked point must come back to within this


def region_samples(landmarks: NDArray[np.floating], per_side: int = 7) -> NDArray[np.float32]:
    """Sample points (18, per_side**2, 2) float32, pixels: a small square about each of the 18 key points."""
    reach = _RADIUS * interocular(landmarks) * np.linspace(-1, 1, per_side)
    offsets = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    return (prior_points(landmarks)[:, None] + offsets).astype(np.float32)


def tracked_displacement(
    reference: NDArray[Any],
    frame: NDArray[Any],
    points: NDArray[np.float32],
    window: int = _WINDOW,
    accuracy: float = _ACCURACY_PX,
) -> NDArray[np.float32]:
    """Displacement (..., 2) float32, pixels, of points (..., 2) from `reference` to `frame`.

    Pyramidal Lucas-Kanade (Bouguet 2000): local least squares, sharing nothing with the generator's variational
    flow. Points outside the image, without texture, or not tracked back to where they started are nan.

    Args:
        reference, frame: (H, W) or (H, W, 3), uint8 or uint16.
        points: pixels of `reference`.
        window: side of the square that is matched, pixels.
        accuracy: the search ends with a step smaller than this, pixels.
    """
    start = np.ascontiguousarray(points.reshape(-1, 1, 2))
    before, after = gray8(reference), gray8(frame)
    there, found = _track(before, after, start, window, accuracy)
    back, found_back = _track(after, before, there, window, accuracy)
    known = found & found_back & (np.linalg.norm(back - start, axis=-1).ravel() < _RETURN_PX)
    displacement = (there - start).reshape(-1, 2)
    displacement[~known] = np.nan
    return displacement.reshape(points.shape)


def _track(
    before: NDArray[np.uint8], after: NDArray[np.uint8], start: NDArray[np.float32], window: int, accuracy: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        start,
        start.copy(),
        winSize=(window, window),
        maxLevel=2,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 60, accuracy),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        minEigThreshold=1e-4,
    )
    return moved, found.ravel() == 1


def gray8(image: NDArray[Any]) -> NDArray[np.uint8]:
    """One channel of 8 bits of an image (H, W) or (H, W, 3), uint8 or uint16."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else np.ascontiguousarray(image)


@dataclass(frozen=True)
class Agreement:
    """How well one set of displacements follows another.

    Attributes:
        correlation: Pearson correlation over all components, -1..1.
        gain: slope of the least-squares line through the origin: 1 means the same strength.
        nrmse: root mean square error over root mean square of the reference.
    """

    correlation: float
    gain: float
    nrmse: float


def agreement(measured: Sequence[float] | NDArray, reference: Sequence[float] | NDArray) -> Agreement:
    """Compare displacements of any equal shape; pairs with nan are left out.

    Raises:
        ValueError: nothing to compare, or the reference does not move at all.
    """
    a, b = np.asarray(measured, np.float64).ravel(), np.asarray(reference, np.float64).ravel()
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if not len(b) or not np.any(b):
        raise ValueError("no motion to compare with")
    return Agreement(
        float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 else 0.0,
        float(a @ b / (b @ b)),
        float(np.sqrt(((a - b) ** 2).mean() / (b**2).mean())),
    )
