"""What a learned generator is shown of a driver: frames of its face, and where the key points are in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.face.geometry import apply_affine, crop, invert_affine
from me_augment.face.prior import prior_points
from me_augment.generation.edits import edited
from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.generator import Rendition
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import look_up
from me_augment.generation.warp import WarpGenerator, displacement, make_carrier

_AS_FILMED = Rendition(eyes=1.0, keep_head_motion=True)


@dataclass(frozen=True)
class Observed:
    """A driver.

    Attributes:
        onset: (H, W) or (H, W, 3), its first frame.
        landmarks: (68, 2) float32, of that frame.
        motion: what was measured of it; None where the networks find all of it themselves.
        frames: as filmed; None where they are to be cleaned.
    """

    onset: NDArray[Any]
    landmarks: NDArray[np.float32]
    motion: DriverMotion | None
    frames: tuple[NDArray[Any], ...] | None

    @property
    def eyes(self) -> NDArray[np.float32] | None:
        """What blinks and shifts of gaze would add to what is shown; None where there were none or they are shown."""
        return None if self.frames is not None or self.motion is None else self.motion.eyes


@dataclass(frozen=True)
class Driving:
    """A driver as the networks see it.

    Attributes:
        frames: (T, S, S) or (T, S, S, 3), uint8 or uint16.
        points: (T, 18, 2) float32, key points in these frames, pixels.
        moved: (T, 18, 2) float32, how far the key points of the *target's* crop are to go, pixels; zero where key
            points stay.
        heads: (T, 2, 3), similarities of the driver's pixels that the head is to follow besides; None where the
            frames hold its motion, or it has none.
        landmarks: (68, 2), of the driver, in the pixels that these are of.
    """

    frames: NDArray[Any]
    points: NDArray[np.float32]
    moved: NDArray[np.float32]
    heads: NDArray[np.float64] | None = None
    landmarks: NDArray[np.float32] | None = None


def cleaned(
    observed: Observed, rendition: Rendition, target_landmarks: NDArray[np.floating], shape: Architecture
) -> Driving:
    """The driver's onset face performing what was measured of it, as the rendition wants it, with its head held still.

    Args:
        observed: with motion.
        rendition: all of it is obeyed.
        target_landmarks: (68, 2), pixels of the target's crop.
        shape: of the model.
    """
    assert observed.motion is not None
    size = (shape.size, shape.size)
    onset, landmarks = _cropped(observed, shape)
    # 16 bits, so that faint motion is not rounded away once more.
    fine = onset if onset.dtype == np.uint16 else onset.astype(np.uint16) * np.uint16(257)
    motion = edited(observed.motion, rendition)
    heads = motion.head if rendition.keep_head_motion else None
    rendition = replace(rendition, keep_head_motion=False)
    frames = np.stack(list(WarpGenerator().animate(observed.motion, fine, landmarks, rendition)))
    here, there = prior_points(landmarks), prior_points(target_landmarks)
    if not shape.conventions.track:
        still = np.zeros((len(frames), *here.shape), np.float32)
        return Driving(frames, here + still, still, heads, motion.landmarks)
    own = _moved(motion, here, landmarks, size, rendition)
    moved = _moved(motion, there, target_landmarks, size, rendition)
    return Driving(frames, here + own, moved, heads, motion.landmarks)


def filmed(
    observed: Observed, rendition: Rendition, target_landmarks: NDArray[np.floating], shape: Architecture
) -> Driving:
    """The driver's frames as they are, cut to the face of the first; see `cleaned`.

    Raises:
        UsageError: the rendition changes the expression, which frames as filmed cannot show; blinks and head motion
            are in them, wished for or not. Other times are shown by fading between neighbours.
    """
    assert observed.frames is not None
    if replace(rendition, times=None, keep_head_motion=False) not in (Rendition(), Rendition(eyes=1.0)):
        raise UsageError(
            "a driver as filmed is shown as it is, blinks included: leave out --strength, --mirror, --asymmetry, "
            "--eyes and --shading, or --driving filmed."
        )
    matrix = face_crop(observed.landmarks, shape)
    frames = np.stack([crop(frame, matrix, shape.size) for frame in observed.frames])
    if rendition.times is not None:
        frames = np.stack([_faded(frames, time) for time in rendition.times])
    landmarks = apply_affine(matrix, observed.landmarks).astype(np.float32)
    here, there = prior_points(landmarks), prior_points(target_landmarks)
    still = np.zeros((len(frames), *here.shape), np.float32)
    if not shape.conventions.track:
        return Driving(frames, here + still, still)
    assert observed.motion is not None
    motion = edited(observed.motion, Rendition(times=rendition.times))
    size = (shape.size, shape.size)
    own = _moved(motion, here, landmarks, size, _AS_FILMED)
    return Driving(frames, here + own, _moved(motion, there, target_landmarks, size, _AS_FILMED))


def _cropped(observed: Observed, shape: Architecture) -> tuple[NDArray[Any], NDArray[np.float32]]:
    matrix = face_crop(observed.landmarks, shape)
    return crop(observed.onset, matrix, shape.size), apply_affine(matrix, observed.landmarks).astype(np.float32)


def _moved(
    motion: DriverMotion,
    points: NDArray[np.float32],
    landmarks: NDArray[np.floating],
    size: tuple[int, int],
    rendition: Rendition,
) -> NDArray[np.float32]:
    """How far points (N, 2) of a picture of `size` with a face go in each frame, (T, N, 2), as `warp` moves them."""
    carrier = make_carrier(motion, np.asarray(landmarks, np.float32), size)
    place = points - (carrier.box[1].start, carrier.box[0].start)
    x, y = (np.ascontiguousarray(place[None, :, i], np.float32) for i in (0, 1))
    back = invert_affine(carrier.head)
    moved = np.empty((len(motion), *points.shape), np.float32)
    for t in range(len(motion)):
        moved[t] = look_up(displacement(motion, carrier, t, rendition), x, y)[0]
        if rendition.keep_head_motion:
            here = points + moved[t]
            moved[t] = apply_affine(carrier.head, apply_affine(motion.head[t], apply_affine(back, here))) - points
    return moved


def _faded(frames: Sequence[NDArray[Any]] | NDArray[Any], time: float) -> NDArray[Any]:
    before = min(int(time), len(frames) - 1)
    after = min(before + 1, len(frames) - 1)
    share = np.float32(time - before)
    mixed = (1 - share) * frames[before].astype(np.float32) + share * frames[after].astype(np.float32)
    return np.rint(mixed).astype(frames[before].dtype)
