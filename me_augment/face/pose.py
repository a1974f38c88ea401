"""How a head is turned: yaw, pitch and roll from 68 landmarks, and how much is too much."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A mean adult face, millimetres; x to the image right, y down, z away from the camera, origin at the nasion.
# Widths and heights follow the means over both sexes in L. G. Farkas, Anthropometry of the Head and Face (1994): inner
# eye corners 33 apart, outer 89, nose 33 wide, nasion to subnasale 53. That source has no depths of these points: they,
# and the nose between its ends, are our estimates. Mouth, chin and brows are left out because they move, the jaw
# because 300-W draws it where the outline is seen, which is another place on the head when it turns.
_FACE = {
    36: (-44.5, 6.0, 24.0), 39: (-16.5, 7.0, 13.0), 42: (16.5, 7.0, 13.0), 45: (44.5, 6.0, 24.0),
    27: (0.0, 2.0, 0.0), 28: (0.0, 16.0, -6.0), 29: (0.0, 29.0, -13.0), 30: (0.0, 42.0, -20.0),
    31: (-14.0, 50.0, 2.0), 32: (-7.0, 52.0, -3.0), 33: (0.0, 53.0, -5.0), 34: (7.0, 52.0, -3.0), 35: (14.0, 50.0, 2.0),
}  # fmt: skip
_INDICES = list(_FACE)
_POINTS = np.array(list(_FACE.values()))
_ROUNDS = 20


# At these the landmarks' error on turned heads has doubled against 10 degrees, to 2 % of the interocular distance with
# single points at 5 to 8 %, at 40 degrees to 12 % (benchmarks/pose_accuracy.py).
YAW_LIMIT = 25.0
PITCH_LIMIT = 20.0


class Pose(NamedTuple):
    """Degrees, relative to a head that looks into the camera.

    Attributes:
        yaw: positive where the nose points to the image right.
        pitch: positive where it points up.
        roll: positive where the head is tilted clockwise in the picture.
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(landmarks: NDArray[np.floating]) -> Pose:
    """Pose of a head from its 68 landmarks (68, 2), pixels.

    The mean face seen from far away (scaled orthographic projection) is an affine function of its three coordinates;
    least squares gives it, and the images of the width and depth axes give the angles. The height axis is left free:
    foreshortening cannot be told from a short face, and near the frontal view it would swing pitch by 15 degrees.

    Of a head turned by up to 30 degrees of yaw or 20 of pitch, the detectors' landmarks show 0.75 to 0.95 of the turn,
    so that it is read up to 7 degrees too small (benchmarks/pose_accuracy.py). Pitch has an error of, by our estimate,
    ±8 degrees besides that stays with the person, since a long or upturned nose looks like a head turned up.
    """
    seen = np.asarray(landmarks, np.float64)[_INDICES]
    design = np.column_stack([_POINTS, np.ones(len(_POINTS))])
    width, _, depth, _ = np.linalg.lstsq(design, seen, rcond=None)[0]
    roll = np.arctan2(width[1], width[0])
    c, s = np.cos(roll), np.sin(roll)
    across, down = c * depth[0] + s * depth[1], c * depth[1] - s * depth[0]
    # With `rotation_matrix`: |width| = k cos(yaw), across = -k sin(yaw) cos(pitch), down = k sin(pitch).
    yaw, pitch = 0.0, 0.0
    for _ in range(_ROUNDS):
        yaw = np.arctan2(-across, np.hypot(*width) * np.cos(pitch))
        pitch = np.arcsin(np.clip(down * np.cos(yaw) / np.hypot(*width), -1, 1))
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def rotation_matrix(pose: Pose) -> NDArray[np.float64]:
    """(3, 3) rotation of the head: nodding first, then turning, then tilting in the picture."""
    yaw, pitch, roll = np.radians(pose)
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (-yaw, -pitch, roll))
    nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return tilt @ turn @ nod


def pose_warning(landmarks: NDArray[np.floating]) -> str | None:
    """A sentence saying how far a head with these landmarks (68, 2) is turned, if it is too far; None otherwise."""
    pose = head_pose(landmarks)
    if abs(pose.yaw) <= YAW_LIMIT and abs(pose.pitch) <= PITCH_LIMIT:
        return None
    return (
        f"the head is turned by {pose.yaw:+.0f} degrees of yaw and {pose.pitch:+.0f} of pitch; beyond "
        f"{YAW_LIMIT:.0f} and {PITCH_LIMIT:.0f} its landmarks, and what is made from them, are uncertain."
    )
