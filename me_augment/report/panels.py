"""What a preview shows of a clip: its film, its driver's and the face it was made with, under a title, and the layout.

Contact sheets and animations are both built of panels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.manifest import Clip, Manifest
from me_augment.manifest.showing import Hidden
from me_augment.report.look import (
    AMPLIFICATION,
    Look,
    differences,
    flow_colours,
    flow_scale,
    flows,
    look_at,
    look_at_file,
)
from me_augment.report.words import Picture, line, paragraph
from me_augment.video import synthetic_mark

VIEWS = ("plain", "difference", "flow")
"""What a film can be looked at as; change and motion are those since the onset."""
GAP = 12
"""White between panels, pixels."""
_WHEEL = 44  # diameter, pixels
_WIDEST = 1200  # where several panels stand side by side, pixels


@dataclass(frozen=True)
class Film:
    """Something that moves.

    Attributes:
        role: what it is to the panel: `driver`, `synthetic`, `real`, or `film` of which nothing is known.
        look: its frames.
        apex_known: else the middle stands for it.
    """

    role: str
    look: Look
    apex_known: bool

    @cached_property
    def motion(self) -> NDArray[np.float32]:
        """`flows` of its frames."""
        return flows(self.look)


@dataclass(frozen=True)
class Panel:
    """What belongs together.

    Attributes:
        title, about: its name, and what is known of it; from data that anybody may have written.
        films: the driver where there is one, and last the clip itself.
        face: that the clip was made with, (S, S, 3) uint8 RGB; None for a real clip.
        synthetic: the clip is.
    """

    title: str
    about: str
    films: tuple[Film, ...]
    face: Picture | None
    synthetic: bool

    def flow_scale(self) -> float:
        """Motion of the fullest colour, pixels; one for all films, so that their colours can be compared."""
        return flow_scale(*(film.motion for film in self.films))


def panels_of(manifest: Manifest, clips: Sequence[Clip], side: int, most: int = 40) -> list[Panel]:
    """One panel for each clip.

    Args:
        manifest: holds the recordings, and of synthetic clips the drivers and targets.
        clips: with known onset and offset.
        side: of the pictures, pixels.
        most: frames of a film, see `look_at`; 2 are enough for a contact sheet.

    Raises:
        MeAugmentError: as `look_at`, also for a driver or target.
    """
    hidden = Hidden(manifest.clips)
    parents = {name for clip in clips for name in (clip.driver_clip_id, clip.target_clip_id)}
    by_id = {clip.clip_id: clip for clip in manifest.clips if clip.clip_id in parents}

    def film(clip: Clip, role: str) -> Film:
        return Film(role, look_at(manifest, clip, hidden, side, most), clip.apex_index is not None)

    def panel(clip: Clip) -> Panel:
        itself = film(clip, _kind(clip.is_synthetic))
        driver = by_id.get(clip.driver_clip_id or "")
        target = by_id.get(clip.target_clip_id or "")
        return Panel(
            title=clip.name,
            about=_about(clip),
            films=(*([film(driver, "driver")] if driver else []), itself),
            face=look_at(manifest, target, hidden, side, 2).frames[0] if target else None,
            synthetic=clip.is_synthetic,
        )

    return [panel(clip) for clip in clips]


def panel_of_file(path: Path, side: int, most: int = 40) -> Panel:
    """The panel of a video or folder that no manifest knows; raises as `look_at_file`."""
    mark = synthetic_mark(path)
    kind = "film" if mark is None else _kind(True)
    return Panel(path.name, mark or "", (Film(kind, look_at_file(path, side, most), False),), None, mark is not None)


def views(film: Film, view: str, scale: float) -> NDArray[np.uint8]:
    """The film as `VIEWS` has it, (T, S, S, 3) uint8 RGB; `scale` is the motion of the fullest colour, pixels."""
    seen: dict[str, Callable[[], NDArray[np.uint8]]] = {
        "plain": lambda: film.look.frames,
        "difference": lambda: differences(film.look),
        "flow": lambda: flow_colours(film.motion, scale),
    }
    return seen[view]()


def caption_of(view: str, scale: float) -> str:
    """The words over a view; `legend` explains them."""
    return {"plain": "", "difference": f"change ×{AMPLIFICATION}", "flow": f"motion {scale:.1f} px"}[view]


def legend(panels: Sequence[Panel], width: int, *views: str) -> Picture:
    """What the colours of views of panels mean, (H, width, 3) uint8 RGB."""
    rows = []
    if "difference" in views:
        rows.append(paragraph(f"Change: mid grey, plus {AMPLIFICATION} times what changed since the onset.", width))
    if "flow" in views:
        said = "Motion since the onset: the hue says which way, white stands still; full colour moves by the pixels "
        said += "named above it, or by more." + (" Drivers move their heads, too." if _driven(panels) else "")
        words = paragraph(said, width - _WHEEL, most=9)
        height = max(_WHEEL, len(words))
        rows.append(np.hstack([_padded_below(_wheel(), height), _padded_below(words, height)]))
    return np.vstack([np.full((0, width, 3), 255, np.uint8), *rows])


def titled(panel: Panel, body: Picture) -> Picture:
    """A panel's picture under its name and what is known of it."""
    width = body.shape[1]
    return np.vstack([line(panel.title, width, size=14, bold=True), paragraph(panel.about, width), body])


