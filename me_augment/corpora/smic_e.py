"""SMIC-E: the long clips of SMIC's three cameras, whose workbooks mark up to three micro-expressions in each."""

from __future__ import annotations

import re
from pathlib import Path

from me_augment.corpora import smic
from me_augment.corpora.cells import Cells, whole_number
from me_augment.corpora.corrections import Correction
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Labels, Layout
from me_augment.corpora.registry import CORPORA, Corpus, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns
from me_augment.corpora.tree import Shape

_SUBJECT = re.compile(r"s?[0-9]{1,3}", re.IGNORECASE)
_ORDINALS = ("", "2", "3")
COLUMNS = Columns(
    required={
        "subject": ("Subject",),
        "filename": ("Filename",),
        "onset": ("OnsetF",),
        "offset": ("OffsetF",),
        "onset2": ("Onset2F",),
        "offset2": ("Offset2F",),
        "emotion": ("Emotion",),
    },
    optional={
        "onset3": ("Onset3F",),
        "offset3": ("Offset3F",),
        **{f"total{k}": (f"TotalMF{k or 1}",) for k in _ORDINALS},
        "first": ("FirstF",),
        "last": ("LastF",),
    },
    keys={"subject": _SUBJECT, "filename": smic.CLIP},
)

CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        key="s18/sur_03",
        guard={"emotion": re.compile(r"\s*negative\s*", re.IGNORECASE)},
        change={"emotion": "surprise"},
        mark="safe",
        why="the clip's name says so, and the list of MEGC2019",
    ),
)
# Their third onset and offset are junk as long as their length is negative.
JUNK_THIRD = frozenset({"s20/ne_06", "s20/ne_09", "s20/sur_02", "s18/ne_01", "s18/sur_03"})


def layout_of(corpus: Corpus) -> Layout:
    """The layout of one camera's clips."""
    view = corpus.name.removeprefix("smic-e-").upper()
    pack = re.compile(f"SMIC[-_ ]?{view}[-_ ]?E", re.IGNORECASE)
    long, inner = re.compile(f"{view}[-_ ]?long", re.IGNORECASE), re.compile(view, re.IGNORECASE)
    return Layout(
        corpus=corpus,
        label_files=(f"SMIC-{view}-E_annotation_2019", f"SMIC-{view}-E_annotation"),
        columns=COLUMNS,
        shapes=(
            Shape(
                kind="raw",
                names=("SMIC-E_raw image", f"{view}_long", f"SMIC-{view}-E"),
                wraps=(long, pack, inner),
                levels=(smic.FOLDER, re.compile(r"(?P<video>.+)")),
                canonical=smic.canonical_subject,
                key=smic.clip_key,
            ),
        ),
    )


def _events(cells: Cells) -> list[Event]:
    name = cells.text("filename")
    said = smic.CLIP.fullmatch(name)
    assert said is not None, "rows are matched before they come here"
    subject = smic.canonical_subject(said["subject"])
    if smic.canonical_subject(cells.text("subject").lower().removeprefix("s")) != subject:
        cells.note("row-conflict", f"Subject {cells.text('subject')!r} is not that of {name!r}")
    emotion = cells.word("emotion", tuple(smic.EMOTIONS.values()))
    if emotion is not None and smic.EMOTIONS[said["code"].lower()] != emotion.casefold():
        cells.note("emotion-conflict", f"{name!r} is no {emotion.casefold()} one by its name")
    key = smic.clip_key(subject, {"video": name})
    spans = _spans(cells, key)
    _check_bounds(cells, spans)
    return [
        Event(
            where=cells.where,
            subject=subject,
            video=key,
            name=f"{subject}/{name}" if place == 1 else f"{subject}/{name}-{place}",
            onset=onset,
            offset=offset,
            emotion=emotion,
        )
        for place, (onset, offset) in enumerate(spans, 1)
    ]


def _spans(cells: Cells, key: str) -> list[tuple[int | None, int | None]]:
    """Onset and offset of each micro-expression of a row, the earliest first."""
    spans: list[tuple[int | None, int | None]] = []
    for k in _ORDINALS:
        if k and not (cells.text(f"onset{k}") or cells.text(f"offset{k}")):
            continue
        length = whole_number(cells.text(f"total{k}"))
        if k and length is not None and length < 0:
            low, high = (whole_number(cells.text(f"{end}{k}")) for end in ("onset", "offset"))
            said = f"onset{k} {low}, offset{k} {high} and a length of {length}"
            if key in JUNK_THIRD or low is None or high is None or low > high:
                cells.note("event-dropped", f"{said} are no micro-expression")
                continue
            cells.note("row-conflict", f"{said} cannot all be right")
        span = (cells.frame(f"onset{k}"), cells.frame(f"offset{k}"))
        if span in spans:
            cells.note("duplicate-event", f"onset{k} {span[0]} and offset{k} {span[1]} stand in the row already")
            continue
        spans.append(span)
    ordered = sorted(spans, key=lambda span: -1 if span[0] is None else span[0])
    if ordered != spans and all(span[0] is not None for span in spans):
        cells.note("event-order", "a later micro-expression stands before an earlier one")
        return ordered
    return spans


def _check_bounds(cells: Cells, spans: list[tuple[int | None, int | None]]) -> None:
    """Note where the first and last frame of the clip, as the row states them, cannot be: nothing depends on them."""
    bounds = []
    for name in ("first", "last"):
        text = cells.text(name)
        bounds.append(whole_number(text))
        if text and bounds[-1] is None:
            cells.note("label-unparsed", f"{name} {text!r} is no frame number")
    first, last = bounds
    for number in (number for span in spans for number in span if number is not None):
        if (first is not None and number < first) or (last is not None and number > last):
            cells.note("row-conflict", f"frames {first} to {last} of the clip, as stated, do not hold {number}")
            return


def _reader(corpus: Corpus) -> Reader:
    layout = layout_of(corpus)

    def read(
        root: Path,
        *,
        sheet: str | Path | None = None,
        tree: str | None = None,
        corrections: str = "safe",
        progress: Progress | None = None,
    ) -> Ingested:
        """Read one camera of SMIC-E.

        Args:
            root: absolute folder (`tree.require_folder`).
            sheet: label file; by default the first of `layout.label_files` below root.
            tree: `raw`, the only one.
            corrections: `none`, `safe` or `all` (see `corrections.LEVELS`).
            progress: called with clip folders done and in all.

        Raises:
            UsageError: labels or tree are missing or are not those of SMIC-E.
        """
        return Labels.open(root, layout, sheet, tree).ingest(_events, CORRECTIONS, corrections, progress)

    return Reader(read, layout)


READERS = {name: _reader(corpus) for name, corpus in CORPORA.items() if corpus.module == __name__}
