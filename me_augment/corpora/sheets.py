"""Label tables as authors ship them (xlsx, xls, csv): every cell as text, columns by name, rows numbered."""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from me_augment.errors import UsageError

SHEET_SUFFIXES = (".xlsx", ".xls", ".csv")
_HEADER_ROWS = 30  # titles, notes and citations stand above the header in some corpora, up to 13 rows
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_END = "end"
# Of a file or what it unpacks to, its cells, and rows of a sheet (the most that spreadsheet programs have).
_MOST_BYTES, _MOST_CELLS, _MOST_ROWS = 1 << 28, 20_000_000, 1 << 20
_MOSTLY, _FEWEST_COLUMNS = 2 / 3, 3  # of so few columns a line of text may fill all
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")


@dataclass(frozen=True)
class _Grid:
    """A sheet: its name ("" for a csv), its cells as text, and whether spreadsheet programs hide it."""

    sheet: str
    rows: list[list[str]]
    hidden: bool = False


@dataclass(frozen=True)
class Columns:
    """The columns of a table, by field.

    Attributes:
        required: field → header names it goes by (any case and spacing); the first is used in messages.
        keys: field → what its cell looks like in a data row, if there is one; other rows are titles, notes or sums.
        optional: the same as `required` for columns that only some copies have.
        positions: field → column from 0, for tables without a header; messages name the fields of `required`.
        numbers: fields of frame numbers. A row without sound keys that holds them all, or fills nearly all columns, is
            a spoilt data row, and no text below the table.
    """

    required: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, re.Pattern[str]]
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)
    numbers: tuple[str, ...] = ("onset", "offset")


@dataclass(frozen=True)
class LabelRow:
    """One data row: `cells` by field, verbatim, "" where empty; `number` is the row as programs show it."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class LabelTable:
    """The data rows of one sheet.

    `fields` are the columns it has; `misfits` says why filled rows between data rows, or that look like some, are no
    data; `hidden` that the sheet is one that spreadsheet programs do not show; `beside` the visible sheets that have
    the columns too; `twice` the fields for which it has several columns, of which the first is read.
    """

    path: Path
    sheet: str
    fields: tuple[str, ...]
    rows: tuple[LabelRow, ...]
    misfits: tuple[str, ...]
    hidden: bool = False
    beside: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """File and sheet, for messages."""
        return f"{self.path.name}, {self.sheet}" if self.sheet else self.path.name


def read_table(path: Path, columns: Columns) -> LabelTable:
    """Read the first sheet that has the required columns.

    Numbers come as their shortest text (`46` for 46.0), everything else as it stands; no value is taken for a
    missing one.

    Raises:
        UsageError: the file is missing or no table, no sheet has the columns, or there is no data row.
    """
    grids = _read_grids(path)
    if not any(any(row) for grid in grids for row in grid.rows):
        raise UsageError(f"{path} is empty: give the label file as its authors ship it.")
    # A hidden sheet is somebody's draft or an old version, and read only where nothing else is there.
    fits = [(grid, start) for grid in sorted(grids, key=lambda g: g.hidden) if (start := _start(grid, columns)) >= 0]
    if not fits:
        raise UsageError(_what_is_missing(path, grids, columns))
    (grid, start), *others = fits
    if columns.positions:
        return _table(path, grid, start, columns.positions, columns)
    table = _table(path, grid, start, _places(grid.rows[start - 1], columns), columns)
    return replace(
        table,
        beside=tuple(other.sheet for other, _ in others if not other.hidden),
        twice=tuple(_twice(grid.rows[start - 1], columns)),
    )


def _start(grid: _Grid, columns: Columns) -> int:
    """The index of the row from which on a sheet may have data; -1 where it lacks the columns."""
    if columns.positions:
        return 0 if any(not _unlike(_cells(row, columns.positions), columns) for row in grid.rows) else -1
    rows = enumerate(grid.rows[:_HEADER_ROWS], 1)
    return next((start for start, row in rows if columns.required.keys() <= _places(row, columns).keys()), -1)


def _table(path: Path, grid: _Grid, start: int, places: Mapping[str, int], columns: Columns) -> LabelTable:
    rows: list[LabelRow] = []
    misfits: list[str] = []
    waiting: list[str] = []  # rows that are no data: text below the table unless more data follows
    for number, row in enumerate(grid.rows[start:], start + 1):
        cells = _cells(row, places)
        bad = _unlike(cells, columns)
        if not bad:
            misfits += waiting
            waiting = []
            rows.append(LabelRow(number, cells))
        elif any(cells.values()):
            said = f"row {number} is no data row ({', '.join(bad)})"
            if rows and _is_spoilt(cells, columns):
                misfits += [*waiting, said]
                waiting = []
            else:
                waiting.append(said)
    table = LabelTable(path, grid.sheet, tuple(places), tuple(rows), tuple(misfits), grid.hidden)
    if not rows:
        hint = f": {waiting[0]}" if waiting else ""
        raise UsageError(f"{path}, sheet {grid.sheet!r} has a header but no data rows{hint}.")
    return table


def _cells(row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {name: row[place] if place < len(row) else "" for name, place in places.items()}


def _unlike(cells: Mapping[str, str], columns: Columns) -> list[str]:
    """The keys whose cells do not look like those of a data row."""
    return [
        f"{(columns.required.get(name) or columns.optional[name])[0]} {cells[name]!r}"
        for name, shape in columns.keys.items()
        if name in cells and not shape.fullmatch(cells[name].strip())
    ]


def _is_spoilt(cells: Mapping[str, str], columns: Columns) -> bool:
    """Whether a row without sound keys was one of data once: text and sums below a table leave most columns empty."""
    numbers = [_NUMBER.fullmatch(cells[name].strip()) for name in columns.numbers if name in cells]
    if len(numbers) > 1 and all(numbers):
        return True
    needed = [cells[name].strip() for name in columns.required if name in cells]
    return len(needed) >= _FEWEST_COLUMNS and sum(map(bool, needed)) > _MOSTLY * len(needed)


def _normal(header: str) -> str:
    """A header cell without what copies vary: case, blanks, line breaks, a trailing apostrophe."""
    return " ".join(header.split()).removesuffix("'").rstrip().casefold()


def _places(row: Sequence[str], columns: Columns) -> dict[str, int]:
    """Field → column, for the fields that the row names."""
    heads = [_normal(cell) for cell in row]
    wanted = {**columns.required, **columns.optional}
    found = {
        name: next((i for i, head in enumerate(heads) if head in {_normal(a) for a in aliases}), None)
        for name, aliases in wanted.items()
    }
    return {name: place for name, place in found.items() if place is not None}


def _twice(row: Sequence[str], columns: Columns) -> list[str]:
    """Fields for which the header row has the very name in several columns."""
    heads = [_normal(cell) for cell in row]
    wanted = {**columns.required, **columns.optional}
    return [name for name, aliases in wanted.items() if any(heads.count(_normal(alias)) > 1 for alias in aliases)]


def _what_is_missing(path: Path, grids: Sequence[_Grid], columns: Columns) -> str:
    """The sentence for a file without the columns; it speaks of the row that comes closest to a header."""
    if columns.positions:
        looks = ", ".join(
            f"{columns.required[name][0]} in column {columns.positions[name] + 1}" for name in columns.keys
        )
        return f"no row of {path} looks like one of its labels ({looks}): give the label file as its authors ship it."
    lines = [(grid.sheet, _places(row, columns)) for grid in grids for row in grid.rows[:_HEADER_ROWS]]
    sheet, places = max(lines, key=lambda line: sum(name in line[1] for name in columns.required))
    missing = [names[0] for name, names in columns.required.items() if name not in places]
    where = f"sheet {sheet!r} of {path}" if sheet else str(path)
    return (
        f"{where} lacks the column {', '.join(missing)} in its first {_HEADER_ROWS} rows: give the label "
        "file as its authors ship it."
    )


def _read_grids(path: Path) -> list[_Grid]:
    """The sheets of a file, in order."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} has {path.stat().st_size / 1e9:.1f} GB, more than any label file: give that one.")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the label file {path} cannot be read ({error.strerror}).") from error
    try:
        if data.startswith(_ZIP):
            return _xlsx(data)
        if data.startswith(_OLE):
            return _xls(data)
        if path.suffix.casefold() == ".csv":
            return [_Grid("", _Room().texts(_csv(data)))]
    except csv.Error as error:
        raise UsageError(f"{path} is no sound CSV file: {error}. Mend it, or save it again as .xlsx.") from error
    # The two workbook libraries raise whatever a damaged part makes them stumble over.
    except Exception as error:
        raise UsageError(
            f"{path} is damaged or protected and cannot be read ({type(error).__name__}: {error}): "
            "save it again as .xlsx, without a password, or fetch it again."
        ) from error
    raise UsageError(f"{path} is not an Excel workbook, whatever its name says: give a .xlsx, .xls or .csv file.")


