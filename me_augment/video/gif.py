"""Recordings stored as GIF: composed frames, and a rate from their durations."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import ImageSequence

from me_augment.video.checks import VideoError
from me_augment.video.container import VideoFrames
from me_augment.video.image import open_picture, read_whole

_EXTENSION, _PICTURE, _END = 0x21, 0x2C, 0x3B  # the bytes that open each part of a GIF
_MANY_PIXELS, _MOST_OF_A_BYTE = 500_000_000, 500  # seconds of work; pixels that a stored byte may stand for


def open_gif(path: Path) -> VideoFrames:
    """Open a GIF as RGB frames, its rate one over the mean duration (None where no duration is stored).

    Frames come one per stored picture, whatever their durations. Raises VideoError where the file is damaged.
    """
    durations = [milliseconds for _, milliseconds in _stored(path)]
    total = sum(durations)
    fps = Fraction(1000 * len(durations), total) if total else None
    return VideoFrames(path, fps, _Decoder(path))


@dataclass(frozen=True)
class _Decoder:
    path: Path

    def __call__(self) -> Iterator[np.ndarray]:
        return (frame for frame, _ in _stored(self.path))


def _stored(path: Path) -> Iterator[tuple[np.ndarray, int]]:
    # Pillow reports damage by OSError, SyntaxError, ValueError, struct.error and others.
    data = read_whole(path)
    try:
        with open_picture(data, ("GIF",)) as image:
            pictures = _pictures(data)
            if pictures is None:  # Pillow takes a file that breaks off for a shorter one
                raise ValueError("it breaks off")
            # Empty pictures of a few bytes each would be laid over one another for hours. What was filmed has noise.
            width, height = image.size
            if pictures * width * height > max(_MANY_PIXELS, _MOST_OF_A_BYTE * len(data)):
                raise ValueError(f"its {len(data)} bytes stand for {pictures} pictures of {width} x {height}")
            for frame in ImageSequence.Iterator(image):
                # Pillow lays each stored picture over the one before, as the GIF asks; alpha is dropped.
                yield np.array(frame.convert("RGB")), int(frame.info.get("duration", 0))
    except Exception as error:
        raise VideoError(f"{path} is damaged or no GIF ({error}); restore it from the corpus") from error


def _pictures(data: bytes) -> int | None:
    """How many pictures the parts of a GIF hold, walked by their lengths; None where no end mark is reached."""
    at, pictures = 13 + _table_bytes(data[10]), 0
    while at < len(data) and data[at] != _END:
        if data[at] == _EXTENSION:
            at += 2
        elif data[at] == _PICTURE and at + 9 < len(data):
            at += 11 + _table_bytes(data[at + 9])
            pictures += 1
        else:
            return None
        while at < len(data) and data[at]:  # blocks, each led by its length, until one of length 0
            at += 1 + data[at]
        at += 1
    return pictures if at < len(data) else None


def _table_bytes(flags: int) -> int:
    """Length of the colour table that follows, 0 where the flags say there is none."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
