"""Head motion: the similarity that most of a face agrees on, found in a flow field and taken out of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import apply_affine, fit_similarity, invert_affine
from me_augment.generation.resample import grid

# Landmarks that expressions hardly move: nose bridge, eye corners, jaw in front of the ears.
_RIGID_LANDMARKS = (27, 28, 29, 30, 36, 39, 42, 45, 0, 1, 15, 16)
_RIGID_RADIUS = 0.16  # interocular distances
# Disagreement with the head, pixels, that marks a place as moved by the expression: first, and in the end.
_REMAINDER_PX = (0.15, 0.03)


def near_rigid_landmarks(points: NDArray[np.floating], unit: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Weight (h, w) in [0, 1] that is large near the landmarks that expressions hardly move."""
    x, y = grid(*shape)
    near = np.zeros(shape, np.float32)
    for index in _RIGID_LANDMARKS:
        px, py = points[index]
        if index in (0, 1, 15, 16):  # step inwards, off the background
            px += np.sign(points[27, 0] - px) * 0.2 * unit
        near = np.maximum(near, np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * (_RIGID_RADIUS * unit) ** 2)))
    return near


def inside_face(points: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One well inside the outline of the landmarks, zero elsewhere: the background does not move with the head."""
    centre = points.mean(0)
    hull = cv2.convexHull((centre + 0.9 * (points - centre)).astype(np.float32))[:, 0]
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 1)
    return inside.astype(np.float32)


def head_motion(
    flow: NDArray[np.float32], rigid: NDArray[np.float32], face: NDArray[np.float32], stride: int = 3
) -> NDArray[np.float64]:
    """Similarity that the head as a whole performs: begun on the rigid landmarks, settled on the whole face.

    A micro-expression moves a small part of the face, so the motion that most of the face agrees on is the head's.
    Iteratively reweighted least squares with Geman-McClure weights, which ignore what disagrees; begun on the rigid
    landmarks with a wide tolerance so that it settles on the head and not on a strong expression.
    """
    x, y = grid(*rigid.shape)
    cells = np.s_[::stride, ::stride]
    source = np.column_stack([x[cells].ravel(), y[cells].ravel()]).astype(np.float64)
    target = source + flow[cells].reshape(-1, 2)
    matrix = fit_similarity(source, target, rigid[cells].ravel() + 1e-9)
    for support, widths in ((rigid, (1.0, 0.5, 0.3)), (face, (0.3, 0.2, 0.15, 0.12, 0.1, 0.1))):
        weights = support[cells].ravel()
        keep = weights > 0.02 * weights.max()
        for width in widths:
            error = ((apply_affine(matrix, source[keep]) - target[keep]) ** 2).sum(1)
            matrix = fit_similarity(source[keep], target[keep], weights[keep] / (1 + error / width**2) ** 2 + 1e-12)
    return matrix


def without_head(flow: NDArray[np.float32], similarity: NDArray[np.float64]) -> NDArray[np.float32]:
    """S^-1(x + F(x)) - x: where a point would have gone had the head stood still."""
    x, y = grid(*flow.shape[:2])
    inverse = invert_affine(similarity).astype(np.float32)
    moved_x, moved_y = x + flow[..., 0], y + flow[..., 1]
    back_x = inverse[0, 0] * moved_x + inverse[0, 1] * moved_y + inverse[0, 2]
    back_y = inverse[1, 0] * moved_x + inverse[1, 1] * moved_y + inverse[1, 2]
    return np.stack([back_x - x, back_y - y], axis=-1)


def remaining_head_motion(
    residual: NDArray[np.float32], face: NDArray[np.float32], stride: int = 3
) -> NDArray[np.float64]:
    """Similarity (2, 3) left in a residual field (h, w, 2), pixels, that is free of noise already.

    The first fit has to allow for the noise of a single frame, and so follows a broad expression by some hundredths
    of a pixel. Once the noise is gone the tolerance can be narrowed to what truly stands still. All of the face counts
    alike here: a cheek without texture is as still as a nose with it.

    Args:
        residual: displacement of each pixel, without noise.
        face: (h, w), above zero on the face.
        stride: every n-th pixel is enough.
    """
    x, y = grid(*face.shape)
    cells = np.s_[::stride, ::stride]
    keep = face[cells].ravel() > 0.02 * face.max()
    source = np.column_stack([x[cells].ravel(), y[cells].ravel()]).astype(np.float64)[keep]
    target = source + residual[cells].reshape(-1, 2)[keep]
    matrix = np.eye(2, 3)
    for width in np.geomspace(*_REMAINDER_PX, 8):
        error = ((apply_affine(matrix, source) - target) ** 2).sum(1)
        matrix = fit_similarity(source, target, 1 / (1 + error / width**2) ** 2 + 1e-12)
    return matrix
