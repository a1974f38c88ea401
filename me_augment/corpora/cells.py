"""What a label cell says: frame numbers, classes and words, and an issue for each that says nothing."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction
from math import floor

from me_augment.corpora.sheets import LabelRow
from me_augment.manifest import Issue

_WHOLE = re.compile(r"-?[0-9]{1,18}(?:\.0*)?")
_FRACTION = re.compile(r"[0-9]{1,9}\.[0-9]{1,17}")
_RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}|/(?P<below>[0-9]{1,6}))?")
_FASTEST, _DENOMINATOR = 10_000, 100_000  # so that a numerator fits into its column
_INT32 = 2**31 - 1
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7}


class Cells:
    """The cells of one row, read one by one; `issues` collects what was odd."""

    def __init__(self, row: LabelRow, title: str) -> None:
        """`title` is file and sheet; `where` adds the row."""
        self.where = f"{title}, row {row.number}"
        self.issues: list[Issue] = []
        self._cells = row.cells

    def text(self, name: str) -> str:
        """The cell without outer blanks; "" where it is empty or the table has no such column."""
        return self._cells.get(name, "").strip()

    def verbatim(self, name: str) -> str | None:
        """The cell as it stands; None where the table has no such column."""
        return self._cells.get(name)

    def frame(self, name: str, missing: Collection[str] = (), *, fractions: bool = False) -> int | None:
        """A frame number; `missing` are the cells by which the corpus says that there is none.

        `fractions` are rounded, halves up; elsewhere they are no frame numbers. Where a row has several events, their
        fields are counted (`onset2`); the codes of the notes are not.
        """
        text = self.text(name)
        number = whole_number(text)
        if not text or text in missing or str(number) in missing:
            self.note(f"{name.rstrip('23')}-missing", f"{name} is {text!r}")
            return None
        if number is None and fractions and _FRACTION.fullmatch(text):
            number = whole_number(str(floor(float(text) + 0.5)))
        if number is None:
            self.note("label-unparsed", f"{name} {text!r} is no frame number")
        return number

    def word(self, name: str, known: Collection[str]) -> str | None:
        """A word; one that the corpus does not have is kept and noted."""
        text = self.text(name)
        if not text:
            self.note(f"{name}-missing", f"{name} is empty")
            return None
        if text.casefold() not in known:
            self.note(f"{name}-unknown", f"{name} {text!r} is none of {', '.join(known)}")
        return text

    def rate(self, name: str, missing: Collection[str] = ()) -> tuple[int, int] | None:
        """Frames per second (numerator, denominator) of `200`, `29.97` or `30000/1001`; None where there is none."""
        text = self.text(name)
        if not text or text in missing:
            return None
        rate = frame_rate(text)
        if rate is None:
            self.note("label-unparsed", f"{name} {text!r} is no number of frames per second")
        return rate

    def objective_class(self, name: str) -> int | None:
        """A class 1-7, also in Roman numerals; None, without note where the table has no such column."""
        text = self.text(name)
        number = _ROMAN.get(text.casefold(), whole_number(text))
        if number is not None and 1 <= number <= 7:
            return number
        if text:
            self.note("label-unparsed", f"{name} {text!r} is none of 1 to 7")
        elif self.verbatim(name) is not None:
            self.note("class-missing", f"{name} is empty")
        return None

    def note(self, code: str, detail: str) -> None:
        """Add an issue; it says which row it is about."""
        self.issues.append(Issue(code=code, detail=f"{self.where}: {detail}"))


def whole_number(text: str) -> int | None:
    """The whole number that a cell holds (`46`, `46.0`), if it is one that a table of frames can hold."""
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text.split(".")[0])
    return number if abs(number) <= _INT32 else None


def frame_rate(text: str) -> tuple[int, int] | None:
    """Numerator and denominator of `200`, `29.97` or `30000/1001` frames per second, if it is a rate of a camera."""
    match = _RATE.fullmatch(text)
    if match is None or not int(match["below"] or 1):
        return None
    rate = Fraction(text).limit_denominator(_DENOMINATOR)
    return (rate.numerator, rate.denominator) if 1 <= rate <= _FASTEST else None
