"""What the networks see of a picture: a square around the face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from me_augment.face.geometry import eye_centres, fit_similarity
from me_augment.generation.fpb_fomm.architecture import Architecture

# Where the upright crop puts the eye centres and the mouth centre, as fractions of its side: with forehead and chin.
_ANCHORS = np.array([[0.34, 0.36], [0.66, 0.36], [0.50, 0.713]])
# The box of dlib's face detector, which the reference cuts to: its side and the shift of its centre, in units of the
# larger extent of the landmarks that are found in it (measured on the astronaut; it moves in steps of a tenth).
_BOX_SIDE, _BOX_SHIFT = 0.94, np.array([-0.03, -0.07])


def face_crop(landmarks: NDArray[np.floating], shape: Architecture) -> NDArray[np.float64]:
    """(2, 3) similarity from the pixels of a picture to those of the square that a model sees.

    A model that computes as the reference sees an upright box about the face as its detector draws it; others see the
    face turned upright, eyes and mouth always at the same places.

    Args:
        landmarks: (68, 2) pixels.
        shape: of the model; its side is `shape.size`.
    """
    if not shape.conventions.compat:
        points = np.vstack([eye_centres(landmarks), landmarks[48:60].mean(0)])
        return fit_similarity(points, _ANCHORS * shape.size - 0.5)
    low, high = landmarks.min(0).astype(np.float64), landmarks.max(0).astype(np.float64)
    extent = float((high - low).max())
    scale = shape.size / (_BOX_SIDE * extent)
    centre = (low + high) / 2 + _BOX_SHIFT * extent
    return np.column_stack([np.eye(2) * scale, (shape.size - 1) / 2 - scale * centre])
