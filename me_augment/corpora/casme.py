"""CASME: its label file and trees; subjects and clips are called as those of CASME II.

No corrections are shipped: the published ones name rows of one copy by their place, and copies differ in length.
"""

from __future__ import annotations

from pathlib import Path

from me_augment.corpora.casme2 import FILENAME, LEVELS, SUBJECT, canonical_subject
from me_augment.corpora.cells import Cells
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, video_key

CORPUS = CORPORA["casme"]

COLUMNS = Columns(
    # `Onset` and `Total` are milliseconds.
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("OnsetF",),
        "apex": ("ApexF1",),
        "apex2": ("ApexF2",),
        "offset": ("OffsetF",),
        "au": ("AU",),
        "emotion": ("Emotion",),
    },
    keys={"subject": SUBJECT, "filename": FILENAME},
)


LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("CASME-coded-20190721", "CASME-coded", "casme"),
    columns=COLUMNS,
    shapes=(
        Shape(kind="raw", names=("CASME_raw_selected",), levels=LEVELS, canonical=canonical_subject),
        Shape(kind="cropped", names=("Cropped",), levels=LEVELS, canonical=canonical_subject),
    ),
)

EMOTIONS = ("tense", "repression", "disgust", "surprise", "happiness", "contempt", "fear", "sadness")


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read CASME.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `LAYOUT.label_files` below root.
        tree: `raw` or `cropped`; by default the first of `LAYOUT.shapes` that holds the labelled clips.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of CASME.
    """
    labels = Labels.open(root, LAYOUT, sheet, tree)
    return labels.ingest(_event, corrections=corrections, progress=progress)


def _event(cells: Cells) -> Event:
    subject = canonical_subject(cells.text("subject"))
    if cells.text("apex2") not in ("", "\\"):
        second = cells.frame("apex2")
        if second is not None:
            cells.note("second-apex", f"frame {second} is labelled as a second apex")
    return Event(
        where=cells.where,
        subject=subject,
        video=video_key(subject, cells.text("filename")),
        name=f"{subject}/{cells.text('filename')}",
        onset=cells.frame("onset"),
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        emotion=cells.word("emotion", EMOTIONS),
        au=cells.verbatim("au"),
    )


READERS = {CORPUS.name: Reader(read, LAYOUT)}
