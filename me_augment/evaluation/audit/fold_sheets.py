"""Finds the folds of trees in a corpus' shape: sheets, lists of MEGC2019 and folders of frames below `folds/<fold>`."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

from me_augment.corpora.sheets import SHEET_SUFFIXES, Columns, read_table
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.audit.known import Names, sheet_name
from me_augment.evaluation.audit.listing import Entry
from me_augment.evaluation.audit.record import read_record

_FILLED = re.compile(r"\s*\S.*", re.DOTALL)
_COLUMNS = Columns(
    required={"subject": ("Subject",), "clip": ("Filename",)}, keys={"subject": _FILLED, "clip": _FILLED}, numbers=()
)
_MEGC_CELLS = 4  # dataset, subject, clip, class: a list without a header
_FRAMES = (".bmp", ".png", ".jpg", ".jpeg")
_PART = re.compile(r"(?:.+[_.-])?(?:train|test|val|valid|validation)(?:list)?[0-9]*\.csv", re.IGNORECASE)
"""Lists of one part of a fold, which `fold_lists` reads."""


def read_sheets(folder: Path, known: Names) -> Iterator[Entry]:
    """Every row of every sheet and list, and every folder of frames, of every fold.

    Loaders of those corpora test the persons held out, whom export.json names, and train on all others.

    Args:
        folder: of the export.
        known: names of clips, by which it is told who is tested.

    Raises:
        MeAugmentError: a file of a fold cannot be read, so that nobody could tell what trains.
    """
    record = read_record(folder)
    if not (folder / "folds").is_dir() or not record.held_out:
        return
    for fold in sorted(path for path in (folder / "folds").iterdir() if path.is_dir()):
        held_out = record.held_out.get(fold.name, frozenset())
        for where, name, file in _clips(fold, known):
            found = known.get(name)
            tested = found is not None and not found.is_synthetic
            tested &= found is not None and (found.subject == fold.name or not held_out.isdisjoint(found.persons))
            part = "test" if tested else "train"
            yield Entry(fold.name, part, f"folds/{fold.name}/{where}", name, file)


def _clips(fold: Path, known: Names) -> Iterator[tuple[str, str, Path | None]]:
    """(Where below the fold, name of the clip, a frame of it if its folder is there)."""
    for base, folders, names in os.walk(fold):
        folders.sort()
        names.sort()
        below = Path(base).relative_to(fold).as_posix()
        sheets = [name for name in names if Path(name).suffix.casefold() in SHEET_SUFFIXES]
        for name in sheets:
            path = Path(base, name)
            if not path.is_file():  # a pipe would be waited for
                raise MeAugmentError(f"{path} is no file: make the export again.")
            if not _PART.fullmatch(name):
                yield from ((f"{path.relative_to(fold).as_posix()}, {row}", clip, None) for row, clip in _rows(path))
        frames = [name for name in names if name.casefold().endswith(_FRAMES) and not name.startswith(".")]
        if frames and below != ".":
            # One frame tells a folder from others; the middle one is near the apex, where no two clips look alike.
            yield below, below, Path(base, frames[len(frames) // 2])


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    """(Line or row, name of the clip) of a sheet or list."""
    if path.suffix.casefold() == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
        if all(len(row) == _MEGC_CELLS for row in rows) and not any("Filename" in row for row in rows[:1]):
            yield from ((f"line {number}", sheet_name(row[1], row[2])) for number, row in enumerate(rows, 1))
            return
    try:
        table = read_table(path, _COLUMNS)
    except UsageError as error:
        raise MeAugmentError(f"nobody can tell what a fold trains on: {error}") from error
    if table.misfits:
        raise MeAugmentError(f"{path}: {table.misfits[0]}: mend it, or make the export again.")
    yield from ((f"row {row.number}", sheet_name(row.cells["subject"], row.cells["clip"])) for row in table.rows)
