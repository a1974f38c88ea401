"""Finds the folds of an export by lists and folders: `fold_x_train.txt`, `x/train.csv`, `x/test/`, shards, sheets.

Every reader gives what it found as entries; another layout is another reader in `READERS`.
"""

from __future__ import annotations

import csv
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit.contents import Contents
from me_augment.evaluation.audit.fold_sheets import read_sheets
from me_augment.evaluation.audit.known import ENDINGS, Names
from me_augment.evaluation.audit.listing import Entry, Items, Listed, Listing

_PART = {"train": "train", "trainlist": "train", "test": "test", "testlist": "test"}
_PART |= dict.fromkeys(("val", "valid", "validation", "vallist"), "validation")
_LIST = re.compile(rf"(?:(?P<fold>.+?)[_.-])?(?P<part>{'|'.join(_PART)})[0-9]*\.(?:txt|csv)", re.IGNORECASE)
_DEEPEST = 3


Reader = Callable[[Path, Names], Iterable[Entry]]


def read_lists(folder: Path, known: Names, held_out: Mapping[str, frozenset[str]], *readers: Reader) -> Listed:
    """The folds of an export; none where it lists none. Folds that hold nobody out are left out.

    Args:
        folder: of the export.
        known: names of clips, by which a line of a list is understood.
        held_out: fold → persons, as far as the export's record says.
        readers: of its lists; `READERS` where none are given.

    Raises:
        MeAugmentError: a list or shard cannot be read.
    """
    contents, items = Contents(), Items()
    folds: dict[str, Listing] = {}
    numbered: list[tuple[Entry, int]] = []
    try:
        for reader in readers or READERS:
            for entry in reader(folder, known):
                is_file = entry.file is not None and entry.file.is_file()
                numbered.append((entry, contents.add(entry.file, entry.file.stat()) if is_file and entry.file else -1))
    except (OSError, ValueError, KeyError, AttributeError, csv.Error, tarfile.TarError) as error:
        raise MeAugmentError(f"a list of {folder} cannot be read ({error}).") from error
    merged = contents.merged()
    nameless: dict[str, int] = {}
    for entry, number in numbered:
        # What has no file of its own has no bytes to compare: a number of its own, by name.
        content = merged[number] if number >= 0 else nameless.setdefault(entry.name, -1 - len(nameless))
        item = items.add(entry.name, contents.files[number] if number >= 0 else None, content)
        fold = folds.setdefault(entry.fold, Listing(entry.fold))
        fold.held_out |= entry.held_out | held_out.get(fold.called, frozenset())
        getattr(fold, entry.part).append((entry.where, item))
    for fold in folds.values():
        if not fold.test:  # a list for validation is all that is tested
            fold.test, fold.validation = fold.validation, []
    found = sorted((fold for fold in folds.values() if fold.test or fold.held_out), key=lambda fold: fold.name)
    return Listed(items.listed, found, pictures=False)


def _listed(folder: Path, known: Names) -> Iterator[Entry]:
    """Lists of names, one a line, with or without class and number of frames behind."""
    for path in _below(folder, _DEEPEST):
        found = _LIST.fullmatch(path.name)
        if found is None or not path.is_file():
            continue
        fold = _name(path.parent.relative_to(folder).as_posix(), found["fold"])
        where = path.relative_to(folder).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            name = _named(line, folder, path.parent, known)
            if name is None:
                if number > 1 and line.strip():  # the first line may name columns
                    yield Entry(fold, _PART[found["part"].casefold()], f"{where}, line {number}", line.strip(), None)
            elif name.endswith(".tar"):
                yield from _members(folder, fold, _PART[found["part"].casefold()], folder / name, where)
            else:
                part = _PART[found["part"].casefold()]
                file = next((base / name for base in (folder, path.parent) if (base / name).is_file()), None)
                yield Entry(fold, part, f"{where}, line {number}", name, file)


def _foldered(folder: Path, known: Names) -> Iterator[Entry]:
    """Folders called `train` and `test`, with files or folders of frames in them."""
    for path in _below(folder, _DEEPEST):
        part = _PART.get(path.name.casefold())
        if part is None or not path.is_dir():
            continue
        fold = _name(path.parent.relative_to(folder).as_posix(), None)
        for base, folders, names in os.walk(path):
            folders.sort()
            whole = [name for name in folders if _key_of(f"{base}/{name}", path, known) in known]
            for name in whole:  # a folder of frames is one clip
                folders.remove(name)
                where = Path(base, name).relative_to(folder).as_posix()
                yield Entry(fold, part, where, _key_of(f"{base}/{name}", path, known), None)
            for name in sorted(names):
                if name.casefold().endswith(ENDINGS) and not name.startswith("."):
                    file = Path(base, name)
                    where = file.relative_to(folder).as_posix()
                    if name.endswith(".tar"):
                        yield from _members(folder, fold, part, file, where)
                    else:
                        yield Entry(fold, part, where, _key_of(str(file), path, known), file)


def _columns(folder: Path, known: Names) -> Iterator[Entry]:
    """Arrays: `meta.csv` names the fold that tests a row, and all that it may train."""
    path = folder / "meta.csv"
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not {"clip_id", "test_fold", "allowed_folds"} <= set(row):
                return
            for part, folds in (("test", row["test_fold"]), ("train", row["allowed_folds"])):
                for fold in filter(None, folds.split(";")):
                    yield Entry(fold, part, f"meta.csv, {row['clip_id']}, fold {fold}", row["clip_id"], None)


READERS: tuple[Reader, ...] = (_listed, _foldered, _columns, read_sheets)


def _members(folder: Path, fold: str, part: str, shard: Path, where: str) -> Iterator[Entry]:
    """The samples of a WebDataset shard: members with one name up to the first dot."""
    if not Path(os.path.realpath(shard)).is_relative_to(folder.resolve()):
        raise MeAugmentError(f"{where} names {shard}, which lies outside {folder}: make the export again.")
    if not shard.is_file():  # a pipe would be waited for
        raise MeAugmentError(f"{where} names {shard}, which is no file: make the export again.")
    with tarfile.open(shard) as members:
        names = dict.fromkeys(member.name.split("/")[-1].partition(".")[0] for member in members if member.isfile())
    for name in names:
        yield Entry(fold, part, f"{where}: {shard.name}, {name}", name, None)


def _named(line: str, folder: Path, beside: Path, known: Names) -> str | None:
    """The name in a line: all of it, its first cell, or what stands before the last one or two words."""
    text = line.strip()
    words = text.rsplit(maxsplit=2)
    candidates = [text, text.split(",")[0].strip('"'), *(" ".join(words[:count]) for count in (2, 1) if words[:count])]
    return next(
        (
            name
            for name in candidates
            if name and (name in known or (folder / name).exists() or (beside / name).exists())
        ),
        None,
    )


def _key_of(path: str, part: Path, known: Names) -> str:
    """A path below a part of a fold as the table calls it: as long as needed, as short as known."""
    pieces = Path(path).relative_to(part).as_posix().split("/")
    for start in range(len(pieces)):
        if (name := "/".join(pieces[start:])) in known:
            return name
    return pieces[-1]


def _name(folder: str, own: str | None) -> str:
    """Name of a fold by the folder of its list and what the list's own name says."""
    return "/".join(name for name in (folder if folder != "." else "", own or "") if name)


def _below(folder: Path, depth: int) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        yield path
        if depth > 1 and path.is_dir() and path.name.casefold() not in _PART:
            yield from _below(path, depth - 1)
