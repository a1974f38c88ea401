"""MMEW: its label file, its two trees, and the emotion that each clip's name says once more."""

from __future__ import annotations

import re
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, video_key

CORPUS = CORPORA["mmew"]

_SUBJECT = re.compile(r"S?([0-9]{1,3})", re.IGNORECASE)
_FILENAME = re.compile(r"S(?P<subject>[0-9]{1,3})-(?P<code>[0-9]{1,2})-[0-9]{1,4}", re.IGNORECASE)
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("OnsetFrame",),
        "apex": ("ApexFrame",),
        "offset": ("OffsetFrame",),
        "au": ("Action Units",),
        "emotion": ("Estimated Emotion",),
    },
    keys={"subject": _SUBJECT, "filename": _FILENAME},
)

# The middle part of a clip's name; copies of the labels call the last class either way.
EMOTIONS = {
    1: ("happiness",),
    2: ("surprise",),
    3: ("disgust",),
    4: ("others", "repression"),
    5: ("fear",),
    6: ("sadness",),
    7: ("anger",),
}
_WORDS = [word for words in EMOTIONS.values() for word in words]

# None: one loader alters apexes and offsets by row number of a copy, and they fit no row that is known.
CORRECTIONS: tuple[Correction, ...] = ()


def canonical_subject(text: str) -> str:
    """`1`, `01`, `S1` → `S01`."""
    match = _SUBJECT.fullmatch(text.strip())
    assert match is not None, "rows and folders are matched before they come here"
    return f"S{int(match[1]):02d}"


_PERSON = re.compile(r"S[0-9]{1,3}", re.IGNORECASE)
_CLIP = re.compile(f"(?P<video>{_FILENAME.pattern})", re.IGNORECASE)
_EMOTION = re.compile("|".join(_WORDS), re.IGNORECASE)
_NAMES = ("Micro_Expression", "MMEW_Final", "MMEW")
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("MMEW_Micro_Exp", "MMEW"),
    columns=COLUMNS,
    shapes=(
        Shape(kind="emotions", names=_NAMES, levels=(_EMOTION, _CLIP), canonical=canonical_subject),
        Shape(kind="subjects", names=_NAMES, levels=(_PERSON, _EMOTION, _CLIP), canonical=canonical_subject),
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
    """Read MMEW.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the one below root.
        tree: `emotions` (`happiness/S01-01-001`) or `subjects` (`S01/happiness/S01-01-001`); by default either.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of MMEW.
    """
    return Labels.open(root, LAYOUT, sheet, tree).ingest(_event, CORRECTIONS, corrections, progress)


def _event(cells: Cells) -> Event:
    subject = canonical_subject(cells.text("subject"))
    name = cells.text("filename")
    onset = cells.frame("onset")
    if onset not in (None, 1):
        cells.note("onset-unusual", f"onset is {onset}; every clip of {CORPUS.title} begins at 1")
    emotion = cells.word("emotion", _WORDS)
    _compare(cells, subject, name, emotion)
    return Event(
        where=cells.where,
        subject=subject,
        video=video_key(subject, name),
        name=name,
        onset=onset,
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        emotion=emotion,
        au=cells.verbatim("au"),
    )


def _compare(cells: Cells, subject: str, name: str, emotion: str | None) -> None:
    """Note where the clip's name says another subject or emotion than the cells."""
    match = _FILENAME.fullmatch(name)
    assert match is not None, "rows are matched before they come here"
    if canonical_subject(match["subject"]) != subject:
        cells.note("subject-conflict", f"subject is {subject}, and the name of the clip is {name}")
    words = EMOTIONS.get(int(match["code"]), ())
    if emotion is not None and emotion.casefold() not in words:
        meant = " or ".join(words) or "no emotion"
        cells.note("emotion-conflict", f"emotion is {emotion!r}, and the name {name} says {meant}")


READERS = {CORPUS.name: Reader(read, LAYOUT)}
