"""SAMM Long Videos: its label file and tree, and the emotions of its micro-expressions, which the sheet of SAMM has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from me_augment.corpora import samm
from me_augment.corpora.cells import Cells
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import SHEET_SUFFIXES, Columns, LabelTable, read_table
from me_augment.corpora.tree import Shape, Survey, find_files
from me_augment.errors import UsageError

CORPUS = CORPORA["samm-lv"]
LABEL_FILES = tuple(f"SAMM_LongVideos{version}" for version in ("_V3", "_V2", "_V1", ""))
_TYPE = re.compile(r"(?:micro|macro)\b.*", re.IGNORECASE)  # `Macro`, `Micro - 1/2`
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("Onset",),
        "apex": ("Apex",),
        "offset": ("Offset",),
        "type": ("Type",),
        "au": ("Action Units",),
    },
    keys={"subject": samm.SUBJECT, "filename": samm.CLIP, "type": _TYPE},
)
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=LABEL_FILES,
    columns=COLUMNS,
    shapes=(
        Shape(
            kind="raw",
            names=("SAMM_longvideos",),
            levels=(re.compile(r"(?P<video>(?P<subject>[0-9]{1,3})_[0-9]{1,4})"),),
            canonical=samm.canonical_subject,
            key=lambda subject, groups: samm.clip_name(groups["video"]),
        ),
    ),
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    samm_sheet: str | Path | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read SAMM Long Videos.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `LABEL_FILES` below root.
        tree: `raw`, the only one.
        samm_sheet: label file of SAMM, for the emotions; by default the first of `samm.LABEL_FILES` below root.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with recordings done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of SAMM Long Videos, or `samm_sheet` is none of SAMM.
    """
    labels = Labels.open(root, LAYOUT, sheet, tree)
    warning = (
        f"{CORPUS.title} states no emotions: its micro-expressions get them from the label file of SAMM "
        f"({samm.LABEL_FILES[0]}.xlsx), which is not below {root}."
    )
    emotions: Mapping[str, str] | None
    try:
        table = _samm_labels(labels.found, samm_sheet)
        emotions = None if table is None else _emotions(table)
    except UsageError as error:
        if samm_sheet is not None:
            raise
        # Rows say that theirs is missing: there is a file that should have it.
        table, emotions = None, {}
        warning = f"the emotions, which stand in the label file of SAMM, are not read: {error}"
    beside = {} if table is None else {"emotions": table.title}
    ingested = labels.ingest(
        lambda cells: _event(cells, emotions), corrections=corrections, progress=progress, beside=beside
    )
    if table is not None:
        return ingested
    return replace(ingested, warnings=(*ingested.warnings, warning))


def _event(cells: Cells, emotions: Mapping[str, str] | None) -> Event:
    subject, clip = samm.subject_of(cells), samm.clip_name(cells.text("filename"))
    micro = cells.text("type").casefold().startswith("micro")
    onset = cells.frame("onset", fractions=True)
    if onset == 0:
        # Ten macro-expressions say so. Nobody has said why; no image has this number.
        cells.note("onset-zero", "onset is 0, the first frame stands in for it")
    return Event(
        where=cells.where,
        subject=subject,
        video=clip.rpartition("_")[0],
        # One file name is a micro- and a macro-expression.
        name=f"{subject}/{clip}" if micro else f"{subject}/{clip}-macro",
        onset=onset,
        apex=cells.frame("apex", missing=("-1",), fractions=True),
        offset=cells.frame("offset", fractions=True),
        extent="begun" if onset == 0 else "labelled",
        expression="micro" if micro else "macro",
        emotion=_emotion(cells, clip, emotions) if micro and emotions is not None else None,
        au=cells.verbatim("au"),
    )


def _emotion(cells: Cells, clip: str, emotions: Mapping[str, str]) -> str | None:
    word = emotions.get(clip)
    if word is None:
        cells.note("emotion-missing", f"SAMM has no emotion of {clip}")
    elif word.casefold() not in samm.EMOTIONS:
        cells.note("emotion-unknown", f"emotion {word!r} of SAMM is none of {', '.join(samm.EMOTIONS)}")
    return word


def _samm_labels(found: Survey, given: str | Path | None) -> LabelTable | None:
    """SAMM's labels, if they are there: only names and emotions hold here, its frames are numbered otherwise."""
    files = find_files(found, samm.LABEL_FILES, SHEET_SUFFIXES) if given is None else [Path(given)]
    return read_table(files[0], samm.COLUMNS) if files else None


def _emotions(table: LabelTable) -> dict[str, str]:
    cells = [Cells(row, table.title) for row in table.rows]
    return {samm.clip_name(c.text("filename")): c.text("emotion") for c in cells if c.text("emotion")}


READERS = {CORPUS.name: Reader(read, LAYOUT)}
