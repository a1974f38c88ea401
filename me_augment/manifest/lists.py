"""Small CSV files that people write by hand: read whole, or refused with a sentence."""

from __future__ import annotations

import csv
from pathlib import Path

from me_augment.errors import UsageError


def read_lines(file: Path, what: str) -> list[list[str]]:
    """The lines of a CSV file, cells without outer blanks; a line without any cell is [].

    Args:
        file: in UTF-8.
        what: it is, for the message.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = list(csv.reader(text.replace("\0", " ").splitlines()))
    except OSError as error:
        raise UsageError(f"{what} {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} {file} cannot be read: it is not UTF-8 text.") from error
    except csv.Error as error:
        raise UsageError(f"{what} {file} cannot be read as CSV: {error}.") from error
    return [[cell.strip() for cell in line] for line in lines]
