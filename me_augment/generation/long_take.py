"""Long videos: expressions performed one after the other on a face that is still otherwise, or on filmed frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import apply_affine, interocular, invert_affine
from me_augment.generation.eyelids import Eyes, openings_of
from me_augment.generation.generator import Rendition
from me_augment.generation.head import STILL, Head, HeadTracker
from me_augment.generation.idle import swell
from me_augment.generation.light import as_gray
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import RefinedImage, grid, look_up
from me_augment.generation.warp import Carrier, bounds, displacement, head_reach, inverted

VERSION = "1"
_STILL_PX = 1e-3
# Interocular distance at which filmed heads are followed; the flow needs no more to see where a head is.
_TRACKING_INTEROCULAR = 60.0


@dataclass(frozen=True, eq=False)
class Part:
    """An expression in a long video.

    Attributes:
        start: frame of its onset.
        motion: what is performed, at the video's frame rate.
        carrier: brings it to the face.
        rendition: how.
        release: frames after the offset in which whatever the driver's last frame still showed goes away: a clip ends
            where its annotator saw the end, not where the face was at rest.
    """

    start: int
    motion: DriverMotion
    carrier: Carrier
    rendition: Rendition
    release: int

    def shows(self, t: int) -> bool:
        """Whether it moves anything in frame t of the video."""
        return self.start < t < self.start + len(self.motion) + self.release

    def displacement(self, t: int) -> NDArray[np.float32]:
        """See `warp.displacement`; t is the video's frame."""
        last = len(self.motion) - 1
        field = displacement(self.motion, self.carrier, min(t - self.start, last), self.rendition)
        beyond = t - self.start - last
        return field if beyond <= 0 else field * np.float32(1 - swell(beyond, self.release + 1, 1, 0))


class _Parts:
    """The displacement of all parts together in the pixels of a box of the picture."""

    def __init__(self, parts: Sequence[Part], box: tuple[slice, slice]) -> None:
        self._parts = parts
        self._box = box
        self._shape = tuple(cells.stop - cells.start for cells in box)
        self.peak = 0.0

    def at(self, t: int) -> NDArray[np.float32] | None:
        """(h, w, 2), or None where nobody expresses anything."""
        total = None
        for part in self._parts:
            if part.shows(t):
                if total is None:
                    total = np.zeros((*self._shape, 2), np.float32)
                cells = tuple(
                    slice(c.start - b.start, c.stop - b.start) for c, b in zip(part.carrier.box, self._box, strict=True)
                )
                field = part.displacement(t)
                self.peak = max(self.peak, float(np.sqrt((field**2).sum(-1).max())))
                total[cells] += field
        return total


