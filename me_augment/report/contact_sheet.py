"""Contact sheets: onset, apex, offset, the amplified difference and the motion of clips on one picture."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from me_augment.errors import MeAugmentError
from me_augment.report.look import amplified_difference, flow_colours
from me_augment.report.panels import GAP, Film, Panel, caption_of, captioned, footed, grid, legend, titled
from me_augment.report.words import Picture, line, watermarked
from me_augment.video.provenance import preview_comment, synthetic_comment


def contact_sheet(panels: Sequence[Panel], watermark: bool = False) -> Picture:
    """The panels as one picture, (H, W, 3) uint8 RGB. A film without apex shows its middle in its place.

    Args:
        panels: what is shown.
        watermark: mark synthetic pictures visibly.
    """
    drawn = []
    for panel in panels:
        scale = panel.flow_scale()
        strips = [
            _strip(film, scale, watermark and panel.synthetic and film is panel.films[-1]) for film in panel.films
        ]
        drawn.append(titled(panel, np.vstack(strips)))
    sheet = grid(drawn)
    return footed(sheet, legend(panels, sheet.shape[1] - 2 * GAP, "difference", "flow"))


def write_contact_sheet(path: Path, panels: Sequence[Panel], watermark: bool = False) -> None:
    """Write `contact_sheet` as PNG that says what it is; MeAugmentError where it cannot be written."""
    about = PngInfo()
    about.add_text("Description", preview_comment(comment_of(panels)))
    encoded = BytesIO()
    Image.fromarray(contact_sheet(panels, watermark)).save(encoded, "PNG", pnginfo=about)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded.getvalue())
    except OSError as error:
        raise MeAugmentError(f"cannot write {path}: {error.strerror}.") from error


def comment_of(panels: Sequence[Panel]) -> str | None:
    """What a picture of these panels says of what is synthetic in it; None where nothing is."""
    return synthetic_comment(what="micro-expressions among others") if any(p.synthetic for p in panels) else None


def _strip(film: Film, scale: float, watermark: bool) -> Picture:
    look = film.look
    onset, apex = look.frames[look.onset], look.frames[look.apex]
    name = "apex" if film.apex_known else "middle"
    pictures = {
        "onset": onset,
        name: apex,
        "offset": look.frames[look.offset],
        caption_of("difference", scale): amplified_difference(onset, apex),
        caption_of("flow", scale): flow_colours(film.motion[look.apex], scale),
    }
    shown = [captioned(caption, watermarked(one) if watermark else one) for caption, one in pictures.items()]
    strip = np.hstack(shown)
    return np.vstack([line(film.role, strip.shape[1], size=12, bold=True), strip])
