"""The run's tables, which grow by a row at a time and can be taken back to where an earlier state left them."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


class Table:
    """A CSV file.

    Args:
        path: is made where it is missing.
        columns: of every row.
        size: bytes to keep of what is there; the rest was written after the state that is gone on from.
    """

    def __init__(self, path: Path, columns: Sequence[str], size: int = 0) -> None:
        self._file = path.open("a+", newline="", encoding="utf-8")
        self._file.truncate(size)
        self._rows = csv.DictWriter(self._file, columns, lineterminator="\n")
        if size == 0:
            self._rows.writeheader()

    def add(self, row: Mapping[str, object]) -> None:
        """Append a row; numbers are written with seven digits."""
        self._rows.writerow({key: f"{value:.7g}" if isinstance(value, float) else value for key, value in row.items()})
        self._file.flush()

    def sync(self) -> int:
        """Make sure that all is on disk; gives its size in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """No more rows."""
        self._file.close()
