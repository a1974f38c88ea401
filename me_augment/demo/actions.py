"""How the demo's faces move: a small table of action-unit motions in units of the interocular distance.

The table is ours, drawn after the muscle actions that FACS describes (Ekman & Friesen 1978); it is made to be
known exactly, not to be anatomically complete.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import interocular


@dataclass(frozen=True)
class Pull:
    """A Gaussian bump of displacement.

    Attributes:
        landmarks: the bump's centre is their mean.
        shift: centre moved by this, interocular distances, x to the image right, y down.
        move: displacement at the centre at full strength, interocular distances.
        spread: standard deviation (x, y), interocular distances.
    """

    landmarks: tuple[int, ...]
    shift: tuple[float, float]
    move: tuple[float, float]
    spread: tuple[float, float]


def _both_sides(left: Pull, right_landmarks: tuple[int, ...]) -> tuple[Pull, Pull]:
    mirrored = Pull(right_landmarks, (-left.shift[0], left.shift[1]), (-left.move[0], left.move[1]), left.spread)
    return left, mirrored


ACTION_UNITS: dict[int, tuple[Pull, ...]] = {
    1: _both_sides(Pull((20, 21), (0, -0.05), (0, -0.05), (0.16, 0.16)), (22, 23)),
    2: _both_sides(Pull((17, 18), (0, -0.05), (0, -0.05), (0.16, 0.16)), (25, 26)),
    4: _both_sides(Pull((20, 21), (0, 0), (0.025, 0.04), (0.18, 0.15)), (22, 23)),
    6: _both_sides(Pull((41, 31), (-0.12, -0.05), (0, -0.025), (0.22, 0.15)), (46, 35)),
    7: _both_sides(Pull((40, 41), (0, 0.02), (0, -0.02), (0.16, 0.06)), (46, 47)),
    9: _both_sides(Pull((29, 31), (-0.06, 0), (0.006, -0.035), (0.13, 0.14)), (29, 35)),
    10: _both_sides(Pull((31, 49), (0, 0), (0, -0.04), (0.13, 0.12)), (35, 53)),
    12: _both_sides(Pull((48,), (-0.03, 0), (-0.035, -0.045), (0.2, 0.18)), (54,)),
    14: _both_sides(Pull((48,), (0, 0), (-0.035, 0), (0.15, 0.12)), (54,)),
    15: _both_sides(Pull((48,), (0, 0.03), (0, 0.045), (0.15, 0.16)), (54,)),
    17: (Pull((57, 8), (0, 0), (0, -0.035), (0.25, 0.16)),),
}


def motion_field(
    units: dict[int, float], landmarks: NDArray[np.floating], points: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Displacement (..., 2) in pixels at `points` (..., 2) of a face with 68 `landmarks`.

    Args:
        units: action unit number → strength; 1 is the table's full motion.
        landmarks: (68, 2) pixels.
        points: pixels of the same face.
    """
    unit = interocular(landmarks)
    total = np.zeros(np.shape(points), np.float64)
    for number, strength in units.items():
        for pull in ACTION_UNITS[number]:
            centre = landmarks[list(pull.landmarks)].mean(0) + unit * np.array(pull.shift)
            spread = unit * np.array(pull.spread)
            bump = np.exp(-0.5 * (((points - centre) / spread) ** 2).sum(-1))
            total += strength * unit * bump[..., None] * np.array(pull.move)
    return total
