"""Finds out what each item of the folds is: by the export's table, a manifest, its name, or the fold that tests it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.audit.listing import Known, Listed
from me_augment.evaluation.audit.origin import Origin, made
from me_augment.manifest import Clip

GUESSED = "name or fold alone"
"""Source of what neither table nor manifest says."""
SYNTHETIC = "syn_"
"""How the names of synthetic clips begin in our exports."""
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".npy", ".npz", ".tar"),
    *(".mkv", ".mp4", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".webm", ".flv", ".wmv"),
)
"""How files of clips end, whoever wrote them."""
_TEXTS = ("name", "clip_id", "subject", "person_id", "corpus")
_COLUMNS = (*_TEXTS, "is_synthetic", "forbidden_subjects")


def key(name: str) -> str:
    """A file's name as it is compared: without ending, case and the blank that HTNet wants."""
    lowered = name.strip().casefold()
    ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), "")
    return lowered.removesuffix(ending).strip()


def sheet_name(subject: str, clip: str) -> str:
    """A row of a corpus' sheet as it is compared: copies write `sub06`, `006` and 6, `s06_ne_01` and `s6_ne_01`."""
    number = re.sub(r"[^0-9]", "", subject).lstrip("0") or subject.strip()
    return f"{number}, {re.sub('^(s?)0+(?=[0-9])', lambda found: found[1], clip.strip().casefold())}"


class Names:
    """Clips by the names under which they may lie in a folder.

    A name that two clips share is nobody's, unless both were filmed of one person (by several cameras): then it means
    both.
    """

    def __init__(self) -> None:
        self._found: dict[str, Known | None] = {}

    def add(self, known: Known, names: Iterable[str]) -> None:
        """Let these names mean a clip."""
        for name in {key(name) for name in names if name.strip()}:
            other = self._found.get(name, known)
            self._found[name] = None if other is None else _meant(other, known)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def get(self, name: str) -> Known | None:
        """The clip of a path or name."""
        return self._found.get(key(name)) or self._found.get(key(name.rpartition("/")[2]))


def table_of(folder: Path) -> Path | None:
    """`clips.parquet`, or else `clips.csv`, of an export; None where there is neither."""
    return next((path for name in ("clips.parquet", "clips.csv") if (path := folder / name).is_file()), None)


def read_table(path: Path) -> list[dict[str, Any]]:
    """Rows of the table of an export.

    Raises:
        UsageError: the table has not the columns that exports write.
        MeAugmentError: it cannot be read, or a row is damaged.
    """
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            rows = table.to_pylist() if set(_COLUMNS) <= set(table.schema.names) else None
        else:
            with path.open(newline="", encoding="utf-8") as file:
                cells = [dict(row) for row in csv.DictReader(file)]
            rows = [_from_text(row) for row in cells] if cells and set(_COLUMNS) <= set(cells[0]) else None
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise MeAugmentError(f"{path.parent}: its table of clips cannot be read ({error}).") from error
    if rows is None:
        raise UsageError(f"{path} is no table of exported clips: it lacks some of the columns {', '.join(_COLUMNS)}.")
    for number, row in enumerate(rows, 1):
        if not all(isinstance(row[column], str) and row[column] for column in _TEXTS) or not _is_sound(row):
            raise MeAugmentError(f"{path}, row {number} does not say whose clip it is: export again.")
    return rows


def _is_sound(row: Mapping[str, Any]) -> bool:
    """Whether the cells that are no text are what exports write."""
    persons = row["forbidden_subjects"]
    named = isinstance(persons, list) and all(isinstance(person, str) for person in persons)
    return named and isinstance(row["is_synthetic"], bool)


def _of_row(row: Mapping[str, Any]) -> Known:
    """A row of an export's table."""
    seen = {row["person_id"], row.get("driver_person_id"), row.get("target_person_id")} - {None, ""}
    if not row["is_synthetic"]:
        seen.add(f"{row['corpus']}:{row['subject']}")
    persons = frozenset(map(str, seen))
    return Known(
        source="the table",
        clip_id=str(row["clip_id"]),
        is_synthetic=bool(row["is_synthetic"]),
        subject=None if row["is_synthetic"] else str(row["subject"]),
        persons=persons,
        contributors=persons | frozenset(row["forbidden_subjects"]),
    )


