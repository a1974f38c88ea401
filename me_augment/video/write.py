"""Writing of clips without loss: FFV1 in Matroska, or a folder of PNG images."""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from me_augment.errors import UsageError
from me_augment.video.checks import VideoError, check_rate, uniform
from me_augment.video.encode import Recipe, encode, saving
from me_augment.video.ffv1 import RATE_TAG, SETTINGS, SETTINGS_TAG
from me_augment.video.names import parse_name
from me_augment.video.provenance import commented

# By channels and bytes a sample. FFV1 has no rgb24; bgr0 and gbrp16le hold the same samples in another order.
_PIXEL_FORMATS = {(1, 1): "gray", (1, 2): "gray16le", (3, 1): "bgr0", (3, 2): "gbrp16le"}
_PNG_COMPRESSION = 4


def write_lossless(
    path: Path, frames: Iterable[np.ndarray], fps: Fraction, metadata: Mapping[str, str] | None = None
) -> int:
    """Write a clip as FFV1 in Matroska and return its frame count; read back, every sample is the same.

    Frames are (H, W) gray or (H, W, 3) RGB, uint8 or uint16, all alike; `fps` is in frames per second and is
    kept as the fraction it is. `metadata` becomes container tags (Matroska writes the keys in capitals). The
    same input gives the same bytes, on any machine with the same FFmpeg. The file appears under its name only
    when it is complete. Raises UsageError for another suffix than .mkv, VideoError for no frame, frames that
    differ, or a file that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".mkv":
        raise UsageError(f"{path} is to hold FFV1 in Matroska; give it a name ending in .mkv")
    rate = check_rate(fps, path)
    tags = {**(metadata or {}), RATE_TAG: str(rate), SETTINGS_TAG: SETTINGS}
    with replacing(path) as file:
        return encode(file, path, uniform(frames, path), rate, _recipe, tags)


def write_png_folder(
    folder: Path,
    frames: Iterable[np.ndarray],
    names: str = "img{n}.png",
    first_number: int = 1,
    comment: str | None = None,
) -> int:
    """Write a clip as one PNG per frame, numbered from `first_number` without padding, and return the count.

    Frames are (H, W) gray or (H, W, 3) RGB, uint8 or uint16, all alike. `comment` becomes the description in each
    file. The folder appears only when it is complete. Raises UsageError for `names` that do not read back as the
    numbers written, VideoError for a folder that already holds something, no frame, frames that differ, or a
    folder that cannot be written.
    """
    folder = Path(folder)
    example = parse_name(names.replace("{n}", str(first_number))) if names.count("{n}") == 1 else None
    if example is None or example.pattern != names or example.suffix != ".png" or first_number < 0:
        raise UsageError(
            f"{names} from {first_number} is no pattern for PNG frames; give one such as img{{n}}.png, from 0 or more"
        )
    temporary = _temporary(folder)
    try:
        with saving(folder):
            if folder.is_dir() and any(folder.iterdir()):
                raise VideoError(f"{folder} already holds files, which would mix with the frames; empty it first")
            if folder.exists():
                folder.rmdir()
            temporary.mkdir(parents=True)
        count = 0
        for count, frame in enumerate(uniform(frames, folder), start=1):
            file = temporary / names.replace("{n}", str(first_number + count - 1))
            stored = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            encoded, data = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_COMPRESSION])
            if not encoded:
                raise VideoError(f"{folder / file.name} could not be encoded as PNG; check the frame's size")
            with saving(folder):
                file.write_bytes(data.tobytes() if comment is None else commented(data.tobytes(), comment))
        with saving(folder):
            temporary.replace(folder)
        return count
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that takes the name `path` once the block ends well, and vanishes otherwise."""
    temporary = _temporary(path)
    try:
        with saving(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("xb")
        try:
            yield file
            with saving(path):
                file.flush()
                os.fsync(file.fileno())
        finally:
            with suppress(OSError):  # after the flush, only an error that is already being raised
                file.close()
        with saving(path):
            temporary.replace(path)
    finally:
        with suppress(OSError):  # where the folder itself is the problem, that error is already being raised
            temporary.unlink()


def _temporary(path: Path) -> Path:
    # The same folder, so that the rename stays on one file system; hidden, so that no reader lists it.
    return path.parent / f".{secrets.token_hex(8)}.part"


def _recipe(first: np.ndarray) -> Recipe:
    channels = 1 if first.ndim == 2 else 3
    options = {
        "level": "3",
        # Fixed, because FFmpeg else derives it from the processor; four slices need two rows and two columns.
        "slices": "4" if min(first.shape[:2]) > 1 else "1",
        "slicecrc": "1",
        "g": "1",  # every frame stands alone, so damage stays in one
        "coder": "1",
        "context": "0",
        "flags": "+bitexact",
    }
    return Recipe("matroska", "ffv1", _PIXEL_FORMATS[channels, first.itemsize], options)