class StillTake:
    """A still picture that lives: head, eyes, expressions and the noise of a sensor.

    Args:
        still: (H, W, 3) uint8.
        landmarks: (68, 2), its face.
        parts: the expressions.
        head: frame → where the head is.
        blink: frame → how far the lids have come down, 0 to 1.
        gaze: frame → shift of the eyeballs, interocular distances, to the right and down.
        noise: standard deviation of a sensor's noise, grey levels.
        seed: of the noise.
    """

    def __init__(
        self,
        still: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        parts: Sequence[Part],
        *,
        head: Callable[[int], Head],
        blink: Callable[[int], float],
        gaze: Callable[[int], tuple[float, float]],
        noise: float,
        seed: int,
    ) -> None:
        self._still, self._noise, self._seed = still, noise, seed
        self._head, self._blink, self._gaze = head, blink, gaze
        reach = head_reach(landmarks, still.shape[:2])
        self._box = bounds(reach)
        self._reach = reach[self._box][..., None]
        self._corner = np.array([self._box[1].start, self._box[0].start], np.float64)
        self._points = landmarks - self._corner
        self._unit = interocular(landmarks)
        self._parts = _Parts(parts, self._box)
        self._picture = np.ascontiguousarray(still[self._box])
        self._refined = RefinedImage.of(self._picture)
        self._tracker = HeadTracker(self._points, np.ones(self._refined.shape, np.float32))
        self._nothing = np.zeros((*self._refined.shape, 2), np.float32)
        self._eyes = Eyes.of(self._picture, openings_of(self._picture, self._points))

    @property
    def peak_displacement_px(self) -> float:
        """Largest displacement by an expression so far."""
        return self._parts.peak

    def landmarks(self, t: int) -> NDArray[np.float32]:
        """Where the face's landmarks at rest (68, 2) are in frame t, which no expression moves them from."""
        places = self._tracker.places(self._moved(t), self._nothing)
        x, y = (np.ascontiguousarray(self._points[None, :, i], np.float32) for i in (0, 1))
        return (look_up(places, x, y)[0] + self._corner).astype(np.float32)

    def frames(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """The frames (H, W, 3)."""
        here = self._tracker.here
        for t in range(count):
            expressed = self._parts.at(t)
            residual = self._nothing if expressed is None else expressed
            places = self._tracker.places(self._moved(t), residual)
            forward = residual + (places - here - residual) * self._reach
            backward = inverted(forward)
            place = here + backward
            seen = self._refined.values(*(np.ascontiguousarray(place[..., i]) for i in (0, 1)))
            blink, gaze = self._blink(t), self._gaze(t)
            if blink or any(gaze):
                shift = (gaze[0] * self._unit, gaze[1] * self._unit)
                seen = self._eyes.paint(self._refined, seen, place, blink, shift)
            frame = self._still.astype(np.float32)
            frame[self._box] = seen
            rng = np.random.default_rng([self._seed, 12, t])
            # At least as much as rounding takes away, so that what moves by less than a level is not lost.
            frame += np.float32(max(self._noise, 0.3)) * rng.standard_normal(frame.shape, np.float32)
            yield np.clip(np.rint(frame), 0, 255).astype(np.uint8)

    def _moved(self, t: int) -> Head:
        """The head in the pixels of the box."""
        head = self._head(t)
        linear = head.similarity[:, :2]
        shift = head.similarity[:, 2] + linear @ self._corner - self._corner
        return Head(np.column_stack([linear, shift]), head.turn)


class FilmedTake:
    """Filmed frames of a face at rest, with expressions put into them where the head happens to be.

    Args:
        reference: a frame of the same recording.
        landmarks: (68, 2), its face.
        parts: the expressions, on the reference's face.
        read: positions of frames, from 0 → frames (T, H, W[, 3]) uint8.
    """

    def __init__(
        self,
        reference: NDArray[np.uint8],
        landmarks: NDArray[np.float32],
        parts: Sequence[Part],
        read: Callable[[Sequence[int]], Iterable[NDArray[Any]]],
    ) -> None:
        self._landmarks, self._read = landmarks, read
        shape = reference.shape[:2]
        self._box = (slice(0, shape[0]), slice(0, shape[1]))
        self._all, self._parts = tuple(parts), _Parts(parts, self._box)
        self._scale = min(1.0, _TRACKING_INTEROCULAR / interocular(landmarks))
        small = self._small(reference)
        self._points = (landmarks + 0.5) * self._scale - 0.5
        self._tracker = HeadTracker(self._points, np.ones(small.shape[:2], np.float32))
        self._first = small
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._flow.setFinestScale(1)
        self._similarity = lru_cache(maxsize=256)(self._follow)

    @property
    def peak_displacement_px(self) -> float:
        """Largest displacement by an expression so far."""
        return self._parts.peak

    def landmarks(self, t: int) -> NDArray[np.float32]:
        """Where the face's landmarks at rest (68, 2) are in frame t."""
        return apply_affine(self._similarity(t), self._landmarks).astype(np.float32)

    def frames(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """The frames as they were filmed, changed where an expression moves the face."""
        for start in range(0, count, 32):
            positions = range(start, min(count, start + 32))
            for t, frame in zip(positions, self._read(positions), strict=True):
                forward = self._parts.at(t)
                yield frame if forward is None else self._expressed(t, frame, forward)

    def _expressed(self, t: int, frame: NDArray[np.uint8], forward: NDArray[np.float32]) -> NDArray[np.uint8]:
        """What lies at z was at S y, where y is z in the reference and the expression brought it there from y + b."""
        similarity = self._similarity(t)
        here = np.stack(grid(*frame.shape[:2]), axis=-1)
        at = apply_affine(invert_affine(similarity), here).astype(np.float32)
        backward = look_up(inverted(forward), *(np.ascontiguousarray(at[..., i]) for i in (0, 1)))
        moved = np.abs(backward).max(-1) > _STILL_PX
        if not moved.any():
            return frame
        source = apply_affine(similarity, at + backward).astype(np.float32)
        # Beyond what changes lies what is moved in.
        around = int(np.ceil(np.abs(backward).max())) + 4
        box = bounds(cv2.dilate(moved.astype(np.float32), np.ones((2 * around + 1, 2 * around + 1), np.uint8)))
        corner = (box[1].start, box[0].start)
        x, y = (np.ascontiguousarray(source[box][..., i] - corner[i]) for i in (0, 1))
        result = frame.copy()
        result[box][moved[box]] = RefinedImage.of(np.ascontiguousarray(frame[box])).sample(x, y)[moved[box]]
        return result

    def _follow(self, t: int) -> NDArray[np.float64]:
        """The similarity (2, 3) that takes the reference's head to frame t, pixels."""
        (frame,) = self._read([t])
        small = self._small(frame)
        head = (
            STILL
            if np.array_equal(small, self._first)
            else self._tracker.fit(self._flow.calc(self._first, small, None))
        )
        linear, shift = head.similarity[:, :2], head.similarity[:, 2]
        half = 0.5 * self._scale - 0.5  # cv2.resize aligns the areas of pixels
        offset = (shift - half + linear @ np.array([half, half])) / self._scale
        return np.column_stack([linear, offset])

    def _small(self, frame: NDArray[Any]) -> NDArray[np.uint8]:
        gray = (255 * as_gray(frame)).astype(np.uint8)
        if self._scale == 1.0:
            return gray
        return cv2.resize(gray, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
