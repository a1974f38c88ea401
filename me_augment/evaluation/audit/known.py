"""Finds out what each item of the folds is: by the export's table, a manifest, its name, or the fold that tests it."""

from __future__ import annotations

import csv
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

SYNTHETIC = "syn_"
"""How the names of synthetic clips begin in our exports."""
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".mkv", ".mp4", ".avi", ".gif", ".npy", ".npz", ".tar")
_COLUMNS = ("name", "clip_id", "is_synthetic", "subject", "person_id", "corpus", "forbidden_subjects")


def key(name: str) -> str:
    """A file's name as it is compared: without ending, case and the blank that HTNet wants."""
    lowered = name.strip().casefold()
    ending = next((ending for ending in _ENDINGS if lowered.endswith(ending)), "")
    return lowered.removesuffix(ending).strip()


class Names:
    """Clips by the names under which they may lie in a folder; a name that two clips share is nobody's."""

    def __init__(self) -> None:
        self._found: dict[str, Known | None] = {}

    def add(self, known: Known, names: Iterable[str]) -> None:
        """Let these names mean a clip."""
        for name in {key(name) for name in names if name.strip()}:
            other = self._found.get(name, known)
            self._found[name] = known if other is not None and other.clip_id == known.clip_id else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def get(self, name: str) -> Known | None:
        """The clip of a path or name."""
        return self._found.get(key(name)) or self._found.get(key(name.rpartition("/")[2]))

    def __len__(self) -> int:
        return len({known.clip_id for known in self._found.values() if known})


def read_table(folder: Path) -> list[dict[str, Any]] | None:
    """Rows of `clips.parquet`, or else `clips.csv`, of an export; None where there is neither.

    Raises:
        UsageError: the table has not the columns that exports write.
    """
    parquet, text = folder / "clips.parquet", folder / "clips.csv"
    try:
        if parquet.is_file():
            table = pq.read_table(parquet)
            rows = table.to_pylist() if set(_COLUMNS) <= set(table.schema.names) else None
        elif text.is_file():
            with text.open(newline="", encoding="utf-8") as file:
                rows = [dict(row) for row in csv.DictReader(file)]
            rows = [_from_text(row) for row in rows] if rows and set(_COLUMNS) <= set(rows[0]) else None
        else:
            return None
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise MeAugmentError(f"{folder}: its table of clips cannot be read ({error}).") from error
    if rows is None:
        path = parquet if parquet.is_file() else text
        raise UsageError(f"{path} is no table of exported clips: it lacks some of the columns {', '.join(_COLUMNS)}.")
    return rows


def of_row(row: Mapping[str, Any]) -> Known:
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
        known = of_row(row)
        clip = origin.rows.get(str(row["clip_id"])) if origin else None
        name = str(row["name"])
        told = known if clip is None or origin is None else _both(known, origin.known(clip))
        pieces = name.split("/")
        names.add(told, [str(row["clip_id"]), *("/".join(pieces[start:]) for start in range(len(pieces)))])
    return names


def names_of_manifest(origin: Origin) -> Names:
    """Clips of a manifest by the names that exports, ours and others', give them."""
    names = Names()
    for clip in origin.rows.values():
        names.add(origin.known(clip), _names_of(clip))
    return names


def identify(listed: Listed, names: Names) -> None:
    """Fill in what is known of every item.

    What neither table nor manifest know is told by the fold that tests its bytes, or by a name that begins with a
    fold's; what is found nowhere stays unknown.
    """
    persons = {
        fold.name: _person_of(fold.name, [listed.items[i].name for _, i in fold.test], names) for fold in listed.folds
    }
    tested: dict[int, str] = {}
    for fold in listed.folds:
        for _, index in fold.test:
            tested.setdefault(listed.items[index].content, fold.name)
    prefixes = {fold.name.casefold(): fold.name for fold in listed.folds}
    for item in listed.items:
        item.known = names.get(item.name)
        if item.known is not None:
            continue
        base = item.name.rpartition("/")[2]
        if base.casefold().startswith(SYNTHETIC):
            item.known = Known("its name", None, True, None, frozenset())
            continue
        fold_name = prefixes.get(_beginning(base.casefold(), prefixes)) or tested.get(item.content)
        if fold_name is not None:
            who = persons[fold_name]
            item.known = Known("its name or fold", None, False, fold_name, who, contributors=who)


def _person_of(fold: str, tested: Iterable[str], names: Names) -> frozenset[str]:
    """Whom a fold holds out, as far as known clips say; else the fold's own name."""
    known = [found for name in tested if (found := names.get(name)) is not None and not found.is_synthetic]
    same = {person for found in known for person in found.persons if found.subject == fold}
    return frozenset(same) or frozenset([fold])


def _beginning(name: str, prefixes: Mapping[str, str]) -> str:
    """The longest fold's name that a file's name begins with, up to something that is no letter and no digit."""
    fitting = [p for p in prefixes if name.startswith(p) and not name[len(p) : len(p) + 1].isalnum()]
    return max(fitting, key=len, default="")


def _both(table: Known, manifest: Known) -> Known:
    """What the table says, and what the manifest adds: nobody whom either names is forgotten."""
    return replace(
        manifest,
        source="the table and the manifest",
        subject=table.subject,
        persons=table.persons | manifest.persons,
        contributors=table.contributors | manifest.contributors,
        is_synthetic=table.is_synthetic or manifest.is_synthetic,
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
    cells["is_synthetic"] = cells["is_synthetic"].casefold() in ("true", "1")
    cells["forbidden_subjects"] = [name for name in cells["forbidden_subjects"].split(";") if name]
    return cells
