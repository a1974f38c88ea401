"""Changes to an observed motion before it is carried to a face: mirrored, at other times, stronger on one side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.face.geometry import interocular, mirror_landmarks
from me_augment.generation.generator import Rendition
from me_augment.generation.motion import DriverMotion
from me_augment.generation.resample import grid

# Landmarks on the line that parts left from right: nose, lips, chin.
_MIDLINE = (27, 28, 29, 30, 33, 51, 62, 66, 57, 8)
# Half the width, in interocular distances, over which one side passes into the other. The inner ends of the brows
# and the corners of the mouth lie some 0.2 and 0.4 off the midline.
_PASSAGE = 0.3


def edited(motion: DriverMotion, rendition: Rendition) -> DriverMotion:
    """The motion as the rendition wants it to happen; the motion itself where it wants nothing changed.

    `strength`, `eyes`, `shading` and `keep_head_motion` are left to whoever renders.

    Raises:
        UsageError: the rendition asks for a time after the driver's last frame.
    """
    if rendition.mirror:
        motion = _mirrored(motion)
    if rendition.times is not None:
        motion = _at_times(motion, np.asarray(rendition.times, np.float64))
    if rendition.asymmetry:
        motion = _one_sided(motion, rendition.asymmetry)
    return motion


def _mirrored(motion: DriverMotion) -> DriverMotion:
    """Left and right exchanged about the vertical axis in the middle of the field, so that no sample moves off it."""
    twice_axis = 2 * motion.origin[0] + (motion.residual.shape[2] - 1) * motion.step
    # F flips a point, x -> twice_axis - x; the head moves by F M F.
    head = motion.head.copy()
    head[:, 0, 1] *= -1
    head[:, 1, 0] *= -1
    head[:, 0, 2] = twice_axis * (1 - motion.head[:, 0, 0]) - motion.head[:, 0, 2]
    head[:, 1, 2] = twice_axis * motion.head[:, 1, 0] + motion.head[:, 1, 2]
    return replace(
        motion,
        landmarks=mirror_landmarks(motion.landmarks, twice_axis + 1),
        residual=_flipped(motion.residual),
        head=head,
        eyes=None if motion.eyes is None else _flipped(motion.eyes),
        light=None if motion.light is None else np.ascontiguousarray(motion.light[:, :, ::-1]),
    )


def _flipped(field: NDArray[np.float32]) -> NDArray[np.float32]:
    return field[:, :, ::-1] * np.array([-1, 1], np.float32)


def _at_times(motion: DriverMotion, times: NDArray[np.float64]) -> DriverMotion:
    """The motion at fractional frames, linear between neighbours.

    What lies between two frames is then never stronger than the stronger of them, at a whole number it is that frame
    itself, and no sample depends on frames further away: an apex of one frame stays as high as it was. A smoother
    curve would overshoot it (cubic) or cut it off (smoothing spline). Similarities are a linear space, so that the
    head's remain such; between frames 2 degrees apart it shrinks by less than 0.02 %.
    """
    if times.max() > len(motion) - 1:
        raise UsageError(f"the rendition asks for frame {times.max():g}; the driver's last is {len(motion) - 1}.")
    before = np.floor(times).astype(int)
    after = np.minimum(before + 1, len(motion) - 1)
    fraction = times - before

    def between(values: NDArray) -> NDArray:
        part = fraction.astype(values.dtype).reshape(-1, *(1,) * (values.ndim - 1))
        return values[before] * (1 - part) + values[after] * part

    return replace(
        motion,
        residual=between(motion.residual),
        head=between(motion.head),
        eyes=None if motion.eyes is None else between(motion.eyes),
        light=None if motion.light is None else between(motion.light),
    )


def _one_sided(motion: DriverMotion, asymmetry: float) -> DriverMotion:
    """The expression, its furrows included, stronger on one side; head and blinks keep their strength."""
    factor = 1 + np.float32(asymmetry) * _side(motion)
    return replace(
        motion,
        residual=motion.residual * factor[..., None],
        light=None if motion.light is None else motion.light * factor,
    )


def _side(motion: DriverMotion) -> NDArray[np.float32]:
    x, y = grid(*motion.residual.shape[1:3])
    return side_of(motion.landmarks, motion.origin + motion.step * np.stack([x, y], axis=-1))


def side_of(landmarks: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """1 at points (..., 2) on the left side of a face, -1 on its right side, passing smoothly through 0 between.

    The midline is the straight line nearest to the landmarks on it, so that it leans with a tilted head and keeps to
    the nose of one that is turned.
    """
    face = landmarks.astype(np.float64)
    on_line = face[list(_MIDLINE)]
    centre = on_line.mean(0)
    along = np.linalg.svd(on_line - centre)[2][0]
    across = np.array([along[1], -along[0]])
    # Landmarks 42-47 are the subject's left eye.
    across *= np.sign((face[42:48].mean(0) - face[36:42].mean(0)) @ across)
    distance = np.clip((points - centre) @ across / (_PASSAGE * interocular(landmarks)), -1, 1)
    return (distance * (3 - distance**2) / 2).astype(np.float32)
