"""Shading that an expression brings: how much brighter or darker each place of the skin became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.generation.temporal import without_noise

# Lengths in interocular distances: finer than this is noise, coarser than that is the light of the scene.
_FINE, _COARSE = 0.015, 0.25
# Keeps dark places, where a grey level is a large ratio, from counting more than they show.
_DARK = 0.03
# Brightness that the face is brought to before.
_REFERENCE = 0.6
# Largest change that is carried, as a logarithm: a furrow, not an occlusion.
LIMIT = 0.25
_EYES_AND_MOUTH = ((36, 42), (42, 48), (60, 68))
_HOLE = 0.06  # around eyes and mouth opening, where another surface comes into view


def measure_light(
    frames: Sequence[NDArray[np.float32]],
    places: Sequence[NDArray[np.float32]],
    points: NDArray[np.floating],
    face: NDArray[np.float32],
    hidden: Mapping[int, NDArray[np.float32]],
    unit: float,
) -> NDArray[np.float32]:
    """Logarithm of the ratio image of a clip (Liu, Shan & Zhang, SIGGRAPH 2001), without what the scene's light did.

    Args:
        frames: T gray frames (h, w), 0 to 1.
        places: where in frame t each pixel of the first frame has gone, (h, w, 2).
        points: (68, 2), landmarks of the first frame.
        face: (h, w), weight of each pixel, 0 outside the face.
        hidden: frame → mask (h, w) in [0, 1] of pixels that show something else there, such as closed lids.
        unit: interocular distance in pixels.

    Returns:
        (T, h, w) float32 within +-`LIMIT`; zero in the first frame, and at the eyes and between the lips.
    """
    skin = _skin(points, face.shape, unit)
    weights = face * skin
    levels = []
    for frame, place in zip(frames, places, strict=True):
        moved = cv2.remap(frame, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # A lamp that is turned up is no expression; it is taken out before the dark is kept from counting.
        moved *= _REFERENCE / max(float((moved * weights).sum() / max(weights.sum(), 1e-9)), 1e-3)
        levels.append(np.log(cv2.GaussianBlur(moved, (0, 0), _FINE * unit) + np.float32(_DARK)))
    change = np.stack(levels) - levels[0]
    known = skin + np.float32(1e-3)
    total = cv2.GaussianBlur(known, (0, 0), _COARSE * unit)
    for frame_change in change:
        frame_change -= cv2.GaussianBlur(frame_change * known, (0, 0), _COARSE * unit) / total
    change = without_noise(change[..., None], face)[..., 0] * skin
    for t, mask in hidden.items():
        change[t] *= 1 - mask
    return np.clip(change, -LIMIT, LIMIT)


def as_gray(frame: NDArray[Any]) -> NDArray[np.float32]:
    """A frame (H, W) or (H, W, 3), uint8 or uint16, as gray (H, W) float32 from 0 to 1."""
    gray = frame.astype(np.float32) / np.float32(np.iinfo(frame.dtype).max)
    return cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY) if gray.ndim == 3 else gray


def _skin(points: NDArray[np.floating], shape: tuple[int, ...], unit: float) -> NDArray[np.float32]:
    """One on the skin, falling to zero towards the eyes and the opening of the mouth."""
    holes = np.ones(shape, np.uint8)
    for first, stop in _EYES_AND_MOUTH:
        cv2.fillConvexPoly(holes, cv2.convexHull(np.rint(points[first:stop]).astype(np.int32)), 0)
    distance = cv2.distanceTransform(holes, cv2.DIST_L2, 5)
    return np.clip(distance / (_HOLE * unit) - 0.5, 0, 1).astype(np.float32)
