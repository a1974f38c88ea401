"""What a synthetic clip should do: a driver's facial motion, tracked apart from any generator, on another face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.evaluation.regions import gray8, tracked_displacement
from me_augment.face.correspondence import face_map
from me_augment.face.geometry import (
    apply_affine,
    fit_similarity,
    interocular,
    invert_affine,
    mirror_landmarks,
)
from me_augment.face.prior import prior_points
from me_augment.generation import Rendition
from me_augment.generation.edits import side_of
from me_augment.generation.motion import DriverMotion, residual_at

# Lengths in interocular distances. The window is wide: what it smears it smears alike on both faces.
_STEP, _WINDOW = 0.1, 0.15
_ACCURACY_PX = 2e-3
_MARGIN = 0.35
_REGION = 0.10
_RIGID = 0.12
_EYE_OPENING = (0.28, 0.12)
# Faces larger than this interocular distance are tracked on smaller pictures.
_LARGEST_INTEROCULAR = 110.0
# Nose bridge, eye corners, and the cheekbones in front of the ears.
_RIGID_LANDMARKS = (27, 28, 29, 30, 36, 39, 42, 45)
_CHEEKBONES = (0, 1, 15, 16)
# What the tracker is off by even without noise, working pixels (linear interpolation between pixels).
_TRACKER_PX = 0.02


@dataclass(frozen=True)
class FaceView:
    """The part of a picture in which a face is tracked, at a size that trackers like.

    Attributes:
        rows, columns: cut out of the picture.
        scale: working pixels per picture pixel, at most 1.
        window: side of the tracker's window, working pixels.
    """

    rows: slice
    columns: slice
    scale: float
    window: int

    @classmethod
    def of(cls, landmarks: NDArray[np.floating], shape: tuple[int, ...]) -> FaceView:
        """View of the face with these landmarks in a picture of `shape`; MeAugmentError if it lies outside."""
        unit = interocular(landmarks)
        low = np.maximum(np.floor(landmarks.min(0) - _MARGIN * unit), 0).astype(int)
        high = np.minimum(np.ceil(landmarks.max(0) + _MARGIN * unit), (shape[1] - 1, shape[0] - 1)).astype(int)
        if (high - low < 16).any():
            raise MeAugmentError("the face lies outside its picture.")
        scale = min(1.0, _LARGEST_INTEROCULAR / unit)
        window = max(7, int(_WINDOW * unit * scale) | 1)
        return cls(slice(low[1], high[1] + 1), slice(low[0], high[0] + 1), scale, window)

    def picture(self, frame: NDArray[Any]) -> NDArray[np.uint8]:
        """The view of a frame, gray, 8 bits."""
        gray = gray8(frame[self.rows, self.columns])
        if self.scale == 1:
            return gray
        return cv2.resize(gray, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)

    def place(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Working pixels of picture points (..., 2)."""
        # cv2.resize aligns pixel areas.
        return ((points - (self.columns.start, self.rows.start) + 0.5) * self.scale - 0.5).astype(np.float32)

    def tracked(
        self, before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Displacement (N, 2), picture pixels, of picture points (N, 2) between two views; nan where lost."""
        found = tracked_displacement(before, after, self.place(points), self.window, _ACCURACY_PX)
        return found.astype(np.float64) / self.scale


class Performer(Protocol):
    """An observed expression at points of the face that performed it.

    Attributes:
        landmarks: (68, 2), pixels.
        points: (N, 2), pixels: where its motion is known at rest; the rows of a grid of `shape` (ny, nx).
        shape: see `points`.
        eyes_moved: it blinked or looked elsewhere, which a rendition may leave out.
    """

    landmarks: NDArray[np.float32]
    points: NDArray[np.float64]
    shape: tuple[int, int]
    eyes_moved: bool

    def at(self, time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Displacement (N, 2) at a frame, fractions allowed, head held still, nan unknown; and the head's (2, 3)."""
        ...

    def noise_of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance per component (R,), square pixels, of weighted means (R, N) of the displacements."""
        ...


def grid_over(landmarks: NDArray[np.floating]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Points (N, 2) spread evenly over a face and its forehead, and their (rows, columns)."""
    unit = interocular(landmarks)
    low, high = landmarks.min(0) - (0, _MARGIN * unit), landmarks.max(0)
    columns, rows = np.maximum(2, np.rint((high - low) / (_STEP * unit))).astype(int) + 1
    x, y = np.meshgrid(np.linspace(low[0], high[0], columns), np.linspace(low[1], high[1], rows))
    return np.column_stack([x.ravel(), y.ravel()]).astype(np.float64), (int(rows), int(columns))


def region_weights(landmarks: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """How much each point counts for each of the 18 regions, (18, N)."""
    squared = ((prior_points(landmarks)[:, None].astype(np.float64) - points) ** 2).sum(-1)
    return np.exp(-squared / (2 * (_REGION * interocular(landmarks)) ** 2))


def rigid_weights(landmarks: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """How near each point (N, 2) is to bone: bridge of the nose, eye corners, cheekbones; (N,) in (0, 1]."""
    unit = interocular(landmarks)
    inwards = np.sign(landmarks[27, 0] - landmarks[list(_CHEEKBONES), 0]) * 0.2 * unit
    cheekbones = landmarks[list(_CHEEKBONES)] + np.column_stack([inwards, np.zeros(4)])
    centres = np.vstack([landmarks[list(_RIGID_LANDMARKS)], cheekbones])
    squared = ((points[:, None] - centres) ** 2).sum(-1)
    return np.exp(-squared / (2 * (_RIGID * unit) ** 2)).max(1)


def in_eye_openings(landmarks: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in the eyes, where blinks and gaze move them."""
    unit = interocular(landmarks)
    inside = np.zeros(len(points), bool)
    for eye in (slice(36, 42), slice(42, 48)):
        across = (points - landmarks[eye].mean(0)) / (unit * np.array(_EYE_OPENING))
        inside |= (across**2).sum(1) < 1
    return inside


class TrackedDriver:
    """`Performer` of a driving clip, tracked in its frames when it is asked for, once per frame.

    Args:
        frames: (H, W) or (H, W, 3), uint8 or uint16, the onset first.
        landmarks: (68, 2) of the first frame.
        eyes_moved: see `Performer`.
    """

    def __init__(
        self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32], *, eyes_moved: bool = False
    ) -> None:
        self.landmarks, self.eyes_moved = landmarks, eyes_moved
        self.points, self.shape = grid_over(landmarks)
        self._view = FaceView.of(landmarks, frames[0].shape)
        self._pictures = [self._view.picture(frame) for frame in frames]
        self._rigid = rigid_weights(landmarks, self.points)
        still = np.zeros_like(self.points), np.eye(2, 3)
        self._found: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {0: still}

    def __len__(self) -> int:
        return len(self._pictures)

    def at(self, time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """See `Performer.at`; linear between frames."""
        before = int(time)
        part = time - before
        motion, head = self._frame(before)
        if part:
            next_motion, next_head = self._frame(before + 1)
            motion, head = (1 - part) * motion + part * next_motion, (1 - part) * head + part * next_head
        return motion, head

    def _frame(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if index not in self._found:
            moved = self._view.tracked(self._pictures[0], self._pictures[index], self.points)
            head = head_motion(self.points, moved, self._rigid, interocular(self.landmarks))
            self._found[index] = apply_affine(invert_affine(head), self.points + moved) - self.points, head
        return self._found[index]

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """(N,), standard deviation per component of the displacements, pixels.

        What sensor noise does to the least squares of Lucas and Kanade: 2 sigma^2 G^-1.
        """
        sigma = _sensor_noise(self._pictures)
        first = self._pictures[0].astype(np.float32)
        gx, gy = (cv2.Sobel(first, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
        size = (self._view.window, self._view.window)
        xx, xy, yy = (cv2.boxFilter(p, -1, size, normalize=False) for p in (gx * gx, gx * gy, gy * gy))
        x, y = np.rint(self._view.place(self.points)).astype(int).T
        x, y = np.clip(x, 0, first.shape[1] - 1), np.clip(y, 0, first.shape[0] - 1)
        xx, xy, yy = xx[y, x], xy[y, x], yy[y, x]
        mean_variance = sigma**2 * (xx + yy) / np.maximum(xx * yy - xy**2, 1e-6 * (xx + yy + 1) ** 2)
        return np.sqrt(np.minimum(mean_variance, 1.0) + _TRACKER_PX**2).astype(np.float64) / self._view.scale

    def noise_of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Performer.noise_of`; windows that overlap err alike."""
        weighted = weights * self.noise
        return ((weighted @ self._overlap) * weighted).sum(1)

    @cached_property
    def _overlap(self) -> NDArray[np.float64]:
        side = self._view.window / self._view.scale
        apart = np.abs(self.points[:, None] - self.points) / side
        return np.clip(1 - apart, 0, None).prod(-1)


class IntendedMotion:
    """`Performer` of a motion that was drawn and not observed: exact, and the head stands still."""

    def __init__(self, motion: DriverMotion) -> None:
        self._motion = motion
        self.landmarks, self.eyes_moved = motion.landmarks, False
        self.points, self.shape = grid_over(motion.landmarks)

    def at(self, time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """See `Performer.at`; linear between frames."""
        before = int(time)
        part = time - before
        motion = residual_at(self._motion, before, self.points).astype(np.float64)
        if part:
            motion = (1 - part) * motion + part * residual_at(self._motion, before + 1, self.points)
        return motion, np.eye(2, 3)

    def noise_of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `Performer.noise_of`."""
        return np.zeros(len(weights))


def _sensor_noise(pictures: Sequence[NDArray[np.uint8]]) -> float:
    """Standard deviation of the noise, grey levels: of what the second difference in x and y leaves of two frames.

    The mask is that of Immerkaer (CVIU 1996); applied to the difference of two frames it hardly sees the texture.
    """
    if len(pictures) < 2:
        return 0.0
    difference = pictures[1].astype(np.float32) - pictures[0]
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(1.4826 * np.median(np.abs(cv2.filter2D(difference, -1, mask))) / 6 / np.sqrt(2))


def head_motion(
    points: NDArray[np.floating], moved: NDArray[np.floating], rigid: NDArray[np.floating], unit: float
) -> NDArray[np.float64]:
    """Similarity (2, 3) that most of the face agrees on, begun on its rigid parts; the identity if too little is known.

    Iteratively reweighted least squares with Geman-McClure weights, which ignore what an expression moves.
    """
    known = np.isfinite(moved).all(1)
    if known.sum() < 8:
        return np.eye(2, 3)
    start, there, weights = points[known], (points + moved)[known], rigid[known] + 1e-6
    matrix = fit_similarity(start, there, weights)
    even = np.ones_like(weights)
    # Tolerances in interocular distances; 0.012 is a pixel on a face of 82.
    for base, widths in ((weights, (0.012, 0.006, 0.004)), (even, (0.004, 0.0025, 0.002, 0.0015, 0.0012, 0.0012))):
        for width in widths:
            error = ((apply_affine(matrix, start) - there) ** 2).sum(1)
            matrix = fit_similarity(start, there, base / (1 + error / (width * unit) ** 2) ** 2 + 1e-12)
    return matrix


@dataclass(frozen=True)
class Wanted:
    """A performer laid on a target face, as a rendition asks for it.

    Attributes:
        points: (N, 2), target pixels, rows of a grid of `shape`.
        shape: (ny, nx).
        displacement: (K, N, 2), target pixels, of each checked frame, head held still; nan unknown.
        regions: (18, N) weights of the points in each region.
        region_noise: (18,) variance of the regions' displacement per component, square target pixels.
        head: (K,) root mean square motion of the performer's landmarks by the head, interocular distances.
    """

    points: NDArray[np.float64]
    shape: tuple[int, int]
    displacement: NDArray[np.float64]
    regions: NDArray[np.float64]
    region_noise: NDArray[np.float64]
    head: NDArray[np.float64]


def wanted_on(
    performer: Performer, target_landmarks: NDArray[np.floating], rendition: Rendition, frames: Sequence[int]
) -> Wanted:
    """What the target should do in the given frames of the clip.

    Points go through the correspondence of the faces, displacements are carried as `FaceMap.carry` bounds it.

    Args:
        performer: who shows the expression.
        target_landmarks: (68, 2).
        rendition: how it was to be performed.
        frames: positions in the clip.
    """
    landmarks, points = performer.landmarks, performer.points
    flip = np.array([-1.0, 1.0]) if rendition.mirror else np.ones(2)
    if rendition.mirror:  # about x = 0
        landmarks, points = mirror_landmarks(landmarks, 1.0), points * flip
    there = face_map(landmarks, target_landmarks)(points)
    carry = face_map(target_landmarks, landmarks).carry(there)
    factor = rendition.strength * (1 + rendition.asymmetry * side_of(landmarks, points).astype(np.float64))
    in_eyes = (
        in_eye_openings(landmarks, points)
        if performer.eyes_moved and rendition.eyes < 1
        else np.zeros(len(points), bool)
    )
    unit = interocular(landmarks)
    displacement, head = [], []
    for frame in frames:
        motion, similarity = performer.at(frame if rendition.times is None else rendition.times[frame])
        carried = np.einsum("nij,nj->ni", carry, motion * flip) * factor[:, None]
        carried[in_eyes] = np.nan
        displacement.append(carried)
        shift = apply_affine(similarity, performer.landmarks) - performer.landmarks
        head.append(np.sqrt((shift**2).sum(1).mean()) / unit)
    weights = region_weights(landmarks, points) * ~in_eyes
    weights /= weights.sum(1, keepdims=True)
    gain = (carry**2).sum((1, 2)) / 2 * factor**2  # of variance, the mean of the two directions
    noise = performer.noise_of(weights * np.sqrt(gain))
    moved = np.array(displacement).reshape(-1, len(points), 2)
    return Wanted(there, performer.shape, moved, weights, noise, np.array(head))
