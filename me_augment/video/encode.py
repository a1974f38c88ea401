"""The pass of frames through an FFmpeg encoder and into a container, with every frame accounted for."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import av
import numpy as np
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from me_augment.video.checks import VideoError

# Between RGB or gray formats every choice is exact; on YUV this rounds best, and alike on every processor.
CONVERSION = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
# By channels and bytes a sample.
_ARRAY_FORMATS = {(1, 1): "gray", (1, 2): "gray16le", (3, 1): "rgb24", (3, 2): "rgb48le"}


@dataclass(frozen=True)
class Recipe:
    """What FFmpeg is asked for: container, codec and pixel format by FFmpeg's names, and codec options."""

    container: str
    codec: str
    pixel_format: str
    options: Mapping[str, str]


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn the errors of the disk and of FFmpeg into a VideoError that names the file being written."""
    try:
        yield
    except MemoryError:
        raise  # FFmpeg's is one of its errors too, but the file is not to blame
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise VideoError(f"{path} could not be written: {reason}; make room or give another place") from error


def encode(
    file: BinaryIO,
    path: Path,
    frames: Iterator[np.ndarray],
    fps: Fraction,
    recipe_for: Callable[[np.ndarray], Recipe],
    tags: Mapping[str, str],
) -> int:
    """Encode frames that agree in shape and dtype (see `uniform`) into an open file and return their count.

    `recipe_for` chooses by the first frame. No clock, random number or processor count enters the container;
    the codec's part is the recipe's matter (FFV1 repeats itself, x264 does not). Raises VideoError, naming
    `path`, where FFmpeg or the disk fails or the container took another number of frames.
    """
    first = next(frames)
    recipe = recipe_for(first)
    with saving(path):
        # bitexact leaves out the random identifiers, the date and the library version.
        container = av.open(file, "w", format=recipe.container, container_options={"fflags": "+bitexact"})
        container.metadata.update(tags)
        options = dict(recipe.options)
        stream = cast(VideoStream, container.add_stream(recipe.codec, rate=fps, options=options))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = recipe.pixel_format
        # Some codecs' bytes depend on the thread count, and it is clips that run in parallel here.
        stream.codec_context.thread_count = 1
    given = stored = 0
    for frame in itertools.chain([first], frames):
        with saving(path):
            packets = stream.encode(_video_frame(frame, given, fps, recipe.pixel_format))
            container.mux(packets)
        given += 1
        stored += len(packets)
    with saving(path):
        packets = stream.encode(None)
        container.mux(packets)
        container.close()
    stored += len(packets)
    if stored != given:
        raise VideoError(f"{path} took {stored} of {given} frames; try again with another FFmpeg (package av)")
    return given


def _video_frame(frame: np.ndarray, index: int, fps: Fraction, pixel_format: str) -> av.VideoFrame:
    channels = 1 if frame.ndim == 2 else 3
    picture = av.VideoFrame.from_ndarray(frame, format=_ARRAY_FORMATS[channels, frame.itemsize])
    picture = picture.reformat(format=pixel_format, threads=1, interpolation=CONVERSION)
    picture.pts = index
    picture.time_base = 1 / fps
    return picture
