"""CAS(ME)^2: its label table without header, its trees of long videos and of clips, and how they are joined."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from me_augment.corpora.cells import Cells
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns, read_table
from me_augment.corpora.tree import Shape, video_key
from me_augment.errors import UsageError

CORPUS = CORPORA["casme-sq"]

# The number of a participant is no number of a folder: the one is counted, the other is an id with gaps.
PARTICIPANTS: Mapping[str, str] = {
    str(participant): f"s{number}"
    for participant, number in enumerate(
        (15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 40), 1
    )
}
# Videos are found by code: the titles in their names are misspelt in places.
CODES: Mapping[str, str] = {
    "disgust1": "0101",
    "disgust2": "0102",
    "anger1": "0401",
    "anger2": "0402",
    "happy1": "0502",
    "happy2": "0503",
    "happy3": "0505",
    "happy4": "0507",
    "happy5": "0508",
}

_CLIP = re.compile(r"(?P<stimulus>[a-z]+[0-9]+)_(?P<count>[0-9]+)", re.IGNORECASE)
_EXPRESSION = re.compile(r"(macro|micro)-expression", re.IGNORECASE)
_FIELDS = ("participant", "clip", "onset", "apex", "offset", "au", "emotion", "expression")
COLUMNS = Columns(
    required={name: (name,) for name in _FIELDS},
    keys={"participant": re.compile(r"[0-9]{1,4}"), "clip": _CLIP, "expression": _EXPRESSION},
    positions={name: place for place, name in enumerate(_FIELDS)},
)
# The sheet `naming rule1`: folder number, the same as `s15`, participant.
PAIRS = Columns(
    required={name: (name,) for name in ("number", "folder", "participant")},
    keys={
        "number": re.compile(r"[0-9]{1,4}"),
        "folder": re.compile(r"s[0-9]{1,4}", re.IGNORECASE),
        "participant": re.compile(r"[0-9]{1,4}"),
    },
    positions={"number": 0, "folder": 1, "participant": 2},
)
# The sheet `naming rule2`: code of a video, stimulus.
RULES = Columns(
    required={name: (name,) for name in ("code", "stimulus")},
    keys={"code": re.compile(r"[0-9]{3,4}"), "stimulus": re.compile(r"(?!s[0-9])[a-z]+[0-9]+", re.IGNORECASE)},
    positions={"code": 0, "stimulus": 1},
)


def canonical_subject(text: str) -> str:
    """`15`, `015` → `s15`: the number of a folder, not of a participant."""
    return f"s{int(text)}"


def _key(subject: str, names: Mapping[str, str]) -> str | None:
    """A long video is known by its code, unless its name says that it is of somebody else."""
    owner = canonical_subject(names["number"])
    return video_key(subject, names["code"]) if owner == subject else None


_PEOPLE = re.compile(r"s?(?P<subject>[0-9]{1,3})", re.IGNORECASE)
_LONG = (_PEOPLE, re.compile(r"(?P<number>[0-9]{1,3})_(?P<code>[0-9]{4})(?![0-9]).*"))
_CUT = (_PEOPLE, re.compile(rf"(?P<video>{_CLIP.pattern})", re.IGNORECASE))


def _long(kind: str, name: str, suffixes: tuple[str, ...] = (), first: int | None = None) -> Shape:
    return Shape(
        kind=kind, names=(name,), levels=_LONG, canonical=canonical_subject, key=_key, suffixes=suffixes, first=first
    )


def _cut(kind: str, name: str) -> Shape:
    return Shape(kind=kind, names=(name,), levels=_CUT, canonical=canonical_subject, of="clip")


LAYOUT = Layout(
    corpus=CORPUS,
    # The updated copy has the same frames and emotions, but recodes two thirds of the action units in other spellings.
    label_files=("CAS(ME)^2code_final", "code_final", "CASME_sq_gt"),
    columns=COLUMNS,
    shapes=(
        _long("raw", "rawpic"),
        _long("video", "rawvideo", (".avi",), first=1),
        _cut("raw-clips", "selectedpic"),
        _long("cropped", "longVideoFaceCropped"),
        _cut("cropped-clips", "cropped"),
    ),
)

EMOTIONS = ("negative", "positive", "surprise", "others")


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read CAS(ME)^2.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `LAYOUT.label_files` below root.
        tree: `raw`, `video` or `cropped` (long videos), `raw-clips` or `cropped-clips`; by default the first of
            `LAYOUT.shapes` that holds the labelled events.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with recordings done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of CAS(ME)^2.
    """
    labels = Labels.open(root, LAYOUT, sheet, tree)
    folders, codes = _folders(labels.table.path), _codes(labels.table.path)
    return labels.ingest(lambda cells: _event(cells, folders, codes), corrections=corrections, progress=progress)


def _folders(path: Path) -> dict[str, set[str]]:
    """By participant, the subject or, where the file contradicts itself or what is known, the subjects."""
    folders = defaultdict(set, {participant: {subject} for participant, subject in PARTICIPANTS.items()})
    try:
        rows = read_table(path, PAIRS).rows
    except UsageError:  # only the workbook as its authors ship it has the sheet
        return folders
    for row in rows:
        known = folders[str(int(row.cells["participant"]))]
        known |= {canonical_subject(row.cells["number"]), canonical_subject(row.cells["folder"][1:])}
    return folders


def _codes(path: Path) -> dict[str, str]:
    """By stimulus the code of its videos; those that are not known, an enlarged copy perhaps, the file itself names."""
    try:
        rows = read_table(path, RULES).rows
    except UsageError:  # only the workbook as its authors ship it has the sheet
        rows = ()
    said = {row.cells["stimulus"].strip().casefold(): row.cells["code"].strip().zfill(4) for row in rows}
    return {**said, **CODES}


def _event(cells: Cells, folders: Mapping[str, set[str]], codes: Mapping[str, str]) -> Event:
    participant = str(int(cells.text("participant")))
    subjects = sorted(folders.get(participant, ()))
    shared = [other for other, theirs in folders.items() if other != participant and not theirs.isdisjoint(subjects)]
    if not subjects:
        cells.note("subject-unknown", f"no subject is known for participant {participant}")
    elif len(subjects) > 1 or shared:
        others = f", whom participant {shared[0]} shares" if shared else ""
        cells.note("subject-conflict", f"participant {participant} is {' or '.join(subjects)}{others}")
    subject = PARTICIPANTS.get(participant) or (subjects[0] if len(subjects) == 1 else f"participant-{participant}")
    clip = _CLIP.fullmatch(cells.text("clip"))
    expression = _EXPRESSION.fullmatch(cells.text("expression"))
    assert clip is not None, "rows are matched before they come here"
    assert expression is not None, "rows are matched before they come here"
    stimulus = clip["stimulus"].casefold()
    if stimulus not in codes:
        cells.note("video-unknown", f"no video is known for clip {clip[0]}")
    return Event(
        where=cells.where,
        subject=subject,
        video=video_key(subject, codes.get(stimulus, stimulus)),
        clip=video_key(subject, clip[0]),
        name=f"{subject}/{clip[0]}",
        onset=cells.frame("onset"),
        # Where an expression was cut off, the file has zeros.
        apex=cells.frame("apex", missing=("0",)),
        offset=cells.frame("offset", missing=("0",)),
        expression=expression[1].casefold(),
        emotion=cells.word("emotion", EMOTIONS),
        au=cells.verbatim("au"),
    )


READERS = {CORPUS.name: Reader(read, LAYOUT)}
