"""4DME: its label files, one of them known by positions only, its trees, and emotions of several words."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, index_videos, video_key
from me_augment.errors import UsageError

CORPUS = CORPORA["4dme"]

EMOTIONS = ("positive", "negative", "surprise", "repression", "others")
"""Alone, or several joined by `+`."""

_SUBJECT = re.compile(r"[A-Z]{0,3}[0-9]{1,4}", re.IGNORECASE)
_FOLDER = re.compile(r"[^\W_]+(?:_[^\W_]+)+")
# A summary stands in the last row: it names no folder, and so is no data row.
_KEYS = {"subject": _SUBJECT, "folder": _FOLDER}
COLUMNS = Columns(
    required={
        "subject": ("sub_ID",),
        "folder": ("fold_name",),
        "onset": ("Onset",),
        "apex": ("Apex",),
        "offset": ("Offset",),
        "au": ("AUs",),
        "emotion": ("Emotion",),
    },
    optional={word: (word,) for word in EMOTIONS},
    keys=_KEYS,
)
# The second file is known by the positions of its columns alone, and not whether they are counted from 0 or from 1.
SECOND_FILE = ("Micro and Macro-expression labels",)
_POSITIONS = {"subject": 1, "folder": 5, "onset": 8, "apex": 9, "emotion": 13}

# None: the loaders alter two or three rows by row number, and differ in which.
CORRECTIONS: tuple[Correction, ...] = ()

_LEVELS = (re.compile(f"(?P<subject>{_SUBJECT.pattern})", re.IGNORECASE), re.compile(f"(?P<video>{_FOLDER.pattern})"))


def canonical_subject(text: str) -> str:
    """As it stands: subjects are texts, and which spellings are one person is not known."""
    return text.strip()


LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("4DME_Labelling_Micro",),
    columns=COLUMNS,
    shapes=(
        Shape(kind="raw", names=("gray_micro", "micro_short_gray_video"), levels=_LEVELS, canonical=canonical_subject),
        Shape(
            kind="cropped",
            names=("gray_micro_crop", "micro_short_gray_video_cropped"),
            levels=_LEVELS,
            canonical=canonical_subject,
        ),
    ),
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read 4DME.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the one of micro-expressions below root, then the one of micro and macro.
        tree: `raw` or `cropped`; by default the first that holds the labelled clips.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of 4DME.
    """
    try:
        labels = Labels.open(root, LAYOUT, sheet, tree)
    except UsageError:
        second = _by_positions(root, sheet, tree)
        if second is None:
            raise
        return second.ingest(_second_event, CORRECTIONS, corrections, progress)
    return labels.ingest(_event, CORRECTIONS, corrections, progress)


def _by_positions(root: Path, sheet: str | Path | None, tree: str | None) -> Labels | None:
    """The second file, read with positions from 0 or from 1, whichever finds more clip folders; None for neither."""
    found: dict[int, Labels] = {}
    for base in (0, 1):
        places = {name: place - base for name, place in _POSITIONS.items()}
        columns = replace(COLUMNS, positions=places, required={name: (name,) for name in places}, optional={})
        with suppress(UsageError):
            found[base] = Labels.open(root, replace(LAYOUT, label_files=SECOND_FILE, columns=columns), sheet, tree)
    hits = {base: _hits(labels) for base, labels in found.items()}
    best = max(hits, key=lambda base: hits[base], default=None)
    return found[best] if best is not None and hits[best] else None


def _hits(labels: Labels) -> int:
    there = {key for folder, shape in labels.trees for key in index_videos(labels.found.root, folder, shape)[0]}
    return sum(_key(Cells(row, labels.table.title)) in there for row in labels.table.rows)


def _key(cells: Cells) -> str:
    return video_key(canonical_subject(cells.text("subject")), cells.text("folder"))


def _second_event(cells: Cells) -> Event:
    """A row of the file that has neither offsets nor action units."""
    cells.note("expression-unstated", "the file has micro- and macro-expressions, and does not say which is which")
    return _event(cells)


def _event(cells: Cells) -> Event:
    return Event(
        where=cells.where,
        subject=canonical_subject(cells.text("subject")),
        video=_key(cells),
        name=f"{cells.text('subject')}/{cells.text('folder')}",
        onset=cells.frame("onset"),
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        emotion=_emotion(cells),
        au=cells.verbatim("au"),
    )


def _emotion(cells: Cells) -> str | None:
    """The cell; notes for words that the corpus does not have, and where its columns of single words say others."""
    text = cells.text("emotion")
    if not text:
        cells.note("emotion-missing", "emotion is empty")
        return None
    words = {word.strip().casefold() for word in text.split("+")}
    if unknown := sorted(words - set(EMOTIONS)):
        cells.note("emotion-unknown", f"{', '.join(map(repr, unknown))} of {text!r} is none of {', '.join(EMOTIONS)}")
    marked = {word for word in EMOTIONS if cells.text(word) == "1"}
    if marked and not unknown and marked != words:
        cells.note("emotion-conflict", f"emotion is {text!r}, and the columns marked are {', '.join(sorted(marked))}")
    return text


READERS = {CORPUS.name: Reader(read, LAYOUT)}
