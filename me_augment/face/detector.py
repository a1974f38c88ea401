"""Landmark detection behind one protocol, so that backends can be exchanged without anybody noticing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.words import choose


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


BACKENDS = ("dlib", "face-alignment", "mediapipe")


def create_detector(
    backend: str = "dlib", *, device: str | None = None, weights: Path | None = None
) -> LandmarkDetector:
    """The detector called `backend`.

    Args:
        backend: one of `BACKENDS`.
        device: `cpu`, `cuda` or `cuda:N`; the CPU if None. Only face-alignment can use a GPU.
        weights: file or folder with the network's weights; None takes them from the installed package or its cache.

    Raises:
        UsageError: an unknown backend, or an option that this one has not got.
        MeAugmentError: what the backend needs is not installed; the sentence says how to get it.
    """
    if backend not in BACKENDS:
        raise UsageError(f"there is no landmark backend {backend!r}: {choose(backend, BACKENDS)}")
    if backend == "face-alignment":
        from me_augment.face.face_alignment_backend import FaceAlignmentDetector

        return FaceAlignmentDetector(device or "cpu", weights)
    if device not in (None, "cpu"):
        raise UsageError(f"the landmark backend {backend} runs on the CPU: leave out --landmarks-device {device}.")
    if backend == "mediapipe":
        from me_augment.face.mediapipe_backend import MediapipeDetector

        return MediapipeDetector(weights)
    if weights is not None:
        raise UsageError("the landmark backend dlib brings its model with it: leave out --landmark-weights.")
    from me_augment.face.dlib_backend import DlibDetector

    return DlibDetector()
