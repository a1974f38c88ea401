"""CAS(ME)^3 part A: its label files, trees, published corrections and lists of damaged images."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.cells import Cells, whole_number
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape, Survey, video_key
from me_augment.errors import UsageError

CORPUS = CORPORA["casme3-a"]

FULL_FILES = ("CAS(ME)3_part_A_v2",)
ME_FILES = ("cas(me)3_part_A_ME_label_JpgIndex_v2", "cas(me)3_part_A_ME_label")

_SUBJECT = re.compile(r"spno\.?([0-9]{1,4})", re.IGNORECASE)
_EXPRESSION = re.compile(r"(macro|micro)-expression", re.IGNORECASE)
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("Onset",),
        "apex": ("Apex",),
        "offset": ("Offset",),
        "au": ("AU",),
        "objective_class": ("Objective class",),
    },
    # The sheet of micro-expressions has emotions, that of all expressions says which are micro.
    optional={"emotion": ("emotion",), "expression": ("Expression type",)},
    keys={"subject": _SUBJECT, "filename": re.compile(r"[a-z]", re.IGNORECASE), "expression": _EXPRESSION},
)


def canonical_subject(text: str) -> str:
    """`spNO.1`, `spNO1` → `spNO.1`."""
    match = _SUBJECT.fullmatch(text.strip())
    assert match is not None, "rows and folders are matched before they come here"
    return f"spNO.{int(match[1])}"


_PEOPLE = rf"(?P<subject>{_SUBJECT.pattern})"
LAYOUT = Layout(
    corpus=CORPUS,
    label_files=(*ME_FILES, *FULL_FILES),
    columns=COLUMNS,
    shapes=(
        Shape(
            kind="raw",
            names=("part_A",),
            levels=tuple(re.compile(level, re.IGNORECASE) for level in (_PEOPLE, "(?P<video>[a-z])", "color")),
            canonical=canonical_subject,
        ),
        Shape(
            kind="clips",
            names=("Part_A_ME_clip",),
            levels=tuple(
                re.compile(level, re.IGNORECASE) for level in ("frame", rf"{_PEOPLE}_(?P<video>[a-z]_[0-9]{{1,9}})")
            ),
            canonical=canonical_subject,
            of="clip",
        ),
    ),
)

EMOTIONS = ("disgust", "surprise", "others", "fear", "anger", "sad", "happy")
EVENTS = ("micro", "all")
LONGEST = 100
"""Frames of a micro-expression, beyond which its row is marked."""


def _fix(
    key: str,
    frames: tuple[int | None, int | None, int | None],
    change: Mapping[str, int | None],
    mark: str,
    why: str,
) -> Correction:
    guard = dict(zip(("onset", "apex", "offset"), frames, strict=True))
    return Correction(key=key, guard=guard, change=change, mark=mark, why=why)


_FULL = "the authors' sheet of all expressions"
# An offset of 0, and an onset and apex of 0, stand in the file for none. What others say comes before what is changed,
# because it is looked for by the values of the file.
CORRECTIONS: tuple[Correction, ...] = (
    _fix("spNO.216/d", (3647, 2668, 2694), {"onset": 2647}, "safe", f"the onset lies after the offset; so has {_FULL}"),
    _fix("spNO.40/e", (1812, 1824, None), {"offset": 1845}, "safe", f"no offset is labelled; so has {_FULL}"),
    _fix("spNO.40/e", (2327, 2363, None), {"offset": 2403}, "safe", f"no offset is labelled; so has {_FULL}"),
    _fix("spNO.216/e", (None, None, 25), {"apex": 1}, "conflict", "so the loader meb; another copy has 17"),
    _fix("spNO.216/e", (None, None, 25), {"onset": 1}, "safe", "there is no image 0"),
    _fix("spNO.214/c", (5, 5, 3460), {"offset": 34}, "opt-in", "so the loader meb, not the authors"),
    _fix(
        "spNO.149/d",
        (112, 83, 358),
        {"apex": 160},
        "conflict",
        f"so {_FULL}; the loader meb has 123, the authors' list of wrong labels 167",
    ),
)

# `spNO.1 a 88.jpg  the image cannot open`, or the path of an image that is merely poor.
_LISTED = re.compile(
    rf"{_PEOPLE}(?:(?P<blank>[ \t]+)|[\\/])(?P<video>[a-z])"
    r"(?:[ \t]+|[\\/](?:color[\\/])?)(?P<number>[0-9]{1,9})\.jpg",
    re.IGNORECASE,
)
_LIST_BYTES = 2**20


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    tree: str | None = None,
    events: str = "micro",
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read CAS(ME)^3 part A.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: label file; by default the first of `ME_FILES` or `FULL_FILES` below root.
        tree: `raw` (whole videos) or `clips`; by default the first of `LAYOUT.shapes` that holds the labelled events.
        events: `micro`, or `all` for macro-expressions too, from a file that has both.
        corrections: `none`, `safe` or `all` (see `corrections.LEVELS`).
        progress: called with recordings done and in all.

    Raises:
        UsageError: labels or tree are missing or are not those of part A, or lack the events asked for.
    """
    if events not in EVENTS:
        raise UsageError(f"there are no events {events!r} in {CORPUS.title}: choose one of {', '.join(EVENTS)}.")
    layout = LAYOUT if events == "micro" else replace(LAYOUT, label_files=FULL_FILES)
    labels = Labels.open(root, layout, sheet, tree)
    fields = labels.table.fields
    if "expression" not in fields and (events == "all" or "emotion" not in fields):
        missing = "Expression type" if events == "all" else "emotion (or Expression type)"
        raise UsageError(
            f"{labels.table.path}, sheet {labels.table.sheet!r} lacks the column {missing}: give "
            f"{(FULL_FILES if events == 'all' else ME_FILES)[0]}.xlsx (or .xls) as its authors ship it."
        )
    damaged, lists = _damaged(labels.found)
    beside = {"lists of damaged images": ", ".join(lists)} if lists else {}

    def events_of(cells: Cells) -> list[Event]:
        event = _event(cells, damaged)
        return [event] if events == "all" or event.expression == "micro" else []

    return labels.ingest(events_of, CORRECTIONS, corrections, progress, beside)


