"""Writes a `.npy` file row by row, so that an array is never in memory whole."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NpyRows:
    """A file of rows of one shape, in the bytes that `np.save` of all of them would write.

    numpy leaves room in the header for the number of rows to grow, so that it can be written last.

    Args:
        path: of the file.
        shape: of a row.
        dtype: of its numbers.
        rows: how many of those that are in the file are kept, from the first.
    """

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: type[np.generic] = np.float32, *, rows: int = 0
    ) -> None:
        self._shape, self._dtype, self._rows = shape, np.dtype(dtype), rows
        self._file = path.open("r+b" if rows else "w+b")
        self._write_header()
        self._file.truncate(self._file.tell() + rows * prod(shape) * self._dtype.itemsize)
        self._file.seek(0, os.SEEK_END)

    def append(self, row: NDArray[Any]) -> None:
        """Add a row, which is then on disk; ValueError where it has another shape."""
        if row.shape != self._shape:
            raise ValueError(f"a row of shape {row.shape} in an array of {self._shape}")
        self._file.write(np.ascontiguousarray(row, self._dtype).tobytes())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._rows += 1

    def close(self) -> None:
        """Write how many rows there are; what was not closed is no array."""
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        described = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, {**described, "shape": (self._rows, *self._shape)})
