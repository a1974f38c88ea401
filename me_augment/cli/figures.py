"""Tables of figures, a line for each row; in parts below each other where the terminal is too narrow for all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest

from me_augment.cli.saying import say
from me_augment.words import plain

_BETWEEN = "  "


def say_figures(rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns but the first are flush right.

    On a terminal (or with COLUMNS) each part has the first column and as many others as fit; elsewhere there is one.

    Args:
        rows: cells, titles first. A row of one cell is a title of the rows below it.
    """
    # A title of rows goes over all columns.
    columns = [[plain(cell) for cell in column] for column in zip_longest(*rows, fillvalue="")]
    widths = [max(len(cell) for cell, row in zip(column, rows, strict=True) if len(row) > 1) for column in columns]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else sys.maxsize
    for number, part in enumerate(_parts(widths, room)):
        if number:
            say()
        for row in zip(*columns, strict=True):
            cells = [row[0].ljust(widths[0]), *(row[place].rjust(widths[place]) for place in part)]
            say(_BETWEEN.join(cells).rstrip())


def _parts(widths: Sequence[int], room: int) -> list[list[int]]:
    """The columns after the first, shared out over tables of at most `room` characters, at least one in each."""
    parts: list[list[int]] = []
    free = 0
    for place, width in enumerate(widths[1:], 1):
        if not parts or width + len(_BETWEEN) > free:
            parts.append([])
            free = room - widths[0]
        parts[-1].append(place)
        free -= width + len(_BETWEEN)
    return parts
