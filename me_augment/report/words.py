"""Words on pictures, in a font that knows more than ASCII: titles and captions made to fit, the visible mark."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
_WATERMARK = "SYNTHETIC"
_SHARE_OF_HEIGHT, _SMALLEST = 0.045, 9
_LEGIBLE = 8  # the smallest size that a line is written in


def drawable(text: str) -> str:
    """One line of what the font can draw; other letters, and those that steer the writing, by code (`\\u4e2d`)."""
    known = _letters()
    return "".join(
        letter if letter.isprintable() and ord(letter) in known else letter.encode("unicode_escape").decode()
        for letter in " ".join(text.split())
    )


def line(text: str, width: int, size: int = 13, bold: bool = False, colour: Colour = BLACK) -> Picture:
    """Text on white, (1.7 size, width, 3) uint8 RGB; smaller where it must be to fit, or cut, which three dots say."""
    picture = Image.new("RGB", (width, round(1.7 * size)), "white")
    known, room = drawable(text), width - size // 2 - 1
    fonts = [_font(smaller, bold) for smaller in range(size, min(size, _LEGIBLE) - 1, -1)]
    font = next((font for font in fonts if font.getlength(known) <= room), fonts[-1])
    shown = _fitting(known, font, room)
    ImageDraw.Draw(picture).text((size // 2, picture.height // 2), shown, colour, font, anchor="lm")
    return np.array(picture)


def paragraph(text: str, width: int, size: int = 12, most: int = 4) -> Picture:
    """Text on white in as many lines as it takes, at most so many; each as `line` draws it."""
    font, rows = _font(size, False), [""]
    for word in drawable(text).split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and font.getlength(longer) > width - size and len(rows) < most:
            rows.append(word)
        else:
            rows[-1] = longer
    return np.vstack([line(row, width, size) for row in rows])


def width_of(text: str, size: int) -> int:
    """Pixels that a text takes."""
    return round(_font(size, False).getlength(drawable(text)))


def watermarked(frame: NDArray[Any]) -> NDArray[Any]:
    """A frame (H, W) or (H, W, 3), uint8 or uint16, with SYNTHETIC in its lower left corner, white with a black rim."""
    size = max(_SMALLEST, round(_SHARE_OF_HEIGHT * frame.shape[0]))
    ink, font = Image.new("LA", frame.shape[1::-1], (0, 0)), _font(size, True)
    place, rim = (size // 2, frame.shape[0] - size // 2), max(1, size // 9)
    draw = ImageDraw.Draw(ink)
    draw.text(place, _WATERMARK, (255, 255), font, anchor="ls", stroke_width=rim, stroke_fill=(0, 255))
    level, cover = np.moveaxis(np.array(ink, np.float32) / 255, -1, 0)
    if frame.ndim == 3:
        level, cover = level[..., None], cover[..., None]
    return np.rint(frame * (1 - cover) + np.iinfo(frame.dtype).max * level * cover).astype(frame.dtype)


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    kept = 0
    while kept < len(text) and font.getlength(text[: kept + 1] + "…") <= width:
        kept += 1
    return text[:kept].rstrip() + "…"


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_file(bold), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _letters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_file(bold=True))).get_charmap())


def _file(bold: bool) -> Path:
    # Plots are drawn in it too; it comes with matplotlib and knows Latin, Greek and Cyrillic.
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts/ttf", f"DejaVuSans{'-Bold' if bold else ''}.ttf")
