"""DFME: its three parts read as one, frame rates by row, and the subjects who must never be shown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.cells import Cells, whole_number
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, video_key
from me_augment.errors import UsageError
from me_augment.manifest.showing import NEVER_SHOW

CORPUS = CORPORA["dfme"]

_SUBJECT = re.compile(r"(?:sub)?([0-9]{1,6})", re.IGNORECASE)
_FILENAME = re.compile(r"sub(?P<subject>[0-9]{1,6})_[0-9]+", re.IGNORECASE)
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("OnsetFrame",),
        "apex": ("ApexFrame",),
        "offset": ("OffsetFrame",),
        "emotion": ("Emotion",),
        "emotion_id": ("EmotionId",),
        "fps": ("Fps",),
        "au": ("AU",),
    },
    keys={"subject": _SUBJECT, "filename": _FILENAME},
)

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
"""By EmotionId."""
RATES = (200, 300, 500)


def canonical_subject(text: str) -> str:
    """`3`, `sub3`, `sub0003` → `sub0003`."""
    match = _SUBJECT.fullmatch(text.strip())
    assert match is not None, "rows, lines and folders are matched before they come here"
    return f"sub{int(match[1]):04d}"


_LEVELS = (re.compile(f"(?P<video>{_FILENAME.pattern})", re.IGNORECASE),)
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=("training_full_with_AU", "testA_full_with_AU", "testB_full_with_AU"),
    columns=COLUMNS,
    shapes=tuple(
        Shape(kind=kind, names=(name,), levels=_LEVELS, canonical=canonical_subject)
        for kind, name in (("train", "DFME_train"), ("test-a", "test_data_A"), ("test-b", "test_data_B"))
    ),
    parts=True,
)


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    never_show: str | Path | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read DFME.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file of one part; by default those of all parts below root.
        tree: `train`, `test-a` or `test-b`; by default all that are there.
        never_show: text file, a subject a line, of those whose agreement forbids showing them; `#` begins a comment.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with clip folders done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of DFME, or a line of `never_show` is no subject.
    """
    hidden = frozenset() if never_show is None else _subjects(Path(never_show))
    labels = Labels.open(root, LAYOUT, sheet, tree)
    beside = {} if never_show is None else {"never to be shown": f"{len(hidden)} subjects of {Path(never_show).name}"}
    ingested = labels.ingest(
        lambda cells: _event(cells, hidden), corrections=corrections, progress=progress, beside=beside
    )
    absent = sorted(hidden - {clip.subject for clip in ingested.manifest.clips})
    if not absent:
        return ingested
    warning = f"{never_show} names {', '.join(absent)}, of whom there is no clip."
    return replace(ingested, warnings=(*ingested.warnings, warning))


def _subjects(file: Path) -> frozenset[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list of subjects {file} cannot be read ({error}): give a text file.") from error
    subjects = set()
    for number, line in enumerate(lines, 1):
        if text := line.partition("#")[0].strip():
            if not _SUBJECT.fullmatch(text):
                raise UsageError(
                    f"line {number} of {file}, {text!r}, is no subject: write one a line, such as sub0003."
                )
            subjects.add(canonical_subject(text))
    return frozenset(subjects)


def _event(cells: Cells, hidden: frozenset[str]) -> Event:
    subject = canonical_subject(cells.text("subject"))
    name = cells.text("filename")
    match = _FILENAME.fullmatch(name)
    assert match is not None, "rows are matched before they come here"
    if canonical_subject(match["subject"]) != subject:
        cells.note("subject-conflict", f"subject is {subject}, and the name of the clip is {name}")
    if subject in hidden:
        cells.note(NEVER_SHOW, f"{subject} must never be shown, in print or on screen")
    return Event(
        where=cells.where,
        subject=subject,
        video=video_key(subject, name),
        name=name,
        onset=cells.frame("onset"),
        apex=cells.frame("apex"),
        offset=cells.frame("offset"),
        fps=_rate(cells),
        emotion=_emotion(cells),
        au=cells.verbatim("au"),
    )


def _rate(cells: Cells) -> tuple[int, int] | None:
    rate = cells.rate("fps")
    if not cells.text("fps"):
        cells.note("fps-missing", "fps is empty")
    elif rate is not None and rate not in [(known, 1) for known in RATES]:
        cells.note("fps-unknown", f"fps {cells.text('fps')!r} is none of {', '.join(map(str, RATES))}")
    return rate


def _emotion(cells: Cells) -> str | None:
    """The word; a note where the number beside it is another one's."""
    emotion, text = cells.word("emotion", EMOTIONS), cells.text("emotion_id")
    number = whole_number(text)
    by_number = EMOTIONS[number] if number is not None and 0 <= number < len(EMOTIONS) else None
    if by_number is None:
        cells.note("label-unparsed", f"emotion_id {text!r} is none of 0 to {len(EMOTIONS) - 1}")
    elif emotion is not None and emotion.casefold() != by_number:
        cells.note("emotion-conflict", f"emotion is {emotion!r}, and EmotionId {number} is {by_number}")
    return emotion


READERS = {CORPUS.name: Reader(read, LAYOUT)}
