"""Measured motion kept on disk, so that another run over the same drivers need not measure it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.array_cache import ArrayCache
from me_augment.generation.motion import DriverMotion, measure_motion
from me_augment.versions import DECIDING, installed, source_digest


@dataclass(frozen=True)
class MotionCache:
    """A folder of measurements, each named by a hash of the frames, the landmarks and the software that measured.

    What is read back is what was measured, bit for bit. Several processes may share the folder. Whatever goes wrong
    with it (damage, a full disk) costs time only: the motion is measured again.

    Attributes:
        folder: made when it is first needed.
        limit: bytes that it may hold; what was not used for longest goes first.
    """

    folder: Path
    limit: int

    def __call__(self, frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> DriverMotion:
        """As `measure_motion`."""
        kept, key = ArrayCache(self.folder, self.limit), _key(frames, landmarks)
        motion = _motion(kept.find(key))
        if motion is None:
            motion = measure_motion(frames, landmarks)
            arrays = {field.name: getattr(motion, field.name) for field in fields(motion)}
            kept.keep(key, {name: np.asarray(value) for name, value in arrays.items() if value is not None})
        return motion


def _key(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> str:
    hashed = sha256(repr((source_digest(), [(name, installed(name)) for name in DECIDING])).encode())
    for array in (landmarks, *frames):
        hashed.update(repr((array.shape, array.dtype.str)).encode())
        hashed.update(np.ascontiguousarray(array).data)
    return hashed.hexdigest()[:32]


def _motion(arrays: dict[str, NDArray[Any]] | None) -> DriverMotion | None:
    if arrays is None:
        return None
    try:
        given: dict[str, Any] = {**arrays, "step": float(arrays["step"])}
        return DriverMotion(**given)
    except (KeyError, TypeError, ValueError):
        return None
