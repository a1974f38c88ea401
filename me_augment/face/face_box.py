"""Where the largest face is: dlib's frontal face detector, whose data come with it, serves every landmark backend."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.detector import NoFaceError

# Below this side length the detector's 80 px minimum face needs the image enlarged.
_SMALL_SIDE = 400


class FaceBox(NamedTuple):
    """A face box in pixels: brows to below the lips, ear to ear, as dlib's detector was trained to draw it."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> NDArray[np.float64]:
        """Middle (2,) of the box."""
        return np.array([self.left + self.width / 2, self.top + self.height / 2])


class FaceFinder:
    """dlib's histogram-of-gradients face detector; offline, CPU, deterministic.

    Raises:
        MeAugmentError: dlib cannot be imported.
    """

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise MeAugmentError(f"dlib cannot be imported ({error}): run `pip install dlib-bin`.") from error
        self._detector = dlib.get_frontal_face_detector()

    def largest(self, picture: NDArray[np.uint8]) -> FaceBox:
        """Box of the largest face, looking for small faces only where none is large.

        Args:
            picture: (H, W, 3) RGB.

        Raises:
            NoFaceError: there is no face in the picture.
        """
        for enlarge in (0, 1) if min(picture.shape[:2]) >= _SMALL_SIDE else (1, 2):
            boxes = self._detector(picture, enlarge)
            if len(boxes):
                box = max(boxes, key=lambda b: b.width() * b.height())
                return FaceBox(box.left(), box.top(), box.width(), box.height())
        raise no_face(picture)


def no_face(picture: NDArray[Any]) -> NoFaceError:
    """The error that says what a picture must show."""
    height, width = picture.shape[:2]
    return NoFaceError(
        f"no face was found in the {width}x{height} image: it must show one upright, near-frontal face with "
        "some margin around it."
    )


def as_rgb8(image: NDArray[Any]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3), uint8 or uint16, as contiguous (H, W, 3) uint8: what the networks and trees read."""
    eight = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    if eight.ndim == 2:
        eight = np.repeat(eight[..., None], 3, axis=2)
    return np.ascontiguousarray(eight, dtype=np.uint8)
