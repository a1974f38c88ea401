"""Landmark detection behind one protocol, so that backends can be exchanged without anybody noticing."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError


class NoFaceError(MeAugmentError):
    """No face was found in an image."""


class LandmarkDetector(Protocol):
    """Finds the 68 iBUG landmarks of the largest face.

    Attributes:
        name: backend and version, recorded with what was made from its landmarks.
    """

    name: str

    def detect(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Landmarks (68, 2) float32, (x, y) in pixels, of the largest face.

        Args:
            image: (H, W) gray or (H, W, 3) RGB, uint8 or uint16.

        Raises:
            NoFaceError: there is no face in the image.
        """
        ...


BACKENDS = ("dlib",)


def create_detector(backend: str = "dlib") -> LandmarkDetector:
    """The detector called `backend`; UsageError naming the known ones otherwise."""
    if backend == "dlib":
        from me_augment.face.dlib_backend import DlibDetector

        return DlibDetector()
    raise UsageError(f"there is no landmark backend {backend!r}: choose one of {', '.join(BACKENDS)}.")
