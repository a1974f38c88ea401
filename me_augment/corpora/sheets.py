"""Label tables as authors ship them (xlsx, xls, csv): every cell as text, columns by name, rows numbered."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from me_augment.errors import UsageError

SHEET_SUFFIXES = (".xlsx", ".xls", ".csv")
_HEADER_ROWS = 30  # titles, notes and citations stand above the header in some corpora, up to 13 rows
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_Grid = list[list[str]]


@dataclass(frozen=True)
class Columns:
    """The columns of a table, by field.

    Attributes:
        required: field → header names it goes by (any case and spacing); the first is used in messages.
        optional: the same for columns that only some copies have.
        keys: field → what its cell looks like in a data row; other rows are titles, notes or sums.
    """

    required: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, re.Pattern[str]]
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelRow:
    """One data row: `cells` by field, verbatim, "" where empty; `number` is the row as programs show it."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class LabelTable:
    """The data rows of one sheet.

    `fields` are the columns it has; `misfits` says of filled rows *between* data rows why they are no data.
    """

    path: Path
    sheet: str
    fields: tuple[str, ...]
    rows: tuple[LabelRow, ...]
    misfits: tuple[str, ...]

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
    if not any(any(row) for grid in grids.values() for row in grid):
        raise UsageError(f"{path} is empty: give the label file as its authors ship it.")
    for sheet, grid in grids.items():
        for index, row in enumerate(grid[:_HEADER_ROWS]):
            places = _places(row, columns)
            if all(name in places for name in columns.required):
                return _table(path, sheet, grid, index + 1, places, columns)
    raise UsageError(_what_is_missing(path, grids, columns))


def _table(path: Path, sheet: str, grid: _Grid, start: int, places: Mapping[str, int], columns: Columns) -> LabelTable:
    rows: list[LabelRow] = []
    misfits: list[str] = []
    waiting: list[str] = []  # rows that are no data: text below the table unless more data follows
    for number, row in enumerate(grid[start:], start + 1):
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        bad = [
            f"{columns.required[name][0]} {cells[name]!r}"
            for name, shape in columns.keys.items()
            if not shape.fullmatch(cells[name].strip())
        ]
        if not bad:
            misfits += waiting
            waiting = []
            rows.append(LabelRow(number, cells))
        elif any(cells.values()):
            waiting.append(f"row {number} is no data row ({', '.join(bad)})")
    table = LabelTable(path, sheet, tuple(places), tuple(rows), tuple(misfits))
    if not rows:
        hint = f": {waiting[0]}" if waiting else ""
        raise UsageError(f"{path}, sheet {sheet!r} has a header but no data rows{hint}.")
    return table


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


def _what_is_missing(path: Path, grids: Mapping[str, _Grid], columns: Columns) -> str:
    """The sentence for a file without the columns; it speaks of the row that comes closest to a header."""
    lines = [(sheet, _places(row, columns)) for sheet, grid in grids.items() for row in grid[:_HEADER_ROWS]]
    sheet, places = max(lines, key=lambda line: sum(name in line[1] for name in columns.required))
    missing = [names[0] for name, names in columns.required.items() if name not in places]
    where = f"sheet {sheet!r} of {path}" if sheet else str(path)
    return (
        f"{where} lacks the column {', '.join(missing)} in its first {_HEADER_ROWS} rows: give the label "
        "file as its authors ship it."
    )


def _read_grids(path: Path) -> dict[str, _Grid]:
    """Sheet name → rows of text cells; a csv is one sheet called ""."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the label file {path} cannot be read ({error.strerror}).") from error
    try:
        if data.startswith(_ZIP):
            return _xlsx(data)
        if data.startswith(_OLE):
            return _xls(data)
        if path.suffix.casefold() == ".csv":
            return {"": _text_grid(_csv(data))}
    # The two workbook libraries raise whatever a damaged part makes them stumble over.
    except Exception as error:
        raise UsageError(
            f"{path} is damaged or protected and cannot be read ({type(error).__name__}: {error}): "
            "save it again as .xlsx, without a password, or fetch it again."
        ) from error
    raise UsageError(f"{path} is not an Excel workbook, whatever its name says: give a .xlsx, .xls or .csv file.")


def _text_grid(rows: Iterable[Sequence[Any]]) -> _Grid:
    return [[_text(value) for value in row] for row in rows]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _xlsx(data: bytes) -> dict[str, _Grid]:
    import openpyxl

    with warnings.catch_warnings():  # about styles and extensions that openpyxl leaves out
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some writers state a range of one cell
        return {sheet.title: _text_grid(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _xls(data: bytes) -> dict[str, _Grid]:
    import xlrd

    book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO())
    return {sheet.name: _text_grid(map(sheet.row_values, range(sheet.nrows))) for sheet in book.sheets()}


def _csv(data: bytes) -> Iterable[Sequence[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # never fails; the columns read are ASCII
    first = next((line for line in text.splitlines() if line.strip()), "")
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