def _event(cells: Cells, damaged: Mapping[str, Mapping[int, str]]) -> Event:
    subject = canonical_subject(cells.text("subject"))
    video = video_key(subject, cells.text("filename"))
    expression = _EXPRESSION.fullmatch(cells.text("expression"))
    onset, apex, offset = (cells.frame(name, missing=("0",)) for name in ("onset", "apex", "offset"))
    emotion = None if cells.verbatim("emotion") is None else cells.word("emotion", EMOTIONS)
    micro = expression is None or expression[1].casefold() == "micro"
    if onset is not None and offset is not None:
        if micro and offset - onset >= LONGEST:
            cells.note("span-long", f"onset {onset} to offset {offset} are more than {LONGEST} frames")
        hit = {n: code for n, code in damaged.get(video, {}).items() if onset <= n <= offset}
        for code in sorted(set(hit.values())):
            numbers = ", ".join(str(n) for n in sorted(hit) if hit[n] == code)
            cells.note(code, f"the authors list image {numbers} between onset and offset")
    # A video has several events; its name alone does not tell them apart.
    begin = whole_number(cells.text("onset"))
    suffix = "" if begin is None else f"_{begin}"
    return Event(
        where=cells.where,
        subject=subject,
        video=video,
        clip=f"{video}{suffix}",
        name=f"{subject}/{cells.text('filename')}{suffix}",
        onset=onset,
        apex=apex,
        offset=offset,
        expression="micro" if micro else "macro",
        emotion=emotion,
        au=cells.verbatim("au"),
        objective_class=cells.objective_class("objective_class"),
    )


def _damaged(found: Survey) -> tuple[dict[str, dict[int, str]], list[str]]:
    """Images that the authors' lists name, as issue codes by video and frame number, and the lists."""
    damaged: dict[str, dict[int, str]] = defaultdict(dict)
    lists = []
    for file in found.files:
        if file.suffix.casefold() != ".txt" or file.stat().st_size > _LIST_BYTES:
            continue
        lines = file.read_bytes().decode("utf-8", "replace").splitlines()
        matches = [match for line in lines if (match := _LISTED.search(line))]
        for match in matches:
            images = damaged[video_key(canonical_subject(match["subject"]), match["video"])]
            code = "frame-unreadable" if match["blank"] else "frame-poor"
            if images.get(int(match["number"])) != "frame-unreadable":
                images[int(match["number"])] = code
        if matches:
            lists.append(file.relative_to(found.root).as_posix())
    return damaged, lists


READERS = {CORPUS.name: Reader(read, LAYOUT)}
