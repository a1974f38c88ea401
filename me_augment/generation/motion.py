"""Motion prediction of the `warp` generator: what the face of the driver does, measured, with its head held still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import (
    apply_affine,
    fit_similarity,
    interocular,
    invert_affine,
)
from me_augment.generation.resample import RefinedImage, grid, look_up
from me_augment.generation.temporal import without_noise

# Landmarks that expressions hardly move: nose bridge, eye corners, jaw in front of the ears.
_RIGID_LANDMARKS = (27, 28, 29, 30, 36, 39, 42, 45, 0, 1, 15, 16)
# Lengths in units of the interocular distance.
_MARGIN = 0.35
_RIGID_RADIUS = 0.16
_SMOOTHING = 0.015
_WINDOW = 0.07
_CONTRAST_RADIUS = 0.12
# Flow is measured on faces of about this interocular distance: DIS patches are 8 px wide.
_WORKING_INTEROCULAR = 100.0


@dataclass(frozen=True)
class DriverMotion:
    """The motion of a driving clip, ready to be carried to any face.

    Attributes:
        landmarks: (68, 2) float32, of the onset frame, pixels of the driver's frames.
        origin: (2,) float64, (x, y) of the field's first sample in those pixels.
        step: distance of the field's samples in those pixels.
        residual: (T, h, w, 2) float32, displacement in driver pixels of what is at each sample in the onset
            frame, head motion removed; `residual[0]` is zero.
        head: (T, 2, 3) float64, similarity that takes the onset head to its place in frame t.
        eyes: like `residual`, the part that blinks and shifts of gaze add to it; None where there were none.
        light: (T, h, w) float32, logarithm of how much brighter what is at each sample in the onset frame has become
            by frame t, apart from the light of the scene; None where it was not measured.
    """

    landmarks: NDArray[np.float32]
    origin: NDArray[np.float64]
    step: float
    residual: NDArray[np.float32]
    head: NDArray[np.float64]
    eyes: NDArray[np.float32] | None = None
    light: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.residual)


def measure_motion(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> DriverMotion:
    """Measure a driving clip: dense flow from its first frame, split into head motion and facial motion.

    The flow is that of DIS (Kroeger et al., ECCV 2016) refined down to full resolution, on frames whose local
    contrast was normalised so that a flicker of the light is no motion. The head is the similarity that most of the
    face agrees on. What remains is freed of noise over the whole clip (`temporal`).

    Args:
        frames: T >= 1 frames (H, W) or (H, W, 3), uint8 or uint16, the onset first.
        landmarks: (68, 2), of the first frame.
    """
    eye_distance = interocular(landmarks)
    crop = _face_box(landmarks, eye_distance, frames[0].shape[:2])
    scale = float(np.clip(_WORKING_INTEROCULAR / eye_distance, 0.25, 4.0))
    work = [_normalised(frame[crop], scale, _CONTRAST_RADIUS * eye_distance * scale) for frame in frames]
    # cv2.resize aligns pixel areas: sample i lies at (i + 0.5) / scale - 0.5 of the crop.
    origin = np.array([crop[1].start, crop[0].start]) + 0.5 / scale - 0.5
    points = (landmarks - origin) * scale
    unit = eye_distance * scale

    confidence = _texture(work[0], unit)
    rigid = _near_rigid_landmarks(points, unit, work[0].shape) * confidence
    face = _inside_face(points, work[0].shape) * confidence
    coarse, fine = (cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM) for _ in range(2))
    coarse.setFinestScale(2)  # a quarter of the resolution is enough to see where the head is
    fine.setFinestScale(0)
    fine.setPatchStride(4)  # as exact as 3, and a tenth faster
    residual = np.zeros((len(work), *work[0].shape, 2), np.float32)
    head = np.tile(np.eye(2, 3), (len(work), 1, 1))
    for t in range(1, len(work)):
        similarity = _head_motion(coarse.calc(work[0], work[t], None), rigid, face)
        flow = _flow_about(similarity, fine, work[0], work[t], unit)
        similarity = _head_motion(flow, rigid, face)
        residual[t] = _smoothed(_without_head(flow, similarity), confidence, _SMOOTHING * unit) / scale
        head[t] = _in_frame_pixels(similarity, origin, scale)
    return DriverMotion(landmarks, origin, 1.0 / scale, without_noise(residual, face), head)


def _face_box(landmarks: NDArray[np.floating], unit: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    low = np.floor(landmarks.min(0) - _MARGIN * unit).astype(int)
    high = np.ceil(landmarks.max(0) + _MARGIN * unit).astype(int)
    return (
        slice(max(0, low[1]), min(shape[0], high[1] + 1)),
        slice(max(0, low[0]), min(shape[1], high[0] + 1)),
    )


def _normalised(frame: NDArray[Any], scale: float, sigma: float) -> NDArray[np.uint8]:
    """Gray, at the working size, local mean removed and local contrast made equal."""
    gray = frame.astype(np.float32)
    if gray.ndim == 3:
        gray = cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY)
    gray /= np.float32(np.iinfo(frame.dtype).max)
    if abs(scale - 1) > 1e-3:
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=interpolation)
    detail = gray - cv2.GaussianBlur(gray, (0, 0), sigma)
    # The floor keeps sensor noise on smooth skin from being blown up to full contrast.
    contrast = np.sqrt(cv2.GaussianBlur(detail**2, (0, 0), 2 * sigma)) + 0.02
    return np.clip(128 + 42 * detail / contrast, 0, 255).astype(np.uint8)


def _flow_about(
    similarity: NDArray[np.float64],
    dis: Any,
    first: NDArray[np.uint8],
    then: NDArray[np.uint8],
    unit: float,
) -> NDArray[np.float32]:
    """Flow between two frames whose head motion is roughly known: the head is brought back, the rest is measured.

    Patch-based flow assumes that a patch is only shifted; a turned or nearer head would leave motion behind.
    """
    x, y = grid(*first.shape)
    moved = apply_affine(similarity, np.stack([x, y], axis=-1).astype(np.float64)).astype(np.float32)
    aligned = RefinedImage.of(then).sample(*(np.ascontiguousarray(moved[..., i]) for i in (0, 1)))
    rest = _refined(dis.calc(first, aligned, None), first, aligned, _WINDOW * unit)
    # What is at x + rest in the aligned frame is at S(x + rest) in the frame itself.
    return moved + rest @ similarity[:, :2].T.astype(np.float32) - np.stack([x, y], axis=-1)


def _refined(
    flow: NDArray[np.float32], first: NDArray[np.uint8], then: NDArray[np.uint8], sigma: float, steps: int = 2
) -> NDArray[np.float32]:
    """The flow improved by Lucas-Kanade steps in a Gaussian window (Baker & Matthews, IJCV 2004, section 3.1).

    DIS stops some 5-10 % short of a sub-pixel motion; local least squares on what is left after warping back
    has no such bias.
    """
    a, b = first.astype(np.float32), then.astype(np.float32)
    kernel = np.array([[-1, 8, 0, -8, 1]], np.float32) / -12
    x, y = grid(*first.shape)
    bx, by = cv2.filter2D(b, -1, kernel), cv2.filter2D(b, -1, kernel.T)
    stacked = cv2.merge([b, bx, by])
    ax, ay = cv2.filter2D(a, -1, kernel), cv2.filter2D(a, -1, kernel.T)
    for _ in range(steps):
        warped = cv2.remap(
            stacked, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        gx, gy, rest = (warped[..., 1] + ax) / 2, (warped[..., 2] + ay) / 2, warped[..., 0] - a
        xx, xy, yy, xr, yr = (
            cv2.GaussianBlur(product, (0, 0), sigma) for product in (gx * gx, gx * gy, gy * gy, gx * rest, gy * rest)
        )
        ridge = 0.02 * (xx + yy) + 1.0
        xx, yy = xx + ridge, yy + ridge
        determinant = xx * yy - xy * xy
        step = np.stack([xy * yr - yy * xr, xy * xr - xx * yr], axis=-1) / determinant[..., None]
        flow = flow + np.clip(step, -0.5, 0.5)
    return flow


def _texture(image: NDArray[np.uint8], unit: float) -> NDArray[np.float32]:
    """How well each pixel's motion can be measured: the smaller eigenvalue of the structure tensor, in (0, 1]."""
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    sigma = 0.03 * unit
    xx, xy, yy = (cv2.GaussianBlur(product, (0, 0), sigma) for product in (gx * gx, gx * gy, gy * gy))
    smaller = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    smaller = np.maximum(smaller, 0)
    return smaller / (smaller + np.median(smaller) + 1e-6) + np.float32(0.02)


