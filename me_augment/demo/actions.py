"""How the demo's faces move: a small table of action-unit motions in units of the interocular distance.

The table is ours, drawn after the muscle actions that FACS describes (Ekman & Friesen 1978); it is made to be
known exactly, not to be anatomically complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import interocular

Side = Literal["L", "R"]  # the subject's own: their left is to the right in the picture
# Action unit, of both sides or of one → strength; 1 is the table's full motion.
Units = Mapping[int, float] | Mapping[int | tuple[Side, int], float]


@dataclass(frozen=True)
class Pull:
    """A Gaussian bump of displacement.

    Attributes:
        landmarks: the bump's centre is their mean.
        shift: centre moved by this, interocular distances, x to the image right, y down.
        move: displacement at the centre at full strength, interocular distances.
        spread: standard deviation (x, y), interocular distances.
        side: the subject's side that it moves; None where it is in the middle.
    """

    landmarks: tuple[int, ...]
    shift: tuple[float, float]
    move: tuple[float, float]
    spread: tuple[float, float]
    side: Side | None = None


@dataclass(frozen=True)
class Opening:
    """The lower lip going down and leaving the teeth where they are.

    Attributes:
        drop: of the middle of the lip at full strength, interocular distances.
        reach: skin so far below the lip's edge follows in full, and from the second distance on not at all.
    """

    drop: float
    reach: tuple[float, float]


def _both_sides(image_left: Pull, right_landmarks: tuple[int, ...]) -> tuple[Pull, Pull]:
    """A pull given for the left of the picture, which is the subject's right, and its mirror image."""
    (x, y), (dx, dy) = image_left.shift, image_left.move
    return replace(image_left, side="R"), Pull(right_landmarks, (-x, y), (-dx, dy), image_left.spread, "L")


ACTION_UNITS: dict[int, tuple[Pull, ...]] = {
    1: _both_sides(Pull((20, 21), (0, -0.05), (0, -0.05), (0.16, 0.16)), (22, 23)),
    2: _both_sides(Pull((17, 18), (0, -0.05), (0, -0.05), (0.16, 0.16)), (25, 26)),
    4: _both_sides(Pull((20, 21), (0, 0), (0.025, 0.04), (0.18, 0.15)), (22, 23)),
    5: _both_sides(Pull((37, 38), (0, -0.02), (0, -0.022), (0.16, 0.06)), (43, 44)),
    6: _both_sides(Pull((41, 31), (-0.12, -0.05), (0, -0.025), (0.22, 0.15)), (46, 35)),
    7: _both_sides(Pull((40, 41), (0, 0.02), (0, -0.02), (0.16, 0.06)), (46, 47)),
    9: _both_sides(Pull((29, 31), (-0.06, 0), (0.006, -0.035), (0.13, 0.14)), (29, 35)),
    10: _both_sides(Pull((31, 49), (0, 0), (0, -0.04), (0.13, 0.12)), (35, 53)),
    12: _both_sides(Pull((48,), (-0.03, 0), (-0.035, -0.045), (0.2, 0.18)), (54,)),
    14: _both_sides(Pull((48,), (0, 0), (-0.035, 0), (0.15, 0.12)), (54,)),
    15: _both_sides(Pull((48,), (0, 0.03), (0, 0.045), (0.15, 0.16)), (54,)),
    16: (Pull((57,), (0, 0.05), (0, 0.03), (0.2, 0.1)),),
    17: (Pull((57, 8), (0, 0), (0, -0.035), (0.25, 0.16)),),
    20: _both_sides(Pull((48,), (-0.02, 0.02), (-0.05, 0.012), (0.17, 0.14)), (54,)),
    23: (
        *_both_sides(Pull((48,), (0, 0), (0.022, 0), (0.15, 0.1)), (54,)),
        Pull((51,), (0, 0), (0, 0.012), (0.2, 0.07)),
        Pull((57,), (0, 0), (0, -0.012), (0.2, 0.07)),
    ),
    24: (
        Pull((50, 51, 52), (0, 0), (0, 0.022), (0.28, 0.07)),
        Pull((56, 57, 58), (0, 0), (0, -0.026), (0.28, 0.08)),
    ),
}

# Action units that part the lips; `mouth` draws them, since what they do is no smooth motion.
OPENINGS = {25: Opening(0.035, (0.12, 0.45)), 26: Opening(0.075, (0.3, 1.1))}


def motion_field(units: Units, landmarks: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Displacement (..., 2) in pixels at `points` (..., 2) of a face with 68 `landmarks`; that of `OPENINGS` left out.

    Args:
        units: `12` moves both sides, `("L", 12)` the subject's left one.
        landmarks: (68, 2) pixels.
        points: pixels of the same face.

    Raises:
        KeyError: an action unit that the table does not have, or has in the middle only and not on the side named.
    """
    unit = interocular(landmarks)
    total = np.zeros(np.shape(points), np.float64)
    for key, strength in units.items():
        for pull in _pulls(key):
            centre = landmarks[list(pull.landmarks)].mean(0) + unit * np.array(pull.shift)
            spread = unit * np.array(pull.spread)
            bump = np.exp(-0.5 * (((points - centre) / spread) ** 2).sum(-1))
            total += strength * unit * bump[..., None] * np.array(pull.move)
    return total


def _pulls(key: int | tuple[Side, int]) -> tuple[Pull, ...]:
    if key in OPENINGS:
        return ()
    if isinstance(key, int):
        return ACTION_UNITS[key]
    side, number = key
    pulls = tuple(pull for pull in ACTION_UNITS[number] if pull.side == side)
    if not pulls:
        raise KeyError(f"action unit {number} has no side {side}")
    return pulls
