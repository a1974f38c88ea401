"""Tells files of the same bytes: by hard link without reading them, by hash where their sizes are the same."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from me_augment.errors import MeAugmentError


class Contents:
    """Numbers contents from 0, in the order in which they were first met."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self._of_inode: dict[tuple[int, int], int] = {}
        self._sizes: list[int] = []

    def add(self, path: Path, stat: os.stat_result) -> int:
        """Number of a file's place on disk; `merged` says which of these hold the same bytes."""
        place = (stat.st_dev, stat.st_ino)
        if place not in self._of_inode:
            self._of_inode[place] = len(self.files)
            self.files.append(path)
            self._sizes.append(stat.st_size)
        return self._of_inode[place]

    def merged(self) -> list[int]:
        """Of each number the smallest whose file has the same bytes.

        Raises:
            MeAugmentError: a file cannot be read.
        """
        found = list(range(len(self.files)))
        of_size: dict[int, list[int]] = defaultdict(list)
        for number, size in enumerate(self._sizes):
            of_size[size].append(number)
        for numbers in of_size.values():
            if len(numbers) > 1:
                first: dict[bytes, int] = {}
                for number, content in zip(numbers, self._hashes(numbers), strict=True):
                    found[number] = first.setdefault(content, number)
        return found

    def _hashes(self, numbers: Iterable[int]) -> Iterable[bytes]:
        for number in numbers:
            try:
                with self.files[number].open("rb") as file:
                    yield hashlib.file_digest(file, "sha256").digest()
            except OSError as error:
                raise MeAugmentError(f"{self.files[number]} cannot be read ({error.strerror}).") from error
