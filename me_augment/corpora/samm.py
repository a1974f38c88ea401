"""SAMM: its label file, trees, clip names, published corrections and place in the MEGC2019 protocol."""

from __future__ import annotations

import re
from pathlib import Path

from me_augment.corpora.cells import Cells, whole_number
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape
from me_augment.manifest.labels import MEGC3

CORPUS = CORPORA["samm"]
LABEL_FILES = ("SAMM_Micro_FACS_Codes_v2", "SAMM_Micro_FACS_Codes", "SAMM_20181215")
EMOTIONS = ("anger", "other", "others", "happiness", "surprise", "contempt", "disgust", "fear", "sadness")

# A clip's name begins with its subject; programs that take it for a number lose the zeros of both.
SUBJECT = re.compile(r"[0-9]{1,3}")
CLIP = re.compile(r"(?P<subject>[0-9]{1,3})_[0-9]{1,4}_[0-9]{1,4}")
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("Onset Frame",),
        "apex": ("Apex Frame",),
        "offset": ("Offset Frame",),
        "au": ("Action Units",),
        "emotion": ("Estimated Emotion",),
        "objective_class": ("Objective Classes",),
    },
    optional={"duration": ("Duration",), "micro": ("Micro",)},
    keys={"subject": SUBJECT, "filename": CLIP},
)


def canonical_subject(text: str) -> str:
    """`6`, `06` → `006`."""
    return f"{int(text):03d}"


def clip_name(text: str) -> str:
    """`6_1_2`, `006_01_2` → `006_1_2`, as `CLIP` matches them."""
    subject, *numbers = text.strip().split("_")
    return "_".join([canonical_subject(subject), *(str(int(number)) for number in numbers)])


def subject_of(cells: Cells) -> str:
    """The subject that a row's clip is named after; noted where the row says another."""
    subject = clip_name(cells.text("filename")).split("_")[0]
    if canonical_subject(cells.text("subject")) != subject:
        cells.note("row-conflict", f"Subject {cells.text('subject')!r} is not that of {cells.text('filename')!r}")
    return subject


def _shape(kind: str, *names: str) -> Shape:
    return Shape(
        kind=kind,
        names=names,
        levels=(SUBJECT, re.compile(f"(?P<video>{CLIP.pattern})")),
        canonical=canonical_subject,
        key=lambda subject, groups: clip_name(groups["video"]),
    )


LAYOUT = Layout(
    corpus=CORPUS,
    label_files=LABEL_FILES,
    columns=COLUMNS,
    shapes=(_shape("raw", "SAMM"), _shape("cropped", "SAMM_CROP", "SAMM_cropped")),
)

_CHOICE = re.compile(r".*(?<![a-z])or(?![a-z]).*|.*[LRATB]\s*/\s*[LRATB]\s*[0-9].*", re.IGNORECASE | re.DOTALL)


def _action_units(key: str, units: str) -> Correction:
    why = "one of the alternatives, as the loader meb chose"
    return Correction(key=key, guard={"au": _CHOICE}, change={"au": units}, mark="opt-in", why=why)


CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        key="032_3_1",
        guard={"apex": 1930},
        change={"apex": 4930},
        mark="safe",
        why="the apex lies 3000 frames before its clip; another copy of the labels has 4930",
    ),
    Correction(
        key="013_1_9",
        guard={"offset": 5793},
        change={"offset": 5739},
        mark="safe",
        why="transposed digits of an old copy; the current one has 5739, which its Duration confirms",
    ),
    Correction(
        key="032_3_1",
        guard={"apex": 4930},
        change={"apex": 4945},
        mark="opt-in",
        why="one loader's opinion (meb)",
    ),
    Correction(
        key="032_3_2",
        guard={"apex": 5127},
        change={"apex": 5130},
        mark="opt-in",
        why="the labelled apex is the frame after the onset; one loader's opinion (meb)",
    ),
    *(
        Correction(
            key="028_4_1",
            guard={"onset": 1071, "apex": apex, "offset": 1134},
            change={"apex": 1105},
            mark="conflict",
            why="copies have 1143, 1113, 1100 and 1124, the loader meb 1105, and SAMM Long Videos none",
        )
        for apex in (1143, 1113, 1100, 1124)
    ),
    _action_units("007_6_1", "R12 + R15"),
    _action_units("007_6_5", "R12 + R15"),
    _action_units("011_4_2", "L14"),
    _action_units("014_5_2", "R14"),
    _action_units("035_7_2", "R14A"),
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read SAMM.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `LABEL_FILES` below root.
        tree: `raw` or `cropped`; by default the first of `LAYOUT.shapes` that holds the labelled clips.
        corrections: `none`, `safe` or `all` (see `corrections.LEVELS`).
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of SAMM.
    """
    return Labels.open(root, LAYOUT, sheet, tree).ingest(_event, CORRECTIONS, corrections, progress)


def _event(cells: Cells) -> Event:
    subject, clip = subject_of(cells), clip_name(cells.text("filename"))
    emotion = cells.word("emotion", EMOTIONS)
    if (kind := cells.text("micro")) and not kind.casefold().startswith("micro"):
        cells.note("expression-unknown", f"Micro is {kind!r}, in a table of micro-expressions")
    event = Event(
        where=cells.where,
        subject=subject,
        video=clip,
        name=f"{subject}/{clip}",
        onset=cells.frame("onset"),
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        emotion=emotion,
        au=cells.verbatim("au"),
        objective_class=cells.objective_class("objective_class"),
        # The MEGC2019 composite drops the class `Other` and nothing else: 133 clips.
        protocols=("megc2019",) if MEGC3.of(CORPUS.name, emotion) else (),
    )
    _check_duration(cells, event)
    return event


def _check_duration(cells: Cells, event: Event) -> None:
    """The table states each span twice, so that a slip in any of the three numbers shows."""
    text = cells.text("duration")
    if not text or event.onset is None or event.offset is None:
        return
    if whole_number(text) != event.offset - event.onset + 1:
        detail = f"Duration {text!r} is not that of {event.onset} to {event.offset}, both included"
        cells.note("row-conflict", detail)


READERS = {CORPUS.name: Reader(read, LAYOUT)}
