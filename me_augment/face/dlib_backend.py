"""The default landmark backend: dlib's frontal detector and 68-point predictor, offline, CPU."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.detector import NoFaceError

# The predictor answers in whole pixels of the image it is given. Enlarging the face to this box size
# and averaging over shifted boxes turns that into sub-pixel points with less jitter.
_BOX_PX = 400
_BOX_SHIFTS = ((0.0, 0.0), (0.03, 0.0), (-0.03, 0.0), (0.0, 0.03), (0.0, -0.03))
_BOX_SCALES = (0.96, 1.04)
# Below this side length the detector's 80 px minimum face needs the image enlarged.
_SMALL_SIDE = 400


def model_file() -> Path:
    """Path of the 68-point model inside the `face-recognition-models` package.

    The file is read by path: importing that package needs `pkg_resources`, which newer setuptools lack.

    Raises:
        MeAugmentError: the package or the file in it is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise MeAugmentError("the 68-point landmark model is missing: run `pip install face-recognition-models`.")
    path = Path(spec.origin).parent / "models" / "shape_predictor_68_face_landmarks.dat"
    if not path.is_file():
        raise MeAugmentError(f"{path} is missing: reinstall the package `face-recognition-models`.")
    return path


class DlibDetector:
    """`LandmarkDetector` on dlib. Its landmark model was trained on 300-W: research use only."""

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise MeAugmentError(f"dlib cannot be imported ({error}): run `pip install dlib-bin`.") from error
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(model_file()))
        self.name = f"dlib-{dlib.__version__}"

    def detect(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """See `LandmarkDetector.detect`."""
        picture = _as_rgb8(image)
        box = self._largest_face(picture)
        left, top, width, height = box
        scale = _BOX_PX / width
        # Cut out twice the box before enlarging: the predictor looks a little beyond the box.
        x0, y0 = max(0, int(left - width / 2)), max(0, int(top - height / 2))
        x1 = min(picture.shape[1], int(left + 1.5 * width))
        y1 = min(picture.shape[0], int(top + 1.5 * height))
        cut = cv2.resize(picture[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        centre_x, centre_y = (left + width / 2 - x0) * scale, (top + height / 2 - y0) * scale
        estimates = []
        for factor in _BOX_SCALES:
            half = _BOX_PX * factor / 2
            for shift_x, shift_y in _BOX_SHIFTS:
                cx, cy = centre_x + shift_x * _BOX_PX, centre_y + shift_y * _BOX_PX
                rectangle = self._dlib.rectangle(round(cx - half), round(cy - half), round(cx + half), round(cy + half))
                shape = self._predictor(cut, rectangle)
                estimates.append([(p.x, p.y) for p in shape.parts()])
        enlarged = np.median(np.asarray(estimates, np.float64), axis=0)
        # cv2.resize aligns pixel areas: centre of pixel i lies at (i + 0.5) * scale - 0.5.
        points = (enlarged + 0.5) / scale - 0.5 + (x0, y0)
        return points.astype(np.float32)

    def _largest_face(self, picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
        """Left, top, width, height of the largest face box, looking for small faces only where none is large."""
        for enlarge in (0, 1) if min(picture.shape[:2]) >= _SMALL_SIDE else (1, 2):
            boxes = self._detector(picture, enlarge)
            if len(boxes):
                box = max(boxes, key=lambda b: b.width() * b.height())
                return box.left(), box.top(), box.width(), box.height()
        height, width = picture.shape[:2]
        raise NoFaceError(
            f"no face was found in the {width}x{height} image: it must show one upright, near-frontal face with "
            "some margin around it."
        )


def _as_rgb8(image: NDArray[Any]) -> NDArray[np.uint8]:
    eight = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    if eight.ndim == 2:
        eight = np.repeat(eight[..., None], 3, axis=2)
    return np.ascontiguousarray(eight, dtype=np.uint8)
