"""Writes a label sheet as .xlsx, the same bytes for the same rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

_DATE = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def write_workbook(path: Path, title: str, rows: Iterable[Sequence[object]]) -> None:
    """Write one sheet. Text stays text, whatever it begins with: no cell becomes a formula.

    Args:
        path: of the file.
        title: of the sheet.
        rows: cells are str, int or None.
    """
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)

    def cell(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            made = WriteOnlyCell(sheet, value)
        except IllegalCharacterError:
            made = WriteOnlyCell(sheet, "".join(char for char in value if char.isprintable()))
        made.data_type = "s"
        return made

    for row in rows:
        sheet.append([cell(value) for value in row])
    written = io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _DATES.sub(rb"\g<1>1980-01-01T00:00:00Z", data)
            target.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
