"""Blinks and shifts of gaze: found in a driving clip and told apart from what the expression does to the lids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_EYES = (slice(36, 42), slice(42, 48))
# Correlation of an eye with itself at onset. Lids that an expression raises or tightens keep it above 0.9; a shift of
# gaze brings it to 0.2-0.8, a closed eye to zero or below (measured on drawn eyes, see benchmarks/motion_fidelity.py).
_CALM, _HALF_CLOSED, _CLOSED = 0.85, 0.5, 0.1
# Lengths in interocular distances: what an iris drags along, what a lid drags along, and their soft edges.
_IRIS_REACH, _LID_REACH, _EDGE, _FILL_REACH = 0.06, 0.14, 0.05, 0.1


@dataclass(frozen=True)
class EyeEvents:
    """Blinks and shifts of gaze of a clip.

    Attributes:
        spans: first frame, frame after the last, whether the eyes were closed, and whether they open again, of each.
        inside: (h, w) in [0, 1], the openings of the eyes with what an iris drags along.
        lids: (h, w) in [0, 1], the same with what a closing lid drags along.
        unit: interocular distance in pixels.
    """

    spans: tuple[tuple[int, int, bool, bool], ...]
    inside: NDArray[np.float32]
    lids: NDArray[np.float32]
    unit: float

    @classmethod
    def of(cls, still: Sequence[NDArray[np.uint8]], points: NDArray[np.floating], unit: float) -> EyeEvents:
        """Find them.

        Args:
            still: T frames (h, w), head motion removed.
            points: (68, 2), landmarks of the first frame.
            unit: interocular distance in pixels.
        """
        openings = [_opening(points[eye], still[0].shape) for eye in _EYES]
        likeness = np.mean([_likeness(still, opening) for opening in openings], axis=0)
        inside, lids = (_grown(openings, reach * unit, _EDGE * unit) for reach in (_IRIS_REACH, _LID_REACH))
        return cls(tuple(_spans(likeness)), inside, lids, unit)

    @property
    def hidden(self) -> dict[int, NDArray[np.float32]]:
        """Frame → mask (h, w) in [0, 1] of the pixels that show something else than at onset."""
        masks: dict[int, NDArray[np.float32]] = {}
        for start, stop, closed, _ in self.spans:
            for t in range(start, stop):
                mask = self.lids if closed else self.inside
                masks[t] = np.maximum(masks[t], mask) if t in masks else mask
        return masks

    def without(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """The motion (T, h, w, 2) of a face as if it had neither blinked nor looked elsewhere.

        Where the gaze moves, the inside of the opening takes the motion of the skin around it. While an eye is
        closed, the lids too follow the skin around them, with their own difference from it interpolated over the
        blink: what the expression did to the lids before and after stays.
        """
        if not self.spans:
            return residual
        result = residual.copy()
        for start, stop, closed, returns in self.spans:
            if not closed:
                for t in range(start, stop):
                    result[t] = self._filled(residual[t], self.inside)
                continue
            before, after = start - 1, min(stop, len(residual) - 1)
            own = [residual[t] - self._filled(residual[t], self.lids) for t in (before, after)]
            for t in range(start, stop):
                # A clip that ends with closed eyes shows no lids after the blink.
                share = (t - before) / (after - before) if returns else 0.0
                result[t] = self._filled(residual[t], self.lids) + (1 - share) * own[0] + share * own[1]
        return result

    def _filled(self, field: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the mask covers taken from around it (normalised convolution: Knutsson & Westin, CVPR 1993)."""
        known = (1 - mask) ** 2 + np.float32(1e-4)
        sigma = _FILL_REACH * self.unit
        total = cv2.GaussianBlur(known, (0, 0), sigma)
        around = cv2.GaussianBlur(field * known[..., None], (0, 0), sigma) / total[..., None]
        return field + mask[..., None] * (around - field)


def _likeness(still: Sequence[NDArray[np.uint8]], opening: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Correlation (T,) of the eye in every frame with the eye in the first."""
    rows, columns = np.flatnonzero(opening.any(1)), np.flatnonzero(opening.any(0))
    if not len(rows):
        return np.ones(len(still))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    seen = opening[box] > 0
    eyes = [cv2.GaussianBlur(frame[box].astype(np.float32), (0, 0), 1.0)[seen] for frame in still]
    centred = np.stack([eye - eye.mean() for eye in eyes]).astype(np.float64)
    lengths = np.linalg.norm(centred, axis=1) + 1e-9
    return centred @ centred[0] / (lengths * lengths[0])


def _spans(likeness: NDArray[np.float64]) -> Iterator[tuple[int, int, bool, bool]]:
    """Runs of frames in which the eyes look unlike themselves: see `EyeEvents.spans`.

    A lid is on its way a frame before and after it can be seen to cover the eye, so that runs are widened by a frame;
    those that then touch are one. The last frame is not taken in if the eyes are open in it.
    """
    last = len(likeness) - 1
    unlike = likeness < _CALM
    wide = unlike.copy()
    wide[:-1] |= unlike[1:]
    wide[1:] |= unlike[:-1]
    wide[0], wide[last] = False, unlike[last]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wide, [0]]).astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        lowest, returns = likeness[start:stop].min(), bool(stop <= last)
        closed = bool(lowest < _CLOSED or (returns and lowest < _HALF_CLOSED))
        yield int(start), int(stop), closed, returns


def _opening(eye: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Mask of an eye's opening."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(eye).astype(np.int32)), 1)
    return mask


def _grown(masks: Sequence[NDArray[np.uint8]], reach: float, edge: float) -> NDArray[np.float32]:
    """One up to `reach` from the masks, falling smoothly to zero over twice `edge` beyond."""
    outside = 1 - np.maximum.reduce(list(masks))
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
    ramp = np.clip((reach + 2 * edge - distance) / (2 * edge), 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