def captioned(caption: str, picture: Picture) -> Picture:
    """A picture under its caption."""
    return np.vstack([line(caption, picture.shape[1], size=12), picture])


def footed(picture: Picture, foot: Picture) -> Picture:
    """A picture of panels, and below it what holds for all of them."""
    width = max(picture.shape[1], foot.shape[1] + 2 * GAP)
    return np.vstack([padded(picture, len(picture), width), padded(foot, len(foot) + 2 * GAP, width, before=GAP)])


def grid(pictures: Sequence[Picture]) -> Picture:
    """Pictures of any sizes on white, as many side by side as there is room for."""
    height = max(picture.shape[0] for picture in pictures)
    width = max(picture.shape[1] for picture in pictures)
    columns = min(len(pictures), max(1, _WIDEST // (width + GAP)))
    cells = [padded(picture, height + GAP, width + GAP) for picture in pictures]
    cells += [np.full((height + GAP, width + GAP, 3), 255, np.uint8)] * (-len(cells) % columns)
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return padded(np.vstack(rows), len(rows) * (height + GAP) + GAP, columns * (width + GAP) + GAP, before=GAP)


def padded(picture: Picture, height: int, width: int, before: int = 0) -> Picture:
    """White added up to a size, `before` of it above and to the left."""
    below, right = height - before - picture.shape[0], width - before - picture.shape[1]
    return cv2.copyMakeBorder(picture, before, below, before, right, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def _driven(panels: Sequence[Panel]) -> bool:
    return any(film.role == "driver" for panel in panels for film in panel.films)


def _wheel() -> Picture:
    """Motion in every direction, as `flow_colours` has it."""
    x, y = np.meshgrid(*2 * [np.arange(_WHEEL) - (_WHEEL - 1) / 2])
    inside = np.hypot(x, y) <= _WHEEL / 2 - 1
    return flow_colours(np.stack([x, y], axis=-1) * inside[..., None], _WHEEL / 2 - 1)


def _padded_below(picture: Picture, height: int) -> Picture:
    return padded(picture, height, picture.shape[1])


def _about(clip: Clip) -> str:
    words = [clip.emotion or clip.expression, f"AU {clip.au_verbatim}" if clip.au_verbatim else ""]
    if clip.is_synthetic:
        words += [f"strength {clip.strength:.2f}" if clip.strength is not None else "", "mirrored" * clip.mirror]
    if clip.status != "ok":
        words.append(f"{clip.status}: {clip.reason}")
    return ", ".join(filter(None, words))


def _kind(synthetic: bool) -> str:
    return "synthetic" if synthetic else "real"
