"""Faces as targets: every picture, video or folder of frames is a neutral clip; a table may say whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.corpora.below import Below, NotFoundError
from me_augment.corpora.build import build
from me_augment.corpora.cells import Cells
from me_augment.corpora.corrections import require_level
from me_augment.corpora.events import Event
from me_augment.corpora.labelled import about_table
from me_augment.corpora.registry import CORPORA, Ingested, Progress, Reader
from me_augment.corpora.sheets import Columns, read_table
from me_augment.corpora.tree import Video, files_of, subfolders_of
from me_augment.errors import UsageError
from me_augment.video.names import IMAGE_SUFFIXES
from me_augment.video.source import GIF_SUFFIX, VIDEO_SUFFIXES

CORPUS = CORPORA["faces"]
TABLE = "faces.csv"

_FILES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES, GIF_SUFFIX)
_COLUMNS = Columns(required={"file": ("file",)}, optional={"subject": ("subject",), "licence": ("licence",)}, keys={})


@dataclass(frozen=True)
class _Said:
    """What the table says of a file or folder; None where it says nothing."""

    subject: str | None
    licence: str | None


def read(
    root: Path,
    *,
    sheet: str | Path | None = None,
    corrections: str = "safe",
    progress: Progress | None = None,
) -> Ingested:
    """Read faces: a picture or video in root is a person called like the file, a subfolder is one person.

    A person's folder holds pictures, videos, and folders of numbered frames, each of which is one clip.

    Args:
        root: absolute folder (`tree.require_folder`).
        sheet: table with the columns `file` (a picture, video or folder below root), `subject` and `licence`; by
            default the `faces.csv` in root, if it is there. What it says of a folder holds for all that is in it.
        corrections: `none`, `safe` or `all`; there are none for this corpus.
        progress: called with faces done and in all.

    Raises:
        UsageError: there is no face, or the table cannot be read.
    """
    require_level(corrections)
    found = list(_found(root))
    if not found:
        raise UsageError(f"{root} holds no picture: give {CORPUS.expects}.")
    if sheet is None:
        sheet = next((file for file in files_of(root, (".csv",)) if file.name.casefold() == TABLE), None)
    said, warnings, sources = _table(root, Path(sheet)) if sheet is not None else ({}, [], {})
    videos, events = {}, []
    for path, by_name in found:
        shown = path.relative_to(root).as_posix()
        subject, licence = _who(path, said)
        videos[shown] = Video(path, subject or by_name)
        events.append(
            Event(
                where=shown,
                subject=subject or by_name,
                video=shown,
                name=shown if path.is_dir() else shown.removesuffix(path.suffix),
                extent="whole",
                expression="neutral",
                licence=licence,
            )
        )
    ingested = build(CORPUS, root, events, videos, progress)
    return replace(
        ingested,
        warnings=(*warnings, *ingested.warnings),
        manifest=replace(ingested.manifest, provenance=sources),
    )


def _found(root: Path) -> Iterator[tuple[Path, str]]:
    """Pictures, videos and folders of frames, and whom they show by their names."""
    for file in files_of(root, _FILES):
        yield file, file.stem
    for person in subfolders_of(root):
        for file in files_of(person, _FILES):
            yield file, person.name
        for folder in subfolders_of(person):
            if files_of(folder, IMAGE_SUFFIXES):
                yield folder, person.name


def _who(path: Path, said: Mapping[Path, _Said]) -> tuple[str | None, str | None]:
    """Subject and licence by the table: what it says of the file, else of the folder, else of that one's folder."""
    lines = [said[place] for place in (path, *path.parents) if place in said]
    subject = next((line.subject for line in lines if line.subject), None)
    return subject, next((line.licence for line in lines if line.licence), None)


def _table(root: Path, file: Path) -> tuple[dict[Path, _Said], list[str], dict[str, str]]:
    """What the table says by path, a warning for each row that is not heeded, and the table for the log."""
    table = read_table(file, _COLUMNS)
    below = Below(root, _FILES)
    said: dict[Path, _Said] = {}
    warnings = about_table(table)
    for cells in (Cells(row, table.title) for row in table.rows if any(map(str.strip, row.cells.values()))):
        try:
            path = below.find(cells.text("file"))
        except NotFoundError as error:
            warnings.append(f"{cells.where} is not heeded: {error}.")
            continue
        if path in said:
            warnings.append(f"{cells.where} is not heeded: another row is about {cells.text('file')!r}.")
        elif cells.text("subject") == "*":
            warnings.append(f"{cells.where} is not heeded: the subject '*' would be everybody.")
        else:
            said[path] = _Said(cells.text("subject") or None, cells.text("licence") or None)
    return said, warnings, {"labels": table.title}


READERS = {CORPUS.name: Reader(read)}
