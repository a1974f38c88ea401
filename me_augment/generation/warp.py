"""The `warp` generator: the driver's measured motion carried to a target face and rendered at its own resolution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.correspondence import face_map
from me_augment.face.geometry import apply_affine, fit_similarity, interocular, invert_affine, require_face
from me_augment.generation.edits import edited
from me_augment.generation.generator import Rendition
from me_augment.generation.light import LIMIT
from me_augment.generation.lips import Lips
from me_augment.generation.motion import DriverMotion, Measure, measure_motion
from me_augment.generation.resample import RefinedImage, dither_for, grid, look_up

VERSION = "2"
# A field value below this moves nothing visible; such pixels are copied, not resampled.
_STILL_PX = 1e-3
_STILL_RATIO = 1e-3
# The map between faces is smooth: it is evaluated on every n-th pixel and interpolated between.
_MAP_STRIDE = 4
# The inverse field is exact to about this, pixels, where the face does not fold.
_INVERSION_PX = 0.005
_INVERSION_STEPS = 30


@dataclass(frozen=True)
class Carrier:
    """How motion of one driver reaches one target: everything that does not change from frame to frame.

    Attributes:
        box: rows and columns of the target that can move.
        sample_x, sample_y: (h, w) float32, where each pixel of the box reads the driver's field.
        carry: (h, w, 2, 2) float32, target displacement per driver displacement, times the face mask.
        mask: (h, w) float32 in [0, 1], that mask.
        head: (2, 3) float64, similarity from driver pixels to target pixels.
        reach: (H, W) float32 in [0, 1], how much of the head motion each target pixel follows.
    """

    box: tuple[slice, slice]
    sample_x: NDArray[np.float32]
    sample_y: NDArray[np.float32]
    carry: NDArray[np.float32]
    mask: NDArray[np.float32]
    head: NDArray[np.float64]
    reach: NDArray[np.float32]


def make_carrier(motion: DriverMotion, target_landmarks: NDArray[np.float32], shape: tuple[int, int]) -> Carrier:
    """Relate a driver to a target face of an image of `shape` (H, W).

    With phi the smooth map from target to driver, a driver displacement r at phi(y) becomes
    (D phi(y))^-1 r at y: displacements scale and turn with the local shape of the faces.

    Raises:
        MeAugmentError: the landmarks are not those of a face in the image.
    """
    require_face(target_landmarks, shape)
    mask = face_mask(target_landmarks, shape)
    box = bounds(mask)
    height, width = (cells.stop - cells.start for cells in box)
    phi = face_map(target_landmarks, motion.landmarks)

    coarse_y = np.arange(0, height + _MAP_STRIDE, _MAP_STRIDE)
    coarse_x = np.arange(0, width + _MAP_STRIDE, _MAP_STRIDE)
    nodes = np.stack(np.meshgrid(coarse_x + box[1].start, coarse_y + box[0].start), axis=-1).astype(np.float64)
    coarse_place = ((phi(nodes) - motion.origin) / motion.step).astype(np.float32)
    matrices = phi.carry(nodes).astype(np.float32)

    x, y = grid(height, width)
    x, y = x / np.float32(_MAP_STRIDE), y / np.float32(_MAP_STRIDE)
    place = look_up(coarse_place, x, y)
    carry = np.concatenate([look_up(matrices[..., i, :], x, y) for i in (0, 1)], axis=-1)
    carry = carry.reshape(height, width, 2, 2) * mask[box][..., None, None]
    return Carrier(
        box,
        np.ascontiguousarray(place[..., 0]),
        np.ascontiguousarray(place[..., 1]),
        carry,
        mask[box],
        fit_similarity(motion.landmarks, target_landmarks),
        head_reach(target_landmarks, shape),
    )


def bounds(mask: NDArray[np.float32]) -> tuple[slice, slice]:
    """Rows and columns in which a mask (H, W) of what can move is above zero somewhere; MeAugmentError if nowhere."""
    if not mask.any():
        raise MeAugmentError("the target's face lies outside its picture.")
    rows, columns = np.flatnonzero(mask.max(1) > 0), np.flatnonzero(mask.max(0) > 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def face_mask(landmarks: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Soft mask (H, W) in [0, 1] of the skin that expressions move: one inside, zero from the face's edge on."""
    unit = interocular(landmarks)
    hull = _outline(landmarks)
    hull = hull + 0.12 * unit * (hull - hull.mean(0)) / np.linalg.norm(hull - hull.mean(0), axis=1, keepdims=True)
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 1)
    distance = cv2.distanceTransform(cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 5)
    distance = distance[1:-1, 1:-1]
    ramp = np.clip(distance / (0.25 * unit), 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)


