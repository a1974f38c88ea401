"""What a recording looks like to the rest of the toolkit, and the one way to open it."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from me_augment.errors import UsageError
from me_augment.video.container import open_container
from me_augment.video.folder import FolderFrames, SingleImage
from me_augment.video.gif import open_gif
from me_augment.video.names import IMAGE_SUFFIXES

VIDEO_SUFFIXES = (".avi", ".mp4", ".mkv", ".mov", ".webm")
GIF_SUFFIX = ".gif"


class FrameSource(Protocol):
    """One recording, with random access by 0-based position."""

    @property
    def path(self) -> Path:
        """The folder or file, as it was given."""

    @property
    def storage(self) -> str:
        """How it is stored: "frames" (a folder of images), "video" (one file) or "image" (one picture)."""

    @property
    def numbers(self) -> Sequence[int]:
        """The frame number of each position, ascending; holes are possible in folders."""

    @property
    def pattern(self) -> str | None:
        """For folders the names, as "img{n}.jpg" ("img{n}.*" where image types mix); else None."""

    @property
    def fps(self) -> Fraction | None:
        """Frames per second by the container; None for folders and pictures, which carry none."""

    @property
    def height(self) -> int:
        """Rows of a frame, pixels."""

    @property
    def width(self) -> int:
        """Columns of a frame, pixels."""

    @property
    def gray(self) -> bool:
        """Whether one channel is stored; a colour file with gray content is not gray."""

    @property
    def bit_depth(self) -> int:
        """Bits per sample as read: 8 (uint8) or 16 (uint16)."""

    def __len__(self) -> int:
        """Number of frames; in a video found by decoding it, on first use."""

    def read(self, positions: Sequence[int]) -> np.ndarray:
        """Frames as asked, (T, H, W) gray or (T, H, W, 3) RGB, uint8 or uint16; raises VideoError."""

    def content_digest(self, start: int, stop: int) -> str:
        """SHA-256 (hex) over the stored content of positions start..stop-1, free of path and time."""


def open_frames(path: Path, pattern: str | None = None) -> FrameSource:
    """Open a folder of images, a video, a GIF or one picture.

    `pattern`, for folders only, picks a sequence where names of several kinds lie together: "reg_img{n}.jpg"
    takes reg_img1.jpg and reg_img002.JPG; an ending of ".*" takes every image type. Raises UsageError where
    the path is missing, of an unknown kind, or holds nothing that fits, and VideoError where the content is
    damaged or ambiguous.
    """
    path = Path(path)
    if path.is_dir():
        return FolderFrames(path, pattern)
    if not path.exists():
        raise UsageError(f"{path} does not exist; give a folder of frames, a video or a picture")
    if not path.is_file():  # a pipe would be waited for, and a device has no end
        raise UsageError(f"{path} is a pipe or a device; give a folder of frames, a video or a picture")
    if pattern is not None:
        raise UsageError(f"{path} is a file, and the pattern {pattern} chooses within a folder; leave it out")
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return SingleImage(path)
    if suffix in VIDEO_SUFFIXES:
        return open_container(path)
    if suffix == GIF_SUFFIX:
        return open_gif(path)
    known = ", ".join((*VIDEO_SUFFIXES, GIF_SUFFIX, *IMAGE_SUFFIXES))
    raise UsageError(f"{path} is of no known kind; give a folder of frames or a file ending in {known}")
