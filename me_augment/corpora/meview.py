"""MEVIEW: clips from television as folders of frames or as videos, labelled by a csv of the user's own."""

from __future__ import annotations

import re
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, video_key

CORPUS = CORPORA["meview"]

_CLIP = re.compile(r"sub(?P<subject>[0-9]{1,3})_[0-9]+", re.IGNORECASE)
COLUMNS = Columns(
    required={name: (name,) for name in ("clip", "onset", "apex", "offset", "au", "emotion")}, keys={"clip": _CLIP}
)


def canonical_subject(text: str) -> str:
    """`1`, `01` → `sub01`."""
    return f"sub{int(text):02d}"


# The labels count frames from 0, whatever numbers a program gave the frames that it took out of the videos.
_LEVELS = (re.compile(f"(?P<video>{_CLIP.pattern})", re.IGNORECASE),)
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("MEVIEW",),
    columns=COLUMNS,
    shapes=(
        Shape(kind="frames", names=("MEVIEW",), levels=_LEVELS, canonical=canonical_subject, first=0),
        Shape(
            kind="video",
            names=("MEVIEW",),
            levels=_LEVELS,
            canonical=canonical_subject,
            suffixes=(".mp4", ".avi", ".mov", ".mkv"),
            first=0,
        ),
    ),
    parts=True,
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read MEVIEW.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: csv of the user's own; by default a table below root whose name begins with MEVIEW.
        tree: `frames` or `video`; by default both, and of a clip that is there twice the frames.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with clips done and in all.

    Raises:
        UsageError: labels or clips are missing or are not those of MEVIEW.
    """
    return Labels.open(root, LAYOUT, sheet, tree).ingest(_event, corrections=corrections, progress=progress)


def _event(cells: Cells) -> Event:
    name = cells.text("clip")
    match = _CLIP.fullmatch(name)
    assert match is not None, "rows are matched before they come here"
    subject = canonical_subject(match["subject"])
    emotion = cells.text("emotion") or None
    if emotion is None:
        cells.note("emotion-missing", "emotion is empty")
    return Event(
        where=cells.where,
        subject=subject,
        video=video_key(subject, name),
        name=name,
        onset=cells.frame("onset"),
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        emotion=emotion,
        au=cells.verbatim("au"),
    )


READERS = {CORPUS.name: Reader(read, LAYOUT)}
