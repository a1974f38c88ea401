"""Recordings stored as images: a folder of numbered frames, or one single picture."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from me_augment.video.checks import VideoError, check_positions, check_span, frames_to_fill
from me_augment.video.image import read_image, read_whole
from me_augment.video.names import sequence_of


class _StoredImages(ABC):
    """Images on disk, one per position; all must have the size, channels and depth of the first."""

    storage: str
    fps: Fraction | None = None  # images carry no rate

    def __init__(self, path: Path, pattern: str | None, numbers: Sequence[int], files: Sequence[Path]) -> None:
        self.path = path
        self.pattern = pattern
        self.numbers: Sequence[int] = tuple(numbers)
        self._files = tuple(files)
        first = self._decode(self._files[0])
        self.height, self.width = first.shape[:2]
        self.gray = first.ndim == 2
        self.bit_depth = 8 * first.itemsize

    @property
    def files(self) -> Sequence[Path]:
        """The file of each position."""
        return self._files

    def __len__(self) -> int:
        return len(self._files)

    def read(self, positions: Sequence[int]) -> np.ndarray:
        """Read frames, in the order asked: (T, H, W) gray or (T, H, W, 3) RGB, uint8 or uint16.

        Raises VideoError for a position outside the recording, and for a file that is missing, damaged, or
        unlike the first in size, channels or depth.
        """
        check_positions(positions, len(self), self.path)
        shape = (self.height, self.width) if self.gray else (self.height, self.width, 3)
        expected = _described(shape, self.bit_depth)
        frames = frames_to_fill(len(positions), shape, np.uint8 if self.bit_depth == 8 else np.uint16, self.path)
        for slot, position in enumerate(positions):
            file = self._files[position]
            frame = self._decode(file)
            found = _described(frame.shape, 8 * frame.itemsize)
            if found != expected:
                raise VideoError(
                    f"{file} is {found} while {self._files[0].name} is {expected}; "
                    "the frames of one recording must agree, so remove or convert it"
                )
            frames[slot] = frame
        return frames

    def content_digest(self, start: int, stop: int) -> str:
        """SHA-256 (hex) over the numbers and file bytes of positions start..stop-1, free of path and time.

        Raises VideoError for a span outside the recording or a file that cannot be read.
        """
        check_span(start, stop, len(self), self.path)
        digest = hashlib.sha256(f"{self.storage}\n".encode())
        for number, file in zip(self.numbers[start:stop], self._files[start:stop], strict=True):
            data = read_whole(file)
            digest.update(f"{number} {len(data)}\n".encode())
            digest.update(data)
        return digest.hexdigest()

    @abstractmethod
    def _decode(self, file: Path) -> np.ndarray: ...


class FolderFrames(_StoredImages):
    """A folder of numbered images, sorted by number; other files are ignored.

    EXIF orientation is not applied: the frames of one camera agree as stored, and annotations refer to that
    grid.
    """

    storage = "frames"

    def __init__(self, path: Path, pattern: str | None = None) -> None:
        """Open the sequence of a folder; see `open_frames` for the pattern and the errors."""
        try:
            # Broken links stay in, to fail by name when read rather than leave a hole unnoticed.
            names = [entry.name for entry in path.iterdir() if not entry.is_dir()]
        except OSError as error:
            raise VideoError(f"{path} could not be listed: {error.strerror}; check its permissions") from error
        # The names found are kept: padding varies within corpora, so a name is never built from a number.
        found_pattern, frames = sequence_of(names, pattern, path)
        numbers = [frame.number for frame in frames]
        super().__init__(path, found_pattern, numbers, [path / frame.name for frame in frames])

    def _decode(self, file: Path) -> np.ndarray:
        return read_image(file)


class SingleImage(_StoredImages):
    """One picture as a recording of frame 0, turned upright by its EXIF orientation (phone portraits)."""

    storage = "image"

    def __init__(self, path: Path) -> None:
        """Open a picture; raises VideoError where it is damaged."""
        super().__init__(path, None, (0,), (path,))

    def _decode(self, file: Path) -> np.ndarray:
        return read_image(file, upright=True)


def _described(shape: Sequence[int], bit_depth: int) -> str:
    return f"{shape[1]}x{shape[0]} {bit_depth}-bit {'gray' if len(shape) == 2 else 'colour'}"
