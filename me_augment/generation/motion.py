"""Motion prediction of the `warp` generator: what the face of the driver does, measured, with its head held still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import compose, interocular, require_face
from me_augment.generation.eyes import EyeEvents
from me_augment.generation.flow import follow
from me_augment.generation.head import STILL, Head, HeadTracker
from me_augment.generation.light import as_gray, measure_light
from me_augment.generation.resample import RefinedImage, look_up
from me_augment.generation.temporal import without_noise

# Lengths in units of the interocular distance.
# Around the landmarks, and above the brows, where the forehead moves with them.
_MARGIN, _FOREHEAD = 0.35, 0.7
_SMOOTHING = 0.015
_CONTRAST_RADIUS = 0.12
# Flow is measured on faces of about this interocular distance: the patches of the flow are 8 px wide.
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
        head: (T, 2, 3) float64, similarity that takes the onset head to its place in frame t; what a head does
            besides, turning out of the picture plane, is removed from `residual` and not kept.
        eyes: like `residual`, the part that blinks and shifts of gaze add to it; None where there were none.
        light: (T, h, w) float32, logarithm of how much brighter what is at each sample in the onset frame has become
            by frame t, apart from the light of the scene (`light`); None where it was not measured.
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


# As `measure_motion`, which may be asked for what was measured before.
Measure = Callable[[Sequence[NDArray[Any]], NDArray[np.float32]], DriverMotion]


def measure_motion(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> DriverMotion:
    """Measure a driving clip: dense flow over all frames, split into head motion and facial motion.

    The frames' local contrast is made equal first, so that a flicker of the light is no motion. The head is what
    most of the face agrees on (`head`); it is held still, the rest is measured (`flow`) and freed of noise over the
    whole clip (`temporal`), and what is left of the head, and what the eyes did by themselves (`eyes`), is taken out.

    Args:
        frames: T >= 1 frames (H, W) or (H, W, 3), uint8 or uint16, the onset first.
        landmarks: (68, 2), of the first frame.

    Raises:
        MeAugmentError: the landmarks are not those of a face in the frames.
    """
    require_face(landmarks, frames[0].shape)
    eye_distance = interocular(landmarks)
    crop = _face_box(landmarks, eye_distance, frames[0].shape[:2])
    scale = float(np.clip(_WORKING_INTEROCULAR / eye_distance, 0.25, 4.0))
    gray = [_resized(as_gray(frame[crop]), scale) for frame in frames]
    work = [_normalised(frame, _CONTRAST_RADIUS * eye_distance * scale) for frame in gray]
    # cv2.resize aligns pixel areas: sample i lies at (i + 0.5) / scale - 0.5 of the crop.
    origin = np.array([crop[1].start, crop[0].start]) + 0.5 / scale - 0.5
    points = (landmarks - origin) * scale
    unit = eye_distance * scale

    texture = _texture(work[0], unit)
    tracker = HeadTracker(points, texture)
    heads, still = _head_held_still(work, tracker)
    events = EyeEvents.of(still, points, unit)
    flow, trust = follow(still, unit, events.hidden)
    places = [tracker.places(head, field) for head, field in zip(heads, flow, strict=True)]
    tracker.learn_relief([place - tracker.here for place in places[1:]])
    residual = np.zeros_like(flow)
    for t in range(1, len(work)):
        heads[t] = tracker.fit(places[t] - tracker.here)
        residual[t] = _smoothed(tracker.residual(heads[t], places[t]), texture * trust, _SMOOTHING * unit)
    residual = without_noise(residual, tracker.face)
    places = [tracker.places(head, field) for head, field in zip(heads, residual, strict=True)]
    light = measure_light(gray, places, points, tracker.face, events.hidden, unit)
    similarities = [heads[0].similarity]
    for t in range(1, len(work)):
        rest = tracker.remaining(residual[t])
        residual[t] = tracker.residual(rest, tracker.here + residual[t])
        similarities.append(compose(heads[t].similarity, rest.similarity))
    calm = events.without(residual)
    eyes = None if calm is residual else (residual - calm) / np.float32(scale)
    head = np.stack([_in_frame_pixels(matrix, origin, scale) for matrix in similarities])
    return DriverMotion(landmarks, origin, 1.0 / scale, calm / np.float32(scale), head, eyes, light)


def _head_held_still(
    work: Sequence[NDArray[np.uint8]], tracker: HeadTracker
) -> tuple[list[Head], list[NDArray[np.uint8]]]:
    """Head motion in each frame, roughly, and the frames brought back by it.

    Patch-based flow assumes that a patch is only shifted; a turned or nearer head would leave motion behind. A
    quarter of the resolution is enough to see where the head is.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(2)
    flows = [search.calc(work[0], frame, None) for frame in work[1:]]
    tracker.learn_relief(flows)
    heads, still = [STILL], [work[0]]
    nothing = np.zeros_like(tracker.here)
    for frame, flow in zip(work[1:], flows, strict=True):
        heads.append(tracker.fit(flow))
        places = tracker.places(heads[-1], nothing)
        still.append(RefinedImage.of(frame).sample(*(np.ascontiguousarray(places[..., i]) for i in (0, 1))))
    return heads, still


