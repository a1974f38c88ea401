"""The face on which action units are drawn: its 68 landmarks, and which skin belongs to which lip and lid.

It is nobody's face: symmetric, its proportions set down here after common anthropometry (Farkas 1994: eye-to-chin
about 1.8 and face width about 2.2 interpupillary distances). Lengths are interocular distances, the origin lies
between the eyes, x points to the image right (the subject's left), y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import MIRRORED, eye_centres, fit_similarity

# One interocular distance in pixels of the canonical picture, and where the point between the eyes lies in it.
PIXELS = 100.0
_CENTRE = np.array([150.0, 120.0])
SHAPE = (330, 301)

# Image-left half (the subject's right), in iBUG order, and the midline.
_HALF = {
    0: (-1.12, 0.06), 1: (-1.10, 0.34), 2: (-1.05, 0.62), 3: (-0.97, 0.90), 4: (-0.85, 1.16),
    5: (-0.67, 1.39), 6: (-0.46, 1.57), 7: (-0.23, 1.70),
    17: (-0.93, -0.29), 18: (-0.79, -0.41), 19: (-0.60, -0.45), 20: (-0.41, -0.42), 21: (-0.23, -0.35),
    31: (-0.21, 0.70), 32: (-0.11, 0.745),
    36: (-0.69, 0.01), 37: (-0.575, -0.065), 38: (-0.43, -0.065), 39: (-0.31, 0.02), 40: (-0.43, 0.055),
    41: (-0.565, 0.06),
    48: (-0.41, 1.10), 49: (-0.25, 1.03), 50: (-0.10, 0.985), 58: (-0.12, 1.23), 59: (-0.26, 1.185),
    60: (-0.35, 1.10), 61: (-0.11, 1.085), 67: (-0.11, 1.095),
}  # fmt: skip
_MIDLINE = {
    8: (0.0, 1.74), 27: (0.0, -0.05), 28: (0.0, 0.17), 29: (0.0, 0.38), 30: (0.0, 0.58), 33: (0.0, 0.77),
    51: (0.0, 1.005), 57: (0.0, 1.245), 62: (0.0, 1.09), 66: (0.0, 1.10),
}  # fmt: skip
_MOUTH = ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64))
_EYES = (((36, 37, 38, 39), (36, 41, 40, 39)), ((42, 43, 44, 45), (42, 47, 46, 45)))
_LOWER_LIP = (55, 56, 57, 58, 59, 65, 66, 67)
# Closed lips part along a line this thin; what is torn open there is the dark of the lip line.
_LIP_LINE = 0.02
# Past the corner of mouth or eye there is no gap: the difference between above and below fades over the distance.
_FADE = 0.8
# A lid slides over the eyeball and a lip over the teeth: what lies this far inside the gap stays where it is.
_SLIDE = 0.055


def _landmarks() -> NDArray[np.float64]:
    points = np.zeros((68, 2))
    for index, place in {**_HALF, **_MIDLINE}.items():
        points[index] = place
    for index, (x, y) in _HALF.items():
        points[MIRRORED[index]] = (-x, y)
    left, right = eye_centres(points)
    return (points - (left + right) / 2) / np.hypot(*(right - left))


LANDMARKS = _landmarks()


@dataclass(frozen=True)
class CanonicalFace:
    """The canonical face with its mouth open by some amount.

    Attributes:
        gap: how far the inner lips are apart at the middle, beyond the canonical 0.01, interocular distances.
    """

    gap: float = 0.0

    @classmethod
    def like(cls, landmarks: NDArray[np.floating]) -> CanonicalFace:
        """The canonical face with lips as far apart as on the face with 68 `landmarks`.

        A closed mouth and an open one do not correspond smoothly: motion carried from one to the other would be
        stretched without measure between the lips.
        """
        upright = fit_similarity(landmarks[17:48], LANDMARKS[17:48])[:, :2]
        opening = (landmarks[[65, 66, 67]].mean(0) - landmarks[[61, 62, 63]].mean(0)) @ upright.T
        closed = LANDMARKS[[65, 66, 67], 1].mean() - LANDMARKS[[61, 62, 63], 1].mean()
        return cls(round(float(np.clip(opening[1] - closed, 0.0, 0.5)), 3))

    @cached_property
    def landmarks(self) -> NDArray[np.float64]:
        """(68, 2), interocular distances."""
        points = LANDMARKS.copy()
        points[list(_LOWER_LIP), 1] += self.gap
        points[4:13, 1] += self.gap * np.clip(points[4:13, 1] - 1.1, 0, 0.5)
        return points

    @cached_property
    def pixel_landmarks(self) -> NDArray[np.float32]:
        """(68, 2) float32, pixels of the canonical picture of `SHAPE`."""
        return (self.landmarks * PIXELS + _CENTRE).astype(np.float32)

    @cached_property
    def above_mouth(self) -> NDArray[np.float32]:
        """(H, W), one on skin that goes with the upper lip, zero on skin that goes with the lower."""
        return _above(self._lines(_MOUTH))

    @cached_property
    def above_eyes(self) -> NDArray[np.float32]:
        """(H, W), one on skin that goes with the upper lids, zero on skin that goes with the lower."""
        x = positions()[..., 0]
        left, right = (_above(self._lines(eye)) for eye in _EYES)
        return np.where(x < 0, left, right)

    @cached_property
    def skin(self) -> NDArray[np.float32]:
        """(H, W), zero on eyeballs and on teeth, one on all else: they stay while the skin slides over them."""
        inside = np.zeros(SHAPE)
        y = positions()[..., 1]
        for gap in (_MOUTH, *_EYES):
            upper, lower, _ = self._lines(gap)
            inside = np.maximum(inside, _smooth(np.minimum(y - upper, lower - y) / _SLIDE))
        return (1 - inside).astype(np.float32)

    def _lines(self, gap: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[NDArray[np.float64], ...]:
        """Upper and lower edge of a gap above each sample, and how far beyond its corners the sample lies."""
        x = positions()[..., 0]
        edges = [np.interp(x, self.landmarks[list(edge), 0], self.landmarks[list(edge), 1]) for edge in gap]
        corners = self.landmarks[[gap[0][0], gap[0][-1]], 0]
        return (*edges, np.maximum(np.maximum(corners[0] - x, x - corners[1]), 0))


def positions() -> NDArray[np.float64]:
    """(H, W, 2), where each sample of the canonical picture lies, interocular distances."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return (np.stack([x, y], axis=-1) - _CENTRE) / PIXELS


def _above(lines: tuple[NDArray[np.float64], ...]) -> NDArray[np.float32]:
    upper, lower, beyond = lines
    width = np.maximum(lower - upper, _LIP_LINE) + _FADE * beyond
    return _smooth(0.5 - (positions()[..., 1] - (upper + lower) / 2) / width).astype(np.float32)


def _smooth(s: NDArray[np.float64]) -> NDArray[np.float64]:
    s = np.clip(s, 0, 1)
    return s * s * (3 - 2 * s)
