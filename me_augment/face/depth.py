"""The relief of a mean face: how far each place lies in front of the root of the nose."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import interocular
from me_augment.face.thin_plate import ThinPlate

# Interocular distances, positive towards the camera, of the image-left half and the middle; the other half is alike.
# Our estimates for a mean adult face with eye centres 61 mm apart: nasion 0, tip of the nose 20 mm in front of it,
# inner and outer eye corners 13 and 24 mm behind, chin and lips near the plane of the nasion, ears some 8 cm behind.
_HALF = {
    0: -1.35, 1: -1.25, 2: -1.15, 3: -1.0, 4: -0.8, 5: -0.55, 6: -0.3, 7: -0.12, 8: -0.08,
    17: -0.42, 18: -0.2, 19: -0.08, 20: -0.02, 21: 0.0, 27: 0.0, 28: 0.1, 29: 0.21, 30: 0.33,
    31: -0.03, 32: 0.05, 33: 0.1, 36: -0.39, 37: -0.24, 38: -0.2, 39: -0.21, 40: -0.24, 41: -0.27,
    48: -0.2, 49: -0.04, 50: 0.07, 51: 0.09, 57: 0.03, 58: 0.0, 59: -0.08,
    60: -0.18, 61: 0.02, 62: 0.05, 66: 0.03, 67: 0.0,
}  # fmt: skip
_OTHER = {
    16: 0, 15: 1, 14: 2, 13: 3, 12: 4, 11: 5, 10: 6, 9: 7, 26: 17, 25: 18, 24: 19, 23: 20, 22: 21, 35: 31, 34: 32,
    45: 36, 44: 37, 43: 38, 42: 39, 47: 40, 46: 41, 54: 48, 53: 49, 52: 50, 56: 58, 55: 59, 64: 60, 63: 61, 65: 67,
}  # fmt: skip
_DEPTHS = np.array([_HALF[_OTHER.get(i, i)] for i in range(68)])
_STRIDE = 4


def depth_map(landmarks: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Depth (h, w) float32, pixels, positive towards the camera, of a face with these landmarks (68, 2), pixels.

    A thin plate through the depths of a mean face's landmarks; outside the landmarks it is an extrapolation.
    """
    depths = _DEPTHS * interocular(landmarks)
    plate = ThinPlate.fit(landmarks, np.column_stack([depths, np.zeros(68)]), smoothness=1e-3)
    rows, columns = (np.arange(0, size + _STRIDE, _STRIDE) for size in shape)
    coarse = plate(np.stack(np.meshgrid(columns, rows), axis=-1))[..., 0].astype(np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) / np.float32(_STRIDE)
    return cv2.remap(coarse, x, y, cv2.INTER_LINEAR)
