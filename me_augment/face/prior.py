"""The facial prior of the paper: 18 action-unit key points from 68 landmarks (region focusing)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# 0-based iBUG landmarks of points 0-11: brows, bridge, lids, lip corners, chin-side lip.
_DIRECT = (19, 24, 27, 38, 41, 43, 46, 48, 54, 55, 57, 59)
# Points 12-17 lie half an inner-eye-corner distance beside a landmark: (landmark, x factor, y factor).
_MOVED = ((31, -1, 0), (35, 1, 0), (41, 0, 1), (46, 0, 1), (48, -1, 0), (54, 1, 0))


def prior_points(landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    """The 18 key points of Zhang et al. (ACM MM 2021), section 3.1.

    Args:
        landmarks: (68, 2) pixels.

    Returns:
        (18, 2) float32 pixels; not clipped to the image.
    """
    points = np.asarray(landmarks, np.float64)
    half = (points[42, 0] - points[39, 0]) / 2  # horizontal distance of the inner eye corners
    direct = points[list(_DIRECT)]
    moved = np.array([points[i] + half * np.array([dx, dy]) for i, dx, dy in _MOVED])
    return np.vstack([direct, moved]).astype(np.float32)
