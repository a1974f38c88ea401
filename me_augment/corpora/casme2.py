"""CASME II: its label files, trees, subjects, published corrections and place in the MEGC2019 protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import SHEET_SUFFIXES, Columns, read_table
from me_augment.corpora.tree import Shape, find_files, video_key
from me_augment.errors import UsageError
from me_augment.manifest.labels import MEGC3

CORPUS = CORPORA["casme2"]

# The newest official labels first: they mend three emotions and 57 action-unit cells of 2014, bring objective
# classes and change no frame. The MEGC2019 clips are the same with either (MEGC2019_DROPPED).
LABEL_FILES = ("CASME2-coding-20190701", "CASME2-coding-20140508", "CASME2-coding", "CASME2_label")
OBJECTIVE_FILES = ("CASME2-ObjectiveClasses",)

# CASME names subjects, clips and folders in the same way.
SUBJECT = re.compile(r"(?:sub)?([0-9]{1,4})", re.IGNORECASE)
FILENAME = re.compile(r"EP[0-9]+(?:_[0-9]+)*f?", re.IGNORECASE)
_OBJECTIVE = ("Objective Classes", "Objective Class")
_KEYS = {"subject": SUBJECT, "filename": FILENAME}
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
    optional={"objective_class": _OBJECTIVE},
    keys=_KEYS,
)
OBJECTIVE_COLUMNS = Columns(
    required={"subject": ("Subject",), "filename": ("Filename",), "objective_class": _OBJECTIVE}, keys=_KEYS
)


def canonical_subject(text: str) -> str:
    """`1`, `01`, `sub1` → `sub01`."""
    match = SUBJECT.fullmatch(text.strip())
    assert match is not None, "rows and folders are matched before they come here"
    return f"sub{int(match[1]):02d}"


LEVELS = (re.compile(r"sub(?P<subject>[0-9]{1,4})", re.IGNORECASE), re.compile(r"(?P<video>.+)"))
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=LABEL_FILES,
    columns=COLUMNS,
    # Raw first: it is complete, no resampling has touched its sub-pixel motion, and crops can be made of it.
    shapes=(
        Shape(
            kind="raw",
            names=("CASME2_RAW_selected", "CASME2-RAW"),
            levels=LEVELS,
            canonical=canonical_subject,
        ),
        Shape(kind="cropped", names=("Cropped",), levels=LEVELS, canonical=canonical_subject),
    ),
)

EMOTIONS = ("happiness", "surprise", "disgust", "repression", "others", "sadness", "fear")

# Clips of the three MEGC2019 classes that the composite leaves out. The last three are sadness in the labels
# it was made from (2014) and surprise since 2019: listed, they stay out whichever file is read.
MEGC2019_DROPPED = frozenset({"sub04/ep12_01f", "sub05/ep09_05f", "sub24/ep07_01", "sub24/ep07_04f", "sub24/ep10_03"})

_FLOW = "apex estimated from optical flow by the loader meb"


def _apexes(mark: str, why: str, table: Mapping[str, tuple[int | None, int]]) -> list[Correction]:
    return [
        Correction(
            key=key,
            guard={"apex": old},
            change={"apex": new},
            mark=mark,
            estimated=True,
            why=f"{why} ({_FLOW})",
        )
        for key, (old, new) in table.items()
    ]


def _either(key: str, apex: int, change: Mapping[str, int], other: str) -> Correction:
    why = f"meant for this clip or for {other} ({_FLOW})"
    return Correction(key=key, guard={"apex": apex}, change=change, mark="conflict", estimated=True, why=why)


CORRECTIONS: tuple[Correction, ...] = (
    *_apexes("safe", "the labelled apex is the onset", {"sub05/ep09_05f": (69, 81)}),
    *_apexes(
        "safe",
        "the labelled apex is the offset",
        {
            "sub05/ep16_04f": (181, 166),
            "sub12/ep09_06": (111, 89),
            "sub20/ep16_01": (111, 91),
            "sub25/ep18_04f": (116, 98),
        },
    ),
    *_apexes("opt-in", "no apex is labelled; another copy has 300", {"sub04/ep12_01f": (None, 279)}),
    *_apexes(
        "opt-in",
        "one loader's opinion",
        {
            "sub05/ep03_01": (81, 68),
            "sub05/ep07_01": (66, 77),
            "sub06/ep01_01": (111, 100),
            "sub13/ep09_10": (76, 80),
            "sub16/ep01_08": (94, 88),
            "sub17/ep03_09": (132, 134),
            "sub17/ep06_07": (225, 231),
            "sub17/ep13_09": (46, 53),
            "sub17/ep15_03": (338, 329),
            "sub18/ep19_01": (121, 111),
            "sub20/ep16_04": (106, 103),
            "sub25/ep09_02": (101, 98),
            "sub25/ep12_01": (151, 153),
        },
    ),
    _either("sub07/ep06_01", 49, {"apex": 78, "offset": 91}, "EP06_02_01"),
    _either("sub07/ep06_02_01", 66, {"apex": 78}, "EP06_01"),
    _either("sub12/ep09_02", 59, {"apex": 187}, "EP16_02"),
    _either("sub12/ep16_02", 189, {"apex": 187}, "EP09_02"),
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read CASME II.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `LABEL_FILES` below root.
        tree: `raw` or `cropped`; by default the first of `LAYOUT.shapes` that holds the labelled clips.
        corrections: `none`, `safe` or `all` (see `corrections.LEVELS`).
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of CASME II.
    """
    labels = Labels.open(root, LAYOUT, sheet, tree)
    warnings = []
    try:
        objective, file = _objective_classes(labels)
    except UsageError as error:  # nobody asked for this file
        objective, file = {}, None
        warnings.append(f"the objective classes are not read: {error}")
    beside = {"objective classes": file} if file else {}
    ingested = labels.ingest(lambda cells: _event(cells, objective), CORRECTIONS, corrections, progress, beside)
    return replace(ingested, warnings=(*ingested.warnings, *warnings))


