"""Writes a `.npy` file row by row, so that an array is never in memory whole."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


class NpyRows:
    """A file of float32 rows of one shape, in the bytes that `np.save` of all of them would write.

    numpy leaves room in the header for the number of rows to grow, so that it can be written last.

    Args:
        path: of the file.
        shape: of a row.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._shape, self._rows = shape, 0
        self._file: BinaryIO = path.open("wb")
        self._write_header()

    def append(self, row: NDArray[np.floating]) -> None:
        """Add a row; ValueError where it has another shape."""
        if row.shape != self._shape:
            raise ValueError(f"a row of shape {row.shape} in an array of {self._shape}")
        self._file.write(np.ascontiguousarray(row, np.float32).tobytes())
        self._rows += 1

    def close(self) -> None:
        """Write how many rows there are; what was not closed is no array."""
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (self._rows, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)
