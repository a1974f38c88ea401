"""Mutated corpora, and the judge of what a reader made of them: the same rows, or an issue on every row that changed.

A mutation spoils one cell, row, sheet, file or folder of an invented corpus as copies, programs and people do. The
judge knows no corpus: it compares the rows with those of the unspoilt one.
"""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from math import floor
from pathlib import Path
from typing import Any

import openpyxl

from invented import Invented, Row, rows_of
from invented.files import paint, write_book
from me_augment.corpora import Ingested, read_corpus
from me_augment.errors import UsageError
from me_augment.manifest.au import format_aus, parse_aus

VALUES: tuple[Any, ...] = (
    None, "", "   ", "x", "12abc", "abc12", -1, -999999, 0, 10**12, 2**31, 1e300, float("nan"), "NaN", "inf", 46.5,
    "46,5", "\u0664\u0666", "\uff14\uff16", "1e3", "0x1F", "=1+1", "#REF!", True, datetime(2019, 1, 2), "a" * 3000,
    "\U0001f600", "\u202e21", "3\n4", "../../etc", "/etc/passwd", "C:\\x", "a/b", "~", "*", "sub01", "s1", "NULL",
    "null", "?", "-", "/", "\\", "12 or 14", "L12+", "4(B/C", "happy", "OTHERS", "<script>", "'; --", "1.0", " 7 ",
    "007", "1 000", "10-20",
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """What was spoilt.

    Attributes:
        said: in words.
        value: that a cell was given; None for other mutations.
        rows: numbers of the sheet's rows that it touches, as messages count them.
        whole: a header, a sheet or a file was spoilt: the corpus may be refused in one sentence.
    """

    said: str
    value: Any = None
    rows: tuple[int, ...] = ()
    whole: bool = False


class Fuzz:
    """An invented corpus that is spoilt again and again.

    Args:
        one: the corpus.
        scratch: folder to write it to.
    """

    def __init__(self, one: Invented, scratch: Path) -> None:
        self._one, self._scratch = one, scratch
        self._whole = one.write(scratch / "whole")
        self._tables = one.write(scratch / "tables")  # whose tables are spoilt and restored in place

    def run(self, chance: random.Random) -> tuple[Mutation, list[str]]:
        """Spoil the corpus once; what was spoilt, and what is wrong with the rows that were read.

        Raises:
            Exception: whatever the reader raised that is no sentence for a user.
        """
        ways: list[Callable[[random.Random], tuple[Mutation, Path]]] = [self._tree]
        if self._one.books:
            ways = [self._table] * 5 + ways
        mutation, root = chance.choice(ways)(chance)
        try:
            ingested = read_corpus(self._one.corpus, root, **self._options(root))
        except UsageError as error:
            return mutation, [] if mutation.whole else [f"refused: {error}"]
        finally:
            self._restore(root)
        return mutation, list(_complaints(self._one, ingested, mutation))

    def _options(self, root: Path) -> Mapping[str, Any]:
        """The corpus' options with files below its own folder moved along."""
        return self._one.options_at(root)

    def _restore(self, root: Path) -> None:
        if root == self._tables:
            for name, sheets in self._one.books.items():
                write_book(root / name, sheets)

    def _table(self, chance: random.Random) -> tuple[Mutation, Path]:
        name = chance.choice(sorted(self._one.books))
        sheets = {sheet: [list(row) for row in rows] for sheet, rows in self._one.books[name].items()}
        sheet = chance.choice([sheet for sheet, rows in sheets.items() if rows])
        mutation = _spoil(sheets[sheet], chance)
        path = self._tables / name
        kind = chance.randrange(20)
        if kind == 0 and path.suffix == ".xlsx":
            write_book(path, sheets)
            book = openpyxl.load_workbook(path)
            book.create_sheet("note")
            book[sheet].sheet_state = "hidden"
            book.save(path)
            return replace(mutation, said=f"{mutation.said}, {sheet} hidden", whole=True), self._tables
        if kind == 1:
            data = write_book(path, sheets).read_bytes()
            path.write_bytes(data[: chance.randrange(len(data))])
            return Mutation(f"{name} cut short", whole=True), self._tables
        if kind == 2 and path.suffix == ".csv":
            text = write_book(path, sheets).read_text(encoding="utf-8")
            path.write_bytes(text.encode(chance.choice(["utf-16", "cp1252", "shift-jis"]), "replace"))
            return replace(mutation, said=f"{mutation.said}, other encoding", whole=True), self._tables
        write_book(path, sheets)
        return replace(mutation, said=f"{name}, {sheet}: {mutation.said}"), self._tables

    def _tree(self, chance: random.Random) -> tuple[Mutation, Path]:
        root = self._scratch / "tree"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self._whole, root)
        files = [p for p in sorted(root.rglob("*")) if p.is_file() and p.name not in map(_name, self._one.books)]
        folders = sorted({file.parent for file in files if file.parent != root})
        file = chance.choice(files)
        folder = chance.choice(folders or [root])
        said = chance.choice(TREE)
        _damage(said, file, folder, root, chance)
        where = (file if said in FILE else folder).relative_to(root)
        return Mutation(f"{where}: {said}", whole=True), root