def in_megc2019(key: str, emotion: str | None) -> bool:
    """Whether the row is one of the 145 CASME II clips of the MEGC2019 composite, by 2014 or 2019 labels."""
    return MEGC3.of(CORPUS.name, emotion) is not None and key not in MEGC2019_DROPPED


def _event(cells: Cells, objective: Mapping[str, int]) -> Event:
    subject = canonical_subject(cells.text("subject"))
    key = video_key(subject, cells.text("filename"))
    emotion = cells.word("emotion", EMOTIONS)
    return Event(
        where=cells.where,
        subject=subject,
        video=key,
        name=f"{subject}/{cells.text('filename')}",
        onset=cells.frame("onset"),
        apex=cells.frame("apex", missing=("/",)),
        offset=cells.frame("offset"),
        emotion=emotion,
        au=cells.verbatim("au"),
        objective_class=objective.get(key, cells.objective_class("objective_class")),
        protocols=("megc2019",) if in_megc2019(key, emotion) else (),
    )


def _objective_classes(labels: Labels) -> tuple[dict[str, int], str | None]:
    """Objective classes by row key and their file; none where the labels have a column of their own."""
    files = find_files(labels.found, OBJECTIVE_FILES, SHEET_SUFFIXES)
    if "objective_class" in labels.table.fields or not files:
        return {}, None
    table = read_table(files[0], OBJECTIVE_COLUMNS)
    classes = {}
    for row in table.rows:
        cells = Cells(row, table.title)
        key = video_key(canonical_subject(cells.text("subject")), cells.text("filename"))
        if (number := cells.objective_class("objective_class")) is not None:
            classes[key] = number
    return classes, table.title


READERS = {CORPUS.name: Reader(read, LAYOUT)}