class _Room:
    """For the cells of one file: a cell far out stands for all those before it, and a row for a cell."""

    def __init__(self) -> None:
        self._left = _MOST_CELLS

    def texts(self, rows: Iterable[Sequence[Any]]) -> list[list[str]]:
        """The rows of a sheet as text; raises ValueError where there is no room."""
        texts: list[list[str]] = []
        for row in rows:
            self._left -= len(row) + 1
            if self._left < 0 or len(texts) == _MOST_ROWS:
                raise ValueError("it has more cells than any label file")
            texts.append([_text(value) for value in row])
        return texts


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _xlsx(data: bytes) -> list[_Grid]:
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(data)) as archive:  # no part gives more than it claims
        if sum(part.file_size for part in archive.infolist()) > _MOST_BYTES:
            raise ValueError("it unpacks to more than any label file has")
    with warnings.catch_warnings():  # about styles and extensions that openpyxl leaves out
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        grids, room = [], _Room()
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some writers state a range of one cell
            rows = room.texts(sheet.iter_rows(values_only=True))
            grids.append(_Grid(sheet.title, rows, sheet.sheet_state != "visible"))
        return grids


def _xls(data: bytes) -> list[_Grid]:
    import xlrd

    # Ragged, lest xlrd fill all rows to the length of the longest; one sheet at a time, and dropped once it is read.
    book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True, ragged_rows=True)
    grids, room = [], _Room()
    for place in range(book.nsheets):
        sheet = book.sheet_by_index(place)
        rows = room.texts(map(sheet.row_values, range(sheet.nrows)))
        grids.append(_Grid(sheet.name, rows, bool(sheet.visibility)))
        book.unload_sheet(place)
    return grids


def _csv(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # never fails; the columns read are ASCII
    first = next((line for line in text.splitlines() if line.strip()), "")
    # A quotation mark that is never closed swallows all rows behind it, and with them the line that is added here.
    lines = io.StringIO(f"{text}\n{_END}", newline="")
    *rows, last = csv.reader(lines, delimiter=max(",;\t", key=first.count))
    if last != [_END]:
        raise csv.Error(f"a quotation mark is opened and never closed, in row {len(rows) + 1} or before")
    return rows
