"""Measured motion kept on disk, so that another run over the same drivers need not measure it again."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.generation.motion import DriverMotion, measure_motion
from me_augment.manifest.store import temporary_name
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
        file = self.folder / f"{_key(frames, landmarks)}.npz"
        motion = _read(file)
        if motion is None:
            motion = measure_motion(frames, landmarks)
            with suppress(OSError):
                self._keep(file, motion)
        return motion

    def _keep(self, file: Path, motion: DriverMotion) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = temporary_name(file)
        arrays = {field.name: getattr(motion, field.name) for field in fields(motion)}
        try:
            with temporary.open("wb") as handle:
                np.savez(handle, **{name: value for name, value in arrays.items() if value is not None})
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
        self._make_room(file)

    def _make_room(self, newest: Path) -> None:
        held = []
        for file in self.folder.glob("*.npz"):
            with suppress(FileNotFoundError):  # another process makes room too
                held.append((file.stat().st_mtime_ns, file.stat().st_size, file))
        size = sum(entry[1] for entry in held)
        for _, bytes_, file in sorted(held):
            if size <= self.limit:
                return
            if file != newest:
                file.unlink(missing_ok=True)
                size -= bytes_


def _key(frames: Sequence[NDArray[Any]], landmarks: NDArray[np.float32]) -> str:
    hashed = sha256(repr((source_digest(), [(name, installed(name)) for name in DECIDING])).encode())
    for array in (landmarks, *frames):
        hashed.update(repr((array.shape, array.dtype.str)).encode())
        hashed.update(np.ascontiguousarray(array).data)
    return hashed.hexdigest()[:32]


def _read(file: Path) -> DriverMotion | None:
    try:
        with np.load(file, allow_pickle=False) as stored:  # the archive's checksums tell damage
            arrays = {name: stored[name] for name in stored.files}
        os.utime(file)
        return DriverMotion(**{**arrays, "step": float(arrays["step"])})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
