"""Puts frames of a recording into a folder as image files: links where the files will do, else new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.flow.field import eight_bit
from me_augment.manifest.store import write_bytes
from me_augment.staging import link
from me_augment.video import FrameSource
from me_augment.video.folder import FolderFrames
from me_augment.video.provenance import commented

_BLOCK = 16  # frames in memory
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
_SUFFIXES = {".jpg": (".jpg", ".jpeg"), ".png": (".png",), ".bmp": (".bmp",)}


def put_frames(
    source: FrameSource,
    positions: Sequence[int],
    folder: Path,
    name_of: Callable[[int, str | None], str],
    suffix: str,
    comment: str | None,
) -> int:
    """Write frames and say how many were linked.

    Args:
        source: the recording.
        positions: of the frames, from 0.
        folder: exists.
        name_of: from a position and the stem of its file, None where it has none, to the name without ending.
        suffix: of the files: `.png` and `.bmp` are without loss, `.jpg` is of quality 100 with full colour resolution.
        comment: of files that are written, where the suffix has room for one; see `mark_of`.

    Raises:
        VideoError: the frames cannot be read.
    """
    if isinstance(source, FolderFrames) and all(
        source.files[place].suffix.casefold() in _SUFFIXES[suffix] for place in positions
    ):
        for place in positions:
            file = source.files[place]
            link(file.resolve(), folder / f"{name_of(place, file.stem)}{suffix}")
        return len(positions)
    for start in range(0, len(positions), _BLOCK):
        block = positions[start : start + _BLOCK]
        for place, frame in zip(block, source.read(block), strict=True):
            write_bytes(folder / f"{name_of(place, None)}{suffix}", _encoded(frame, suffix, comment))
    return 0


def _encoded(frame: NDArray[np.generic], suffix: str, comment: str | None) -> bytes:
    stored = frame if suffix == ".png" else eight_bit(frame)
    stored = stored if stored.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(stored), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(suffix, stored, _JPEG if suffix == ".jpg" else ())[1].tobytes()
    return commented(encoded, comment) if comment else encoded
