"""A corpus of the user's own: a label table, what its columns are, and recordings anywhere below ROOT."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from me_augment.corpora.below import Below, NotFoundError
from me_augment.corpora.build import build
from me_augment.corpora.cells import Cells
from me_augment.corpora.column_map import ColumnMap, read_column_map
from me_augment.corpora.corrections import require_level
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import about_table
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import read_table
from me_augment.corpora.tree import Video
from me_augment.errors import UsageError
from me_augment.manifest.rows import EXPRESSIONS
from me_augment.video.names import IMAGE_SUFFIXES
from me_augment.video.source import GIF_SUFFIX, VIDEO_SUFFIXES

CORPUS = CORPORA["generic"]


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    columns: str | Path | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read a corpus by the user's own table.

    Recordings that no row names are not looked for.

    Args:
        root: absolute folder (`tree.require_folder`) that the paths of recordings start from.
        sheet: label table (.csv, .xlsx, .xls).
        columns: YAML file, see `column_map`.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with recordings done and in all.

    Raises:
        UsageError: sheet or columns are missing or wrong, or no recording is found.
    """
    require_level(corrections)
    for option, value, holds in (("--sheet", sheet, "the label table"), ("--columns", columns, "its columns as YAML")):
        if value is None:
            raise UsageError(f"{CORPUS.name} needs {option} FILE with {holds}: give {CORPUS.expects}.")
    said = read_column_map(Path(columns))  # type: ignore[arg-type]
    table = read_table(Path(sheet), said.columns)  # type: ignore[arg-type]
    rows = [(Cells(row, table.title), said.recording_of(row.cells)) for row in table.rows]
    often = Counter(path for _, path in rows)
    below = Below(root, (*VIDEO_SUFFIXES, GIF_SUFFIX, *IMAGE_SUFFIXES))
    videos: dict[str, Video] = {}
    events = [_event(cells, path, said, below, videos, alone=often[path] == 1) for cells, path in rows]
    ingested = build(replace(CORPUS, people=said.people), root, events, videos, progress)
    sources = {"labels": table.title, "columns": Path(columns).name}  # type: ignore[arg-type]
    return replace(
        ingested,
        warnings=(*about_table(table), *ingested.warnings),
        manifest=replace(ingested.manifest, provenance=sources),
    )


def _event(cells: Cells, path: str, said: ColumnMap, below: Below, videos: dict[str, Video], *, alone: bool) -> Event:
    subject = cells.text("subject")
    video = _video(cells, path, subject, said, below, videos)
    onset = cells.frame("onset", said.missing)
    apex = cells.frame("apex", said.missing) if "apex" in said.columns.required else None
    offset = cells.frame("offset", said.missing)
    emotion = _filled(cells, said, "emotion")
    if emotion is None and "emotion" in said.columns.required:
        cells.note("emotion-missing", f"emotion is {cells.text('emotion')!r}")
    return Event(
        where=cells.where,
        subject=subject,
        video=video,
        name=cells.text("clip") or (path if alone else f"{path}@{cells.text('onset')}"),
        onset=onset,
        apex=apex,
        offset=offset,
        expression=_expression(cells, said),
        fps=cells.rate("fps", said.missing) or said.fps,
        emotion=emotion,
        classes=_classes(cells, said, emotion),
        licence=_filled(cells, said, "licence"),
        au=None if cells.text("au") in said.missing else cells.verbatim("au"),
        issues=tuple(cells.issues),
    )


def _filled(cells: Cells, said: ColumnMap, name: str) -> str | None:
    text = cells.text(name)
    return None if not text or text in said.missing else text


def _video(cells: Cells, path: str, subject: str, said: ColumnMap, below: Below, videos: dict[str, Video]) -> str:
    """The key of a row's recording, which is added to `videos`; that of none, where it is not there."""
    try:
        found = below.find(path)
    except NotFoundError as error:
        if error.code != "folder-missing":  # which `build` says of every event that is left without recording
            cells.note(error.code, str(error))
        return f"nowhere: {path}"
    key = found.relative_to(below.root).as_posix()
    first = videos.setdefault(key, Video(found, subject, said.first))
    if first.subject != subject:
        cells.note("subject-conflict", f"subject is {subject}, and another row says that {key} shows {first.subject}")
    return key


def _expression(cells: Cells, said: ColumnMap) -> str:
    word = _filled(cells, said, "expression")
    if word is None:
        return said.expression
    known = {**{name: name for name in EXPRESSIONS}, **said.expressions}
    if word.casefold() not in known:
        cells.note("expression-unknown", f"expression {word!r} is none of {', '.join(known)}")
    return known.get(word.casefold(), said.expression)


def _classes(cells: Cells, said: ColumnMap, emotion: str | None) -> dict[str, str | None]:
    if said.classes is None:
        return {}
    if emotion is not None and emotion.casefold() not in said.classes:
        cells.note("emotion-unknown", f"emotion {emotion!r} is none of {', '.join(said.classes)}")
    return {"label_megc3": None if emotion is None else said.classes.get(emotion.casefold())}


READERS = {CORPUS.name: Reader(read)}