def _face_box(landmarks: NDArray[np.floating], unit: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    low = np.floor(landmarks.min(0) - (_MARGIN * unit, _FOREHEAD * unit)).astype(int)
    high = np.ceil(landmarks.max(0) + _MARGIN * unit).astype(int)
    return (
        slice(max(0, low[1]), min(shape[0], high[1] + 1)),
        slice(max(0, low[0]), min(shape[1], high[0] + 1)),
    )


def _resized(gray: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    if abs(scale - 1) < 1e-3:
        return gray
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    # Cubic interpolation overshoots at hard edges.
    return np.clip(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=interpolation), 0, 1)


def _normalised(gray: NDArray[np.float32], sigma: float) -> NDArray[np.uint8]:
    """Local mean removed and local contrast made equal."""
    detail = gray - cv2.GaussianBlur(gray, (0, 0), sigma)
    # The floor keeps sensor noise on smooth skin from being blown up to full contrast.
    contrast = np.sqrt(cv2.GaussianBlur(detail**2, (0, 0), 2 * sigma)) + 0.02
    return np.clip(128 + 42 * detail / contrast, 0, 255).astype(np.uint8)


def _texture(image: NDArray[np.uint8], unit: float) -> NDArray[np.float32]:
    """How well each pixel's motion can be measured: the smaller eigenvalue of the structure tensor, in (0, 1]."""
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    sigma = 0.03 * unit
    xx, xy, yy = (cv2.GaussianBlur(product, (0, 0), sigma) for product in (gx * gx, gx * gy, gy * gy))
    smaller = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    smaller = np.maximum(smaller, 0)
    return smaller / (smaller + np.median(smaller) + 1e-6) + np.float32(0.02)


def _smoothed(field: NDArray[np.float32], confidence: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean weighted by confidence: smooth skin takes its motion from the texture around it."""
    total = cv2.GaussianBlur(confidence, (0, 0), sigma)
    return cv2.GaussianBlur(field * confidence[..., None], (0, 0), sigma) / total[..., None]


def _in_frame_pixels(matrix: NDArray[np.float64], origin: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    linear = matrix[:, :2]
    return np.column_stack([linear, matrix[:, 2] / scale + origin - linear @ origin])


def residual_at(
    motion: DriverMotion, t: int, points: NDArray[np.floating], field: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Facial displacement (N, 2), driver pixels, of what is at `points` (N, 2) in the onset frame, in frame t.

    `field` (T, h, w, 2) is read in place of the motion's residual.
    """
    samples = ((points - motion.origin) / motion.step).astype(np.float32)
    values = motion.residual if field is None else field
    return look_up(values[t], samples[None, :, 0], samples[None, :, 1])[0]