FILE = (
    "deleted",
    "cut short",
    "emptied",
    "no image",
    "made a folder",
    "its number twice",
    "its number huge",
    "a link out",
)
FOLDER = (
    "emptied folder",
    "in capitals",
    "a copy beside it",
    "a loop in it",
    "a file of its name",
    "an odd name in it",
)
TREE = (*FILE, *FOLDER)


def _damage(said: str, file: Path, folder: Path, root: Path, chance: random.Random) -> None:
    if said == "deleted":
        file.unlink()
    elif said == "cut short":
        data = file.read_bytes()
        file.write_bytes(data[: chance.randrange(max(1, len(data)))])
    elif said == "emptied":
        file.write_bytes(b"")
    elif said == "no image":
        file.write_bytes(b"GIF89a no image")
    elif said == "made a folder":
        file.unlink()
        file.mkdir()
    elif said == "its number twice":
        stem, digits = re.subn(r"([0-9]+)(?=[^0-9]*$)", r"0\1", file.stem)
        shutil.copy(file, file.with_name(f"{stem if digits else 'x'}{file.suffix}"))
    elif said == "its number huge":
        shutil.copy(file, file.with_name(f"{file.stem}99999999999{file.suffix}"))
    elif said == "a link out":
        outside = root.parent / "outside.jpg"
        paint(outside, 7)
        file.unlink()
        file.symlink_to(outside)
    elif said == "emptied folder":
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    elif said == "in capitals":
        folder.rename(folder.with_name(f"{folder.name}~")).with_name(f"{folder.name}~").rename(
            folder.with_name(folder.name.swapcase())
        )
    elif said == "a copy beside it":
        other = folder.with_name(folder.name.swapcase())
        shutil.copytree(folder, other if not other.exists() else folder.with_name(f"{folder.name} copy"))
    elif said == "a loop in it":
        (folder / "loop").symlink_to(root)
    elif said == "a file of its name":
        shutil.rmtree(folder)
        folder.write_bytes(b"")
    else:
        (folder / "img\udcff1.jpg").write_bytes(b"")


def _spoil(rows: list[list[Any]], chance: random.Random) -> Mutation:
    """Spoil the rows of a sheet in place."""
    row = chance.randrange(len(rows))
    cells = rows[row]
    way = chance.choice(["cell"] * 12 + ["swap", "left", "right", "twice", "gone", "blank", "double header"])
    number = row + 1
    if way == "cell" and cells:
        column = chance.randrange(len(cells))
        value = chance.choice((*VALUES, *_near(cells[column]) * 4))
        header = _short(cells)
        cells[column] = value
        return Mutation(f"row {number}, column {column + 1} is {value!r:.40}", value, (number,), whole=header)
    if way == "swap" and len(cells) > 1:
        first, second = chance.sample(range(len(cells)), 2)
        cells[first], cells[second] = cells[second], cells[first]
        return Mutation(f"row {number}, columns {first + 1} and {second + 1} exchanged", None, (number,), whole=True)
    if way == "left" and cells:
        del cells[chance.randrange(len(cells))]
    elif way == "right":
        cells.insert(chance.randrange(len(cells) + 1), None)
    elif way == "twice":
        rows.insert(row, list(cells))
    elif way == "gone":
        del rows[row]
    elif way == "blank":
        rows.insert(row, [None] * len(cells))
    else:
        rows.insert(chance.randrange(len(rows) + 1), list(rows[0]))
    return Mutation(f"row {number}: {way}", None, (number,), whole=True)