def _outline(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Convex outline of the face: jaw, and the brows raised by half an eye distance to take in the forehead."""
    unit = interocular(landmarks)
    up = landmarks[27] - landmarks[8]
    up = up / np.linalg.norm(up)
    forehead = landmarks[17:27] + 0.55 * unit * up
    jaw = landmarks[:17] - 0.06 * unit * up
    return cv2.convexHull(np.vstack([jaw, forehead]).astype(np.float32))[:, 0]


def head_reach(landmarks: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Soft mask (H, W) in [0, 1] of what moves with the head: one up to an eye distance beside it, zero from three."""
    unit = interocular(landmarks)
    head = np.ones(shape, np.uint8)
    cv2.fillConvexPoly(head, np.rint(_outline(landmarks)).astype(np.int32), 0)
    outside = cv2.distanceTransform(head, cv2.DIST_L2, 5)
    ramp = np.clip(1.5 - outside / (2 * unit), 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)


def displacement(motion: DriverMotion, carrier: Carrier, t: int, rendition: Rendition) -> NDArray[np.float32]:
    """Forward displacement (h, w, 2), target pixels, of the pixels of the carrier's box in frame t.

    The expression grows with the rendition's strength; blinks and shifts of gaze do not.
    """
    wanted = np.float32(rendition.strength) * motion.residual[t]
    if motion.eyes is not None and rendition.eyes:
        wanted += np.float32(rendition.eyes) * motion.eyes[t]
    field = look_up(wanted, carrier.sample_x, carrier.sample_y)
    rx, ry = field[..., 0], field[..., 1]
    out = np.empty_like(field)
    for i in (0, 1):
        out[..., i] = carrier.carry[..., i, 0] * rx + carrier.carry[..., i, 1] * ry
    return out


def shading(motion: DriverMotion, carrier: Carrier, t: int, rendition: Rendition) -> NDArray[np.float32] | None:
    """Logarithm (h, w) of the factor on the brightness of what is in the carrier's box at onset, in frame t.

    None where nothing was measured or nothing is asked for. It grows with the strength of the expression, up to
    `light.LIMIT`.
    """
    if motion.light is None or not rendition.shading * rendition.strength:
        return None
    level = cv2.remap(motion.light[t], carrier.sample_x, carrier.sample_y, cv2.INTER_LINEAR)
    level *= np.float32(rendition.shading * rendition.strength) * carrier.mask
    return np.clip(level, -LIMIT, LIMIT)


def inverted(forward: NDArray[np.float32]) -> NDArray[np.float32]:
    """Backward field B (h, w, 2) with B(z) = -D(z + B(z)): which way to look for what arrives at z.

    Fixed-point iteration, which contracts where neighbouring pixels move nearly alike; steps are halved when they no
    longer shrink, as where a strong expression folds the face. Ends when no pixel is off by more than
    `_INVERSION_PX`, or after `_INVERSION_STEPS`.
    """
    x, y = grid(*forward.shape[:2])
    backward = -forward
    last = np.inf
    for _ in range(_INVERSION_STEPS):
        error = look_up(forward, x + backward[..., 0], y + backward[..., 1])
        error += backward
        largest = cv2.norm(error.reshape(-1, 2), cv2.NORM_INF)
        if largest <= _INVERSION_PX:
            break
        backward -= error if largest < last else error * np.float32(0.5)
        last = largest
    return backward


class WarpAnimation:
    """See `Animation`."""

    def __init__(
        self,
        target: NDArray[Any],
        landmarks: NDArray[np.floating],
        motion: DriverMotion,
        carrier: Carrier,
        rendition: Rendition,
    ) -> None:
        self.peak_displacement_px = 0.0
        self._target, self._motion, self._carrier = target, motion, carrier
        self._landmarks = landmarks
        self._rendition = rendition

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return self._with_head() if self._rendition.keep_head_motion else self._face_only()

    def _displacement(self, t: int) -> NDArray[np.float32]:
        return displacement(self._motion, self._carrier, t, self._rendition)

    def _note_peak(self, forward: NDArray[np.float32]) -> None:
        peak = float(np.sqrt((forward**2).sum(-1).max()))
        self.peak_displacement_px = max(self.peak_displacement_px, peak)

    def _face_only(self) -> Iterator[NDArray[Any]]:
        box = self._carrier.box
        refined = RefinedImage.of(self._target[box])
        x, y = grid(*refined.shape)
        dither = dither_for(self._target[box])
        lips = Lips.of(self._landmarks, box)
        darkest = None if lips is None else lips.darkest(refined)
        for t in range(len(self._motion)):
            frame = self._target.copy()
            forward, light = self._displacement(t), shading(self._motion, self._carrier, t, self._rendition)
            self._note_peak(forward)
            if light is not None or np.abs(forward).max() > _STILL_PX:
                backward = inverted(forward)
                there_x, there_y = x + backward[..., 0], y + backward[..., 1]
                changes = np.abs(backward).max(-1) > _STILL_PX
                factor = None
                if light is not None:
                    factor = np.exp(cv2.remap(light, there_x, there_y, cv2.INTER_LINEAR))
                    changes |= np.abs(factor - 1) > _STILL_RATIO
                moved = refined.sample(there_x, there_y, factor, dither)
                mouth = None
                if lips is not None and darkest is not None:
                    mouth = lips.parted(forward, refined, darkest, self._rendition.strength)
                if lips is not None and mouth is not None:
                    if factor is not None:
                        light_there = factor[lips.box]
                        mouth *= light_there if mouth.ndim == 2 else light_there[..., None]
                    moved[lips.box] = refined.stored(mouth + dither[lips.box])
                    changes[lips.box] |= lips.near > 0
                frame[box][changes] = moved[changes]
            yield frame

    def _with_head(self) -> Iterator[NDArray[Any]]:
        """The expression and the head's similarity, which fades out around the head; lips move in one piece."""
        carrier = self._carrier
        box = bounds(carrier.reach)
        refined = RefinedImage.of(self._target[box])
        x, y = grid(*refined.shape)
        dither = dither_for(self._target[box])
        place = np.stack([x + box[1].start, y + box[0].start], axis=-1)
        # Where the skin that moves lies in the region that the head moves.
        face = tuple(slice(c.start - b.start, c.stop - b.start) for c, b in zip(carrier.box, box, strict=True))
        back = invert_affine(carrier.head)
        yield self._target.copy()
        for t in range(1, len(self._motion)):
            light = shading(self._motion, carrier, t, self._rendition)
            forward = np.zeros((*refined.shape, 2), np.float32)
            forward[face] = self._displacement(t)
            here = place + forward
            # The head's similarity in the target's pixels: to the driver, moved there, and back.
            there = apply_affine(carrier.head, apply_affine(self._motion.head[t], apply_affine(back, here)))
            forward += (there - here).astype(np.float32) * carrier.reach[box][..., None]
            self._note_peak(forward)
            backward = inverted(forward)
            there_x, there_y = x + backward[..., 0], y + backward[..., 1]
            factor = None
            if light is not None:
                whole = np.zeros(refined.shape, np.float32)
                whole[face] = light
                factor = np.exp(cv2.remap(whole, there_x, there_y, cv2.INTER_LINEAR))
            frame = self._target.copy()
            frame[box] = refined.sample(there_x, there_y, factor, dither)
            yield frame


class WarpGenerator:
    """`Generator` that measures motion and renders by resampling; nothing in it was trained."""

    name = "warp"
    version = VERSION
    training_subjects: tuple[str, ...] = ()

    def framed(self, target: NDArray[Any], landmarks: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """See `Generator.framed`: all of it."""
        return target, landmarks

    def observe(
        self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32], measure: Measure = measure_motion
    ) -> DriverMotion:
        """See `Generator.observe` and `measure_motion`."""
        return measure(frames, landmarks)

    def animate(
        self,
        observed: DriverMotion,
        target: NDArray[Any],
        landmarks: NDArray[np.float32],
        rendition: Rendition = Rendition(),  # noqa: B008 - it is frozen
    ) -> WarpAnimation:
        """See `Generator.animate`."""
        observed = edited(observed, rendition)
        carrier = make_carrier(observed, landmarks, target.shape[:2])
        return WarpAnimation(target, landmarks, observed, carrier, rendition)
