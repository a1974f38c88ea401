"""The default landmark backend: dlib's frontal detector and 68-point predictor, offline, CPU."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.face.face_box import FaceFinder, as_rgb8
from me_augment.face.geometry import mirror_landmarks

# The predictor answers in whole pixels of the image it is given, and not the same for a face and its mirror image.
# Enlarging the face to this box size and averaging over shifted boxes, mirrored too, makes that sub-pixel points. On
# the demo's faces under noise and shifts a point's jitter is 0.58 % of the interocular distance from one box, 0.34 from
# the median of ten, 0.22 from the mean of ten and their mirror images; trimming the mean costs nothing and drops a
# start that went astray. Averaging over the first frames of a clip was tried too: where the head drifts by 0.15 px
# per frame, the points of three frames are already worse than those of one.
_BOX_PX = 400
_BOX_SHIFTS = ((0.0, 0.0), (0.03, 0.0), (-0.03, 0.0), (0.0, 0.03), (0.0, -0.03))
_BOX_SCALES = (0.96, 1.04)
_TRIM = 2  # of the 20 values at either end


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
        self._finder = FaceFinder()
        import dlib

        self._dlib = dlib
        self._predictor = _model(model_file())
        self.name = f"dlib-{dlib.__version__}"

    def detect(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """See `LandmarkDetector.detect`."""
        picture = as_rgb8(image)
        left, top, width, height = self._finder.largest(picture)
        scale = _BOX_PX / width
        # Cut out twice the box before enlarging: the predictor looks a little beyond the box.
        x0, y0 = max(0, int(left - width / 2)), max(0, int(top - height / 2))
        x1 = min(picture.shape[1], int(left + 1.5 * width))
        y1 = min(picture.shape[0], int(top + 1.5 * height))
        cut = cv2.resize(picture[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        centre_x, centre_y = (left + width / 2 - x0) * scale, (top + height / 2 - y0) * scale
        mirrored = np.ascontiguousarray(cut[:, ::-1])
        estimates = []
        for factor in _BOX_SCALES:
            for shift_x, shift_y in _BOX_SHIFTS:
                cx, cy = centre_x + shift_x * _BOX_PX, centre_y + shift_y * _BOX_PX
                estimates.append(self._predict(cut, cx, cy, factor))
                seen = self._predict(mirrored, cut.shape[1] - 1 - cx, cy, factor)
                estimates.append(mirror_landmarks(seen, cut.shape[1]))
        enlarged = np.sort(estimates, axis=0)[_TRIM:-_TRIM].mean(0)
        # cv2.resize aligns pixel areas: centre of pixel i lies at (i + 0.5) * scale - 0.5.
        points = (enlarged + 0.5) / scale - 0.5 + (x0, y0)
        return points.astype(np.float32)

    def _predict(self, picture: NDArray[np.uint8], x: float, y: float, factor: float) -> NDArray[np.float64]:
        """Landmarks (68, 2) in whole pixels, starting from a box around (x, y)."""
        half = _BOX_PX * factor / 2
        box = self._dlib.rectangle(round(x - half), round(y - half), round(x + half), round(y + half))
        return np.array([(p.x, p.y) for p in self._predictor(picture, box).parts()], np.float64)


@lru_cache(maxsize=1)  # a hundred megabytes, read in a second
def _model(file: Path) -> Any:
    import dlib

    return dlib.shape_predictor(str(file))
