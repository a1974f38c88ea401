"""Arrays kept on disk under the hash of what they were computed from, in a folder that grows no larger than it may."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from me_augment.manifest.store import temporary_name

_PART = 50


@dataclass(frozen=True)
class ArrayCache:
    """A folder of `.npz` files. What is read back is what was kept, bit for bit; several processes may share it.

    Whatever goes wrong with it (damage, a full disk) costs time only: an entry is then not found.

    Attributes:
        folder: made when it is first needed.
        limit: bytes that it may hold, or a few per cent more; what was not used for longest goes first.
    """

    folder: Path
    limit: int
    _unlooked: list[int] = field(default_factory=list, repr=False, compare=False)
    """Bytes of each entry that was kept since the folder was last looked through, which takes long in a large one."""

    def find(self, key: str) -> dict[str, NDArray[Any]] | None:
        """The arrays kept as `key`, a file name without ending, or None."""
        file = self._file(key)
        try:
            with np.load(file, allow_pickle=False) as stored:  # the archive's checksums tell damage
                arrays = {name: stored[name] for name in stored.files}
            os.utime(file)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return arrays

    def keep(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays as `key` and make room for them."""
        file = self._file(key)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = temporary_name(file)
            try:
                with temporary.open("wb") as handle:
                    np.savez(handle, allow_pickle=False, **arrays)
                temporary.replace(file)
            finally:
                temporary.unlink(missing_ok=True)
            if not self._unlooked or sum(self._unlooked) > self.limit // _PART:
                self._make_room(file)
                self._unlooked.clear()
            self._unlooked.append(file.stat().st_size)

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npz"

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
