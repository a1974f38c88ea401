"""Similarity transforms between faces, the face in a mirror, and the face-aligned crop built on them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError

# Eyes nearer to each other than this show no expression, pixels.
_SMALLEST_FACE = 8
# Where the aligned crop puts the eye centres and the mouth centre, as fractions of its side.
_ANCHORS = np.array([[0.30, 0.36], [0.70, 0.36], [0.50, 0.78]])
# Landmark i of a picture flipped left to right is landmark MIRRORED[i] of the picture.
MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
])  # fmt: skip


def fit_similarity(
    source: NDArray[np.floating], target: NDArray[np.floating], weights: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Least-squares rotation, uniform scale and translation taking `source` to `target`.

    Args:
        source, target: (N, 2) points, N >= 2, not all the same.
        weights: (N,) non-negative weights; all one if None.

    Returns:
        (2, 3) float64 matrix M with target ≈ M[:, :2] @ source + M[:, 2] (Umeyama, PAMI 1991, in its closed
        two-dimensional form).
    """
    w = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    w = w / w.sum()
    mean_s, mean_t = w @ source, w @ target
    s, t = source - mean_s, target - mean_t
    spread = w @ (s**2).sum(1)
    a = w @ (s[:, 0] * t[:, 0] + s[:, 1] * t[:, 1]) / spread
    b = w @ (s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]) / spread
    linear = np.array([[a, -b], [b, a]])
    return np.column_stack([linear, mean_t - linear @ mean_s])


def apply_affine(matrix: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, 3) matrix applied to points (..., 2)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def invert_affine(matrix: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inverse of a (2, 3) matrix as a (2, 3) matrix."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def compose(outer: NDArray[np.floating], inner: NDArray[np.floating]) -> NDArray[np.float64]:
    """The (2, 3) matrix that does `inner` first and then `outer`."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def mirror_landmarks(landmarks: NDArray[Any], width: float) -> NDArray[Any]:
    """68 landmarks of an image `width` pixels wide flipped left to right: moved, left and right names exchanged."""
    flipped = landmarks.copy()
    flipped[:, 0] = width - 1 - landmarks[:, 0]
    return flipped[MIRRORED]


def eye_centres(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centres (2, 2) of the image-left and image-right eye of 68 landmarks."""
    return np.stack([landmarks[36:42].mean(0), landmarks[42:48].mean(0)]).astype(np.float64)


def interocular(landmarks: NDArray[np.floating]) -> float:
    """Distance of the eye centres in pixels: the unit in which faces are compared."""
    left, right = eye_centres(landmarks)
    return float(np.hypot(*(right - left)))


def alignment(landmarks: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """(2, 3) similarity from image pixels to the pixels of a `size` x `size` face-aligned crop."""
    points = np.vstack([eye_centres(landmarks), landmarks[48:60].mean(0)])
    return fit_similarity(points, _ANCHORS * size - 0.5)


def require_face(landmarks: NDArray[np.floating], shape: tuple[int, ...]) -> None:
    """Check that 68 landmarks are those of an upright face in a picture of `shape` (height, width, …).

    Raises:
        MeAugmentError: they are not, or the face is too small or outside the picture.
    """
    if landmarks.shape != (68, 2) or not np.isfinite(landmarks).all():
        raise MeAugmentError("the landmarks are not 68 points of a face.")
    if interocular(landmarks) < _SMALLEST_FACE:
        raise MeAugmentError(f"the face is too small: its eyes are less than {_SMALLEST_FACE} pixels apart.")
    left, right = eye_centres(landmarks)
    across, down = right - left, landmarks[48:60].mean(0) - (left + right) / 2
    if across[0] * down[1] - across[1] * down[0] <= 0:
        raise MeAugmentError("the landmarks are those of a mirrored or upside-down face.")
    if (landmarks.max(0) < 0).any() or (landmarks.min(0) > (shape[1] - 1, shape[0] - 1)).any():
        raise MeAugmentError("the face lies outside its picture.")


def aligned_crop(image: NDArray[Any], landmarks: NDArray[np.floating], size: int) -> NDArray[Any]:
    """The face turned upright and cut to `size` x `size`; dtype and channels as given, borders repeated.

    All frames of a clip are cropped with the landmarks of its onset frame, so that the crop adds no motion.
    """
    return crop(image, alignment(landmarks, size), size)


def crop(image: NDArray[Any], matrix: NDArray[np.floating], size: int) -> NDArray[Any]:
    """`size` x `size` pixels of the image seen through `matrix`, which takes image pixels to the crop's."""
    shrink = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if shrink < 0.5:  # a plain warp would skip pixels: blur away what the crop cannot hold
        image = cv2.GaussianBlur(image, (0, 0), 0.5 / shrink - 0.5)
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