def names_of_table(rows: Iterable[Mapping[str, Any]], origin: Origin | None) -> Names:
    """Clips by their names in an export's table, with what a manifest says of them beside."""
    names = Names()
    for row in rows:
        known = _of_row(row)
        clip = origin.rows.get(str(row["clip_id"])) if origin else None
        name = str(row["name"])
        told = known if clip is None or origin is None else both(known, origin.known(clip))
        pieces = name.split("/")
        names.add(told, [str(row["clip_id"]), *("/".join(pieces[start:]) for start in range(len(pieces)))])
        if row.get("sheet_clip"):
            names.add(told, [sheet_name(str(row["sheet_subject"]), str(row["sheet_clip"]))])
    return names


def names_of_manifest(origin: Origin) -> Names:
    """Clips of a manifest by the names that exports, ours and others', give them."""
    names = Names()
    for clip in origin.rows.values():
        names.add(origin.known(clip), _names_of(clip))
    return names


def both(table: Known, manifest: Known) -> Known:
    """What the table says, and what the manifest adds: nobody whom either names is forgotten."""
    return replace(
        manifest,
        source="the table and the manifest",
        subject=table.subject,
        persons=table.persons | manifest.persons,
        contributors=table.contributors | manifest.contributors,
        is_synthetic=table.is_synthetic or manifest.is_synthetic,
    )


def identify(listed: Listed, names: Names) -> None:
    """Fill in what is known of every item.

    What neither table nor manifest know by name is told by its bytes, where a clip that they know has the same; else by
    the fold that tests it, or by a name that begins with a fold's. What is found nowhere stays unknown.
    """
    persons = {
        fold.name: _person_of(fold.name, [listed.items[i].name for _, i in fold.test], names) for fold in listed.folds
    }
    tested: dict[int, str] = {}
    for fold in listed.folds:
        for _, index in fold.test:
            tested.setdefault(listed.items[index].content, fold.name)
    prefixes = {fold.name.casefold(): fold.name for fold in listed.folds}
    twins: dict[int, Known | None] = {}
    for item in listed.items:
        item.known = names.get(item.name)
        # What is tested is compared byte by byte with all that trains.
        if item.known is not None and item.content >= 0 and item.content not in tested:
            other = twins.get(item.content, item.known)
            twins[item.content] = None if other is None else _meant(other, item.known)
    for item in listed.items:
        item.known = item.known or twins.get(item.content)
        if item.known is not None:
            continue
        base = item.name.rpartition("/")[2]
        if base.casefold().startswith(SYNTHETIC):
            item.known = Known(GUESSED, None, True, None, frozenset())
            continue
        fold_name = prefixes.get(_beginning(base.casefold(), prefixes)) or tested.get(item.content)
        if fold_name is not None:
            who = persons[fold_name]
            item.known = Known(GUESSED, None, False, fold_name, who, contributors=who)


def _person_of(fold: str, tested: Iterable[str], names: Names) -> frozenset[str]:
    """Whom a fold holds out, as far as known clips say; else the fold's own name."""
    known = [found for name in tested if (found := names.get(name)) is not None and not found.is_synthetic]
    same = {person for found in known for person in found.persons if found.subject == fold}
    return frozenset(same) or frozenset([fold])


def _beginning(name: str, prefixes: Mapping[str, str]) -> str:
    """The longest fold's name that a file's name begins with, up to something that is no letter and no digit."""
    fitting = [p for p in prefixes if name.startswith(p) and not name[len(p) : len(p) + 1].isalnum()]
    return max(fitting, key=len, default="")


def _meant(first: Known, second: Known) -> Known | None:
    """What one name of two clips means."""
    if first.clip_id == second.clip_id:
        return second
    if first.is_synthetic or second.is_synthetic or first.persons.isdisjoint(second.persons):
        return None
    return replace(
        first,
        persons=first.persons | second.persons,
        contributors=first.contributors | second.contributors,
        recordings=first.recordings | second.recordings,
    )


def _names_of(clip: Clip) -> Iterator[str]:
    video = clip.name.rpartition("/")[2]
    if made(clip):
        yield clip.clip_id
        yield f"{SYNTHETIC}{clip.clip_id.partition('-')[2] or clip.clip_id}"
        return
    yield from (clip.clip_id, clip.name, video, f"{clip.subject}_{video}", clip.name.replace("/", "_"))


def _from_text(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of `clips.csv`; a text that a spreadsheet would compute has an apostrophe before it."""
    cells: dict[str, Any] = {name: (value or "").removeprefix("'") for name, value in row.items()}
    cells["is_synthetic"] = {"true": True, "1": True, "false": False, "0": False}.get(cells["is_synthetic"].casefold())
    cells["forbidden_subjects"] = [name for name in cells["forbidden_subjects"].split(";") if name]
    return cells
