"""Small lossy films to look at, marked as previews so that nobody measures motion in them."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from me_augment.errors import UsageError
from me_augment.video.checks import check_rate, uniform
from me_augment.video.encode import Recipe, encode, saving
from me_augment.video.provenance import exif_of, preview_comment
from me_augment.video.write import replacing

PREVIEW_SUFFIXES = (".gif", ".webp", ".mp4")
_WEBP = {"quality": 90, "method": 2}
_SHORTEST_CENTISECONDS = 2  # browsers show anything shorter as a tenth of a second


def write_preview(path: Path, frames: Iterable[np.ndarray], fps: Fraction, synthetic: str | None = None) -> int:
    """Write a lossy film to look at, GIF, WebP or MP4 (H.264 4:2:0, which browsers play); return its frame count.

    Frames are (H, W) gray or (H, W, 3) RGB, uint8 or uint16, all alike; `fps` is in frames per second. The file says
    that it is a preview and, where it shows something synthetic, `synthetic` (see `synthetic_comment`). An odd
    size gains one row or column by repeating the last (MP4); GIF and WebP play at 50 frames per second at most,
    slower than life above that, and show equal neighbours as one longer frame. The bytes of an MP4 may
    differ from run to run, as x264's do. Raises UsageError for another suffix, VideoError for no frame,
    frames that differ, or a file that cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in PREVIEW_SUFFIXES:
        raise UsageError(f"{path} is to hold a preview; give it a name ending in {', '.join(PREVIEW_SUFFIXES)}")
    rate = check_rate(fps, path)
    checked = uniform(frames, path)
    comment = preview_comment(synthetic)
    with replacing(path) as file:
        if suffix == ".mp4":
            return encode(file, path, _even(checked), rate, lambda _: _MP4, {"comment": comment})
        pictures = [_eight_bit(frame) for frame in checked]
        options: dict[str, Any]
        if suffix == ".gif":
            pictures, options = _one_palette(pictures), {"format": "GIF", "comment": comment.encode()}
        else:
            options = {"format": "WEBP", "exif": exif_of(comment), **_WEBP}
        with saving(path):
            first, *others = pictures
            durations = _durations(len(pictures), rate)
            first.save(file, save_all=True, append_images=others, duration=durations, loop=0, **options)
        return len(pictures)


_MP4 = Recipe("mp4", "libx264", "yuv420p", {"crf": "18", "preset": "medium", "flags": "+bitexact"})


def _even(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    # 4:2:0 stores one colour for two by two pixels.
    for frame in frames:
        odd = [(0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)]
        yield np.pad(frame, odd[: frame.ndim], mode="edge")


def _eight_bit(frame: np.ndarray) -> Image.Image:
    return Image.fromarray(frame if frame.dtype == np.uint8 else (frame >> 8).astype(np.uint8))


def _one_palette(pictures: list[Image.Image]) -> list[Image.Image]:
    """The pictures in 256 colours of their own choice, undithered: a palette per frame would make stillness flicker.

    Octrees keep the rare full colours of flow, which a median cut gives away to shades of what is common.
    """
    if pictures[0].mode == "L":
        return pictures
    shown = [np.asarray(picture) for picture in pictures[:: max(1, len(pictures) // 6)]]
    sample = Image.fromarray(np.concatenate(shown))
    palette = sample.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]


def _durations(count: int, fps: Fraction) -> list[int]:
    """Milliseconds of each frame; GIF counts in hundredths of a second, so the rounding is carried along."""
    ends = [round(100 * (index + 1) / fps) for index in range(count)]
    return [10 * max(_SHORTEST_CENTISECONDS, end - start) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