def _near(cell: Any) -> tuple[str, ...]:
    """Texts that hold the next number and more: whoever salvages digits reads a wrong number that may well exist."""
    try:
        number = int(str(cell)) + 1
    except ValueError:
        return ()
    return f"{number}x", f"ca. {number}", f"{number}.5", f"{number}?"


def _short(cells: list[Any]) -> bool:
    """Whether a row may be a header or a note rather than data: it holds no number."""
    return not any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


def _complaints(one: Invented, ingested: Ingested, mutation: Mutation) -> Iterator[str]:
    before = one.rows
    after = rows_of(ingested)
    said = "\n".join(ingested.warnings)
    new = {name: row for name, row in after.items() if name not in before}
    for name, row in after.items():
        old = before.get(name)
        if row == old or (old is None and (row.issues or row.status != "ok")):
            continue
        if old is None:
            if not any(_same_but_for_issues(row, other) for other in before.values()) and not mutation.whole:
                yield f"{name} is new, and nothing is said: {row}"
            continue
        if Counter(row.issues) - Counter(old.issues) or row.status != "ok" or _is_faithful(old, row, mutation, one):
            continue
        yield f"{name} changed, and nothing is said: {_difference(old, row)}"
    for name in before.keys() - after.keys():
        told = any(f"row {number}" in said for number in mutation.rows) or "label-version-unknown" in said
        if not told and not new and not mutation.whole:
            yield f"{name} is gone, and no warning says so"


def _same_but_for_issues(first: Row, second: Row) -> bool:
    return replace(first, issues=()) == replace(second, issues=())


def _is_faithful(old: Row, new: Row, mutation: Mutation, one: Invented) -> bool:
    """Whether what changed is what the spoilt cell says: another valid number or word is no spoilt cell."""
    if mutation.whole and mutation.value is None:
        return True  # exchanged or moved cells are other labels, not spoilt ones; refusing them is no duty
    text = _text(mutation.value)
    changed = {field.name for field in fields(Row) if getattr(old, field.name) != getattr(new, field.name)}
    follow = {"megc3", "five", "protocols", "shows", "issues"}
    if "numbers" in changed:
        values = {number for number, was in zip(new.numbers, old.numbers, strict=True) if number != was}
        if not all(_is_number(text, value, one.fractions) for value in values):
            return False
    if "emotion" in changed and new.emotion not in (text, _serial(mutation.value)):
        return False
    # An issue about the units is one, even where the cell had another before.
    about_units = any(code.startswith("au-") for code in new.issues)
    if "aus" in changed and not about_units and new.aus != format_aus(parse_aus(text).units):
        return False
    if "objective" in changed and not _is_number(text, new.objective):
        return False
    return changed <= follow | {"numbers", "emotion", "aus", "objective", "expression"} and changed != {"shows"}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _serial(value: Any) -> str:
    """A date as old workbooks hold it: days since the end of 1899."""
    return str((value - datetime(1899, 12, 30)).days) if isinstance(value, datetime) else _text(value)


def _is_number(text: str, value: int | None, fractions: bool = False) -> bool:
    try:
        return value is not None and value in (float(text), floor(float(text) + 0.5) if fractions else None)
    except (ValueError, OverflowError):
        return False


def _difference(old: Row, new: Row) -> str:
    return ", ".join(
        f"{field.name} {getattr(old, field.name)!r} → {getattr(new, field.name)!r}"
        for field in fields(Row)
        if getattr(old, field.name) != getattr(new, field.name)
    )


def _name(path: str) -> str:
    return Path(path).name
