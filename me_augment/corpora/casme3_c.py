"""CAS(ME)^3 part C: its label file and trees; what its frame numbers count is decided row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, video_key

CORPUS = CORPORA["casme3-c"]

_NUMBER = re.compile(r"[0-9]{1,4}")
COLUMNS = Columns(
    required={
        "subject": ("sub",),
        "count": ("count",),
        "onset": ("onset",),
        "offset": ("offset",),
        "au": ("au",),
        "emotion": ("emotion",),
    },
    keys={"subject": _NUMBER, "count": _NUMBER},
)


def canonical_subject(text: str) -> str:
    """`1`, `01` → `C01`; parts A and B count other people."""
    return f"C{int(text):02d}"


def _clip(subject: str, names: Mapping[str, str]) -> str | None:
    """The clip of a folder `1_3`, unless its name says that it is of somebody else."""
    owner = canonical_subject(names["owner"])
    return _key(owner, names["count"]) if owner == subject else None


def _key(subject: str, count: str) -> str:
    return video_key(subject, f"{int(subject[1:])}_{int(count)}")


_PEOPLE, _COLOR = re.compile(r"(?P<subject>[0-9]{1,3})"), re.compile("color", re.IGNORECASE)
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("CAS(ME)3_part_C_ME",),
    columns=COLUMNS,
    shapes=(
        Shape(
            kind="clips",
            names=("part_C",),
            levels=(_PEOPLE, _COLOR, re.compile(r"(?P<owner>[0-9]{1,3})_(?P<count>[0-9]{1,4})")),
            canonical=canonical_subject,
            key=_clip,
            of="clip",
        ),
        Shape(
            kind="raw",
            names=("part_C",),
            levels=(_PEOPLE, _COLOR),
            canonical=canonical_subject,
            key=lambda subject, names: subject,
        ),
    ),
)

EMOTIONS = ("negative", "surprise", "others", "positive")


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read CAS(ME)^3 part C.

    The authors say that frame numbers count the images of a folder, a loader reads them as the images' names. A row
    is taken for what its onset to offset are all there for; where that decides nothing, it has no positions.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default `LAYOUT.label_files` below root.
        tree: `clips` (a folder for each event) or `raw` (one for each subject); by default the first of
            `LAYOUT.shapes` that holds the labelled events.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with recordings done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of part C.
    """
    return Labels.open(root, LAYOUT, sheet, tree).ingest(_event, corrections=corrections, progress=progress)


def _event(cells: Cells) -> Event:
    subject = canonical_subject(cells.text("subject"))
    clip = _key(subject, cells.text("count"))
    return Event(
        where=cells.where,
        subject=subject,
        video=subject,
        clip=clip,
        name=clip,
        onset=cells.frame("onset"),
        offset=cells.frame("offset"),
        numbering="evidence",
        emotion=cells.word("emotion", EMOTIONS),
        au=cells.verbatim("au"),
    )


READERS = {CORPUS.name: Reader(read, LAYOUT)}