def _near_rigid_landmarks(points: NDArray[np.floating], unit: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    x, y = grid(*shape)
    near = np.zeros(shape, np.float32)
    for index in _RIGID_LANDMARKS:
        px, py = points[index]
        if index in (0, 1, 15, 16):  # step inwards, off the background
            px += np.sign(points[27, 0] - px) * 0.2 * unit
        near = np.maximum(near, np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * (_RIGID_RADIUS * unit) ** 2)))
    return near


def _inside_face(points: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One well inside the outline of the landmarks, zero elsewhere: the background does not move with the head."""
    centre = points.mean(0)
    hull = cv2.convexHull((centre + 0.9 * (points - centre)).astype(np.float32))[:, 0]
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 1)
    return inside.astype(np.float32)


def _head_motion(
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


def _without_head(flow: NDArray[np.float32], similarity: NDArray[np.float64]) -> NDArray[np.float32]:
    """S^-1(x + F(x)) - x: where a point would have gone had the head stood still."""
    x, y = grid(*flow.shape[:2])
    inverse = invert_affine(similarity).astype(np.float32)
    moved_x, moved_y = x + flow[..., 0], y + flow[..., 1]
    back_x = inverse[0, 0] * moved_x + inverse[0, 1] * moved_y + inverse[0, 2]
    back_y = inverse[1, 0] * moved_x + inverse[1, 1] * moved_y + inverse[1, 2]
    return np.stack([back_x - x, back_y - y], axis=-1)


def _smoothed(field: NDArray[np.float32], confidence: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean weighted by confidence: smooth skin takes its motion from the texture around it."""
    total = cv2.GaussianBlur(confidence, (0, 0), sigma)
    return cv2.GaussianBlur(field * confidence[..., None], (0, 0), sigma) / total[..., None]


def _in_frame_pixels(matrix: NDArray[np.float64], origin: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    linear = matrix[:, :2]
    return np.column_stack([linear, matrix[:, 2] / scale + origin - linear @ origin])


def residual_at(motion: DriverMotion, t: int, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Facial displacement (N, 2), driver pixels, of what is at `points` (N, 2) in the onset frame, in frame t."""
    samples = ((points - motion.origin) / motion.step).astype(np.float32)
    return look_up(motion.residual[t], samples[None, :, 0], samples[None, :, 1])[0]
