"""The room's error, and the checks of positions, rates and frames that its readers and writers share."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from me_augment.errors import MeAugmentError


class VideoError(MeAugmentError):
    """A recording cannot be read or a clip cannot be written; the text names the file and the way out."""


MOST_PIXELS = 89_478_485
"""A larger frame is refused: Pillow's own limit, a little less than 9500 x 9500."""
MOST_BYTES = 8 << 30
"""Frames that may be read at once."""


def frames_to_fill(count: int, shape: Sequence[int], dtype: np.dtype | type, path: Path) -> np.ndarray:
    """Room for `count` frames of `shape`; raises VideoError where a small file stands for more than memory holds."""
    wanted = count * int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    if wanted > MOST_BYTES:
        raise VideoError(
            f"{path}: {count} frames of {shape[1]}x{shape[0]} take {wanted / 1e9:.0f} GB, and no more than "
            f"{MOST_BYTES / 1e9:.0f} are read at once; give a shorter recording or a smaller picture"
        )
    return np.empty((count, *shape), dtype)


def check_size(width: int, height: int, path: Path) -> None:
    """Raise VideoError for frames that are larger than any camera's."""
    if width * height > MOST_PIXELS:
        raise VideoError(
            f"{path} has frames of {width}x{height}, and no more than {MOST_PIXELS / 1e6:.0f} megapixels are read; "
            "make them smaller"
        )


def check_positions(positions: Sequence[int], count: int, path: Path) -> None:
    """Raise VideoError unless every 0-based position lies inside a recording of `count` frames."""
    for position in positions:
        if not 0 <= position < count:
            raise VideoError(
                f"{path} holds {count} frames, so there is no position {position}; ask for 0 to {count - 1}"
            )


def check_span(start: int, stop: int, count: int, path: Path) -> None:
    """Raise VideoError unless start..stop-1 is a non-empty run of positions among `count` frames."""
    if not 0 <= start < stop <= count:
        raise VideoError(
            f"{path} holds {count} frames, so positions {start} to {stop} (end excluded) are no span of it; "
            f"ask for a start below the stop, within 0 to {count}"
        )


def check_rate(fps: Fraction, path: Path) -> Fraction:
    """Return `fps` (frames per second) as a Fraction; raise VideoError where a container cannot hold it."""
    rate = Fraction(fps)
    if rate <= 0 or max(rate.numerator, rate.denominator) >= 2**31:
        raise VideoError(
            f"{path} cannot be written at {fps} frames per second; give a positive rate such as 200 or 30000/1001"
        )
    return rate


def uniform(frames: Iterable[np.ndarray], path: Path) -> Iterator[np.ndarray]:
    """Yield the frames of one clip, each C-contiguous.

    Frames are (H, W) gray or (H, W, 3) RGB, uint8 or uint16. Raises VideoError (naming `path`, the file being
    written) when there is no frame, a frame is of another kind, or a frame differs from the first in shape or
    dtype. Errors of the iterable itself pass through unchanged.
    """
    first: np.ndarray | None = None
    for index, frame in enumerate(frames):
        array = np.asarray(frame)
        if first is None:
            picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
            if not picture or array.size == 0 or array.dtype not in (np.uint8, np.uint16):
                raise VideoError(
                    f"{path} takes frames of (H, W) or (H, W, 3), uint8 or uint16, "
                    f"not {array.shape} {array.dtype}; convert them first"
                )
            first = array
        elif array.shape != first.shape or array.dtype != first.dtype:
            raise VideoError(
                f"{path} cannot be written: frame {index} is {array.shape} {array.dtype} while the first is "
                f"{first.shape} {first.dtype}; give frames of one size and type"
            )
        yield np.ascontiguousarray(array)
    if first is None:
        raise VideoError(f"{path} was given no frame to write; give at least one")
