"""The MediaPipe landmark backend: a mesh of 468 points, and the 68 landmarks read from it by a fixed table.

Only the network is MediaPipe's (`face_landmark.tflite`, Apache-2.0, from the package's last version that carries it,
0.10.21); it runs on `ai-edge-litert`. The crop follows MediaPipe's face_landmark graph: a square 1.5 times the longer
side of the face's box, turned so that the eyes are level, 192 pixels wide, values in [0, 1].
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face.face_box import FaceFinder, as_rgb8, no_face
from me_augment.face.geometry import apply_affine, crop, invert_affine, mirror_landmarks
from me_augment.versions import installed

MODEL_NAME = "face_landmark.tflite"
_IN_PACKAGE = "mediapipe/modules/face_landmark"
_POINTS = 468
_SIDE = 192
_MARGIN = 1.5
# Outer corners of the image-left and image-right eye in the mesh.
_EYES = (33, 263)
# The face's square is found from the mesh itself, starting at the detector's box; it has settled after this many looks.
_LOOKS = 3
# Sizes and turns (radians) of the square at which the settled face is looked at. On the demo's faces under noise and
# shifts a point's jitter is 0.27 % of the interocular distance from one look, 0.18 from the mean of these, 0.14 with
# their mirror images.
_VIEWS = ((1.0, 0.0), (0.94, 0.0), (1.06, 0.0), (1.0, 0.05), (1.0, -0.05))

# Landmark i is the mean of the two mesh points of row i (the same point twice where one lies right). Eye corners,
# lips, nose and the chin are the mesh's own points of those places; brows are the middle of the mesh's upper and lower
# brow edge; the jaw's points, which iBUG spaces evenly from ear to chin, and those on lids and nose bridge are the
# point or the middle of two neighbours on the mesh's contour that lie nearest to where 300-W's annotators (as dlib
# learnt them) put them on the test faces. Every pair of the image's left half has its mirror partner on the right.
TABLE = np.array([
    (127, 127), (234, 93), (93, 132), (132, 58), (172, 172), (136, 150), (149, 149), (176, 148), (152, 152),
    (400, 377), (378, 378), (365, 379), (397, 397), (361, 288), (323, 361), (454, 323), (356, 356),
    (70, 46), (63, 53), (105, 52), (66, 65), (107, 55),
    (336, 285), (296, 295), (334, 282), (293, 283), (300, 276),
    (168, 6), (197, 197), (195, 5), (4, 4),
    (75, 75), (97, 97), (2, 2), (326, 326), (305, 305),
    (33, 33), (160, 159), (158, 157), (133, 133), (153, 145), (144, 144),
    (362, 362), (385, 384), (387, 386), (263, 263), (373, 373), (380, 374),
    (61, 61), (39, 39), (37, 37), (0, 0), (267, 267), (269, 269), (291, 291),
    (405, 321), (314, 314), (17, 17), (84, 84), (181, 91),
    (78, 78), (82, 82), (13, 13), (312, 312), (308, 308), (317, 317), (14, 14), (87, 87),
])  # fmt: skip


def model_file(weights: Path | None) -> Path:
    """The network's file: `weights`, or the one in it if it is a folder; else that of the installed package.

    Raises:
        UsageError: `weights` is neither the file nor a folder with the file in it.
        MeAugmentError: no file is given, and no installed package holds it.
    """
    if weights is not None:
        for path in (weights, weights / MODEL_NAME, weights / _IN_PACKAGE / MODEL_NAME):
            if path.is_file():
                return path
        raise UsageError(f"{weights} is neither the file {MODEL_NAME} nor a folder that holds it.")
    spec = importlib.util.find_spec("mediapipe")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent.parent / _IN_PACKAGE / MODEL_NAME
        if path.is_file():
            return path
    raise MeAugmentError(
        f"the landmark backend mediapipe needs the file {MODEL_NAME}, and no installed package holds it: run "
        "`pip install ai-edge-litert` and `pip install --no-deps mediapipe==0.10.21` (newer versions come without "
        "it), or unzip that wheel and name the folder with --landmark-weights."
    )


class MediapipeDetector:
    """`LandmarkDetector` on MediaPipe's face mesh; CPU.

    Args:
        weights: see `model_file`.

    Raises:
        UsageError, MeAugmentError: the network's file or its runtime is missing, or the file is another network.
    """

    def __init__(self, weights: Path | None = None) -> None:
        path = model_file(weights)
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise MeAugmentError(
                f"the landmark backend mediapipe runs on LiteRT, which cannot be imported ({error}): "
                "run `pip install ai-edge-litert`."
            ) from error
        self._finder = FaceFinder()
        try:
            self._network = Interpreter(model_path=str(path), num_threads=1)
            self._network.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise MeAugmentError(f"{path} cannot be run ({error}): the file must be {MODEL_NAME}.") from error
        (self._input,) = (d["index"] for d in self._network.get_input_details())
        outputs = {int(np.prod(d["shape"])): d["index"] for d in self._network.get_output_details()}
        if set(outputs) != {_POINTS * 3, 1}:
            raise MeAugmentError(f"{path} is another network than {MODEL_NAME}, which has {_POINTS} points.")
        self._mesh, self._presence = outputs[_POINTS * 3], outputs[1]
        version = installed("mediapipe")
        self.name = f"mediapipe-{version}" if version and weights is None else f"mediapipe-{_digest(path)}"

    def detect(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """See `LandmarkDetector.detect`; read from the mesh by `TABLE`."""
        picture = as_rgb8(image)
        square = self._settled(picture)
        width = picture.shape[1]
        flipped = np.ascontiguousarray(picture[:, ::-1])
        square_there = _Square(np.array([width - 1 - square.centre[0], square.centre[1]]), square.side, -square.angle)
        looks = []
        for size, turn in _VIEWS:
            looks.append(_sixty_eight(self._look(picture, square.varied(size, turn))))
            seen = _sixty_eight(self._look(flipped, square_there.varied(size, turn)))
            looks.append(mirror_landmarks(seen, width))
        return np.mean(looks, axis=0).astype(np.float32)

    def dense(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """All 468 points (468, 3) float32 of the largest face's mesh, in MediaPipe's canonical order.

        x and y are pixels of the image; z is the network's estimate of depth in the same unit, from the head's middle
        on, negative towards the camera.

        Args:
            image: as for `LandmarkDetector.detect`.

        Raises:
            NoFaceError: there is no face in the image.
        """
        picture = as_rgb8(image)
        square = self._settled(picture)
        return np.mean([self._look(picture, square.varied(*view)) for view in _VIEWS], axis=0, dtype=np.float32)

    def _settled(self, picture: NDArray[np.uint8]) -> _Square:
        """The square that the mesh found in it asks for."""
        box = self._finder.largest(picture)
        square = _Square(box.centre, box.width * _MARGIN, 0.0)
        for _ in range(_LOOKS):
            square = _Square.around(self._look(picture, square))
        return square

    def _look(self, picture: NDArray[np.uint8], square: _Square) -> NDArray[np.float64]:
        """Mesh (468, 3) in pixels of the picture, as seen in the square."""
        matrix = square.to_picture()
        seen = crop(picture, invert_affine(matrix), _SIDE)
        self._network.set_tensor(self._input, seen[None].astype(np.float32) / 255)
        self._network.invoke()
        if self._network.get_tensor(self._presence).item() < 0:  # a logit: below even odds of a face
            raise no_face(picture)
        mesh = self._network.get_tensor(self._mesh).reshape(_POINTS, 3).astype(np.float64)
        # MediaPipe counts from the crop's corner, images here from the centre of the first pixel.
        place = apply_affine(matrix, mesh[:, :2] - 0.5)
        return np.column_stack([place, mesh[:, 2] * square.side / _SIDE])


@dataclass(frozen=True)
class _Square:
    """What the network is shown.

    Attributes:
        centre: (2,) pixels.
        side: pixels.
        angle: of the line through the eyes, radians.
    """

    centre: NDArray[np.float64]
    side: float
    angle: float

    @classmethod
    def around(cls, mesh: NDArray[np.float64]) -> _Square:
        low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
        eyes = mesh[_EYES[1]] - mesh[_EYES[0]]
        return cls((low + high) / 2, _MARGIN * float((high - low).max()), float(np.arctan2(eyes[1], eyes[0])))

    def varied(self, size: float, turn: float) -> _Square:
        return _Square(self.centre, self.side * size, self.angle + turn)

    def to_picture(self) -> NDArray[np.float64]:
        """(2, 3) matrix from the network's pixels to the picture's."""
        scale = self.side / _SIDE
        c, s = scale * np.cos(self.angle), scale * np.sin(self.angle)
        linear = np.array([[c, -s], [s, c]])
        return np.column_stack([linear, self.centre - linear @ np.full(2, (_SIDE - 1) / 2)])


def _sixty_eight(mesh: NDArray[np.float64]) -> NDArray[np.float64]:
    return mesh[TABLE, :2].mean(1)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
