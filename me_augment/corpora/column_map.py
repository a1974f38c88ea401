"""What a user's YAML file says about a label table of their own: its columns, numbering and words."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from me_augment.corpora.cells import frame_rate
from me_augment.corpora.sheets import Columns
from me_augment.errors import UsageError
from me_augment.manifest.labels import MEGC3
from me_augment.manifest.rows import EXPRESSIONS
from me_augment.yaml_file import YamlError, read_yaml

FIELDS = (
    "subject", "recording", "clip", "onset", "apex", "offset", "emotion", "au", "expression", "fps", "licence",
)  # fmt: skip
"""What a column may be; those that a pattern of recordings names come on top."""
NUMBERINGS: dict[str, int | None] = {"names": None, "ranks from 0": 0, "ranks from 1": 1}
"""What the table's frame numbers are → number of a recording's first frame; None where file names carry it."""

_NEEDED = ("subject", "onset", "offset")
_KEYS = (
    "columns",
    "recording",
    "numbering",
    "missing",
    "expression",
    "expressions",
    "classes",
    "fps",
    "people",
    "subjects",
)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FILLED = re.compile(r"(?s)(?!\*$).+")  # `*` is everybody of a corpus
_PEOPLE = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """A column map, sound.

    Attributes:
        columns: how the table is read; its fields are those of `FIELDS` that it has, and those of `recording`. Rows
            whose subject is empty, or does not look like `subjects` in the file, are no data.
        recording: path of a recording below ROOT, with fields in braces.
        first: see `NUMBERINGS`.
        missing: cells that say nothing.
        expression: `micro`, `macro` or `neutral`, of rows that do not say.
        expressions: word, lower case → the same.
        classes: emotion word, lower case → MEGC 3-class, None for words left out; None where the map has no such table.
        fps: rate (numerator, denominator) of rows that state none.
        people: first part of every person id.
    """

    columns: Columns
    recording: str
    first: int | None
    missing: tuple[str, ...]
    expression: str
    expressions: Mapping[str, str]
    classes: Mapping[str, str | None] | None
    fps: tuple[int, int] | None
    people: str

    def recording_of(self, cells: Mapping[str, str]) -> str:
        """The path of a row's recording."""
        return _PLACEHOLDER.sub(lambda match: cells[match[1]].strip(), self.recording)


def read_column_map(file: Path) -> ColumnMap:
    """Read and check a column map.

    Raises:
        UsageError: it is no YAML, or a key is unknown, missing or wrong; the sentence names it.
    """
    try:
        found = read_yaml(file)
    except (OSError, YamlError) as error:
        raise UsageError(f"{file} cannot be read as YAML: {getattr(error, 'strerror', None) or error}.") from error
    try:
        return _column_map(found)
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error


def _column_map(found: Any) -> ColumnMap:
    values = _mapping("the file", found)
    if unknown := [key for key in values if key not in _KEYS]:
        raise ValueError(f"{unknown[0]!r} is no key: there are {', '.join(_KEYS)}.")
    recording = _text("recording", values.get("recording", "{recording}"))
    parts = _PLACEHOLDER.findall(recording)
    if not parts:
        raise ValueError(f"recording is {recording!r}; name columns in braces, such as '{{subject}}/{{clip}}'.")
    subjects = _pattern("subjects", values["subjects"]) if "subjects" in values else _FILLED
    columns = _columns(_mapping("columns", values.get("columns")), parts, subjects)
    fps = None
    if "fps" in values and (fps := frame_rate(_text("fps", values["fps"]))) is None:
        raise ValueError(f"fps is {_shown(values['fps'])}; give frames per second, such as 200 or 30000/1001.")
    people = _text("people", values.get("people", "generic"))
    if not _PEOPLE.fullmatch(people):
        raise ValueError(f"people is {people!r}; write small letters, digits and hyphens, such as my-lab.")
    classes = values.get("classes")
    return ColumnMap(
        columns=columns,
        recording=recording,
        first=NUMBERINGS[_one_of("numbering", values.get("numbering", "names"), tuple(NUMBERINGS))],
        missing=_texts("missing", values.get("missing", [])),
        expression=_one_of("expression", values.get("expression", "micro"), EXPRESSIONS),
        expressions={
            word: _one_of(f"expressions.{word}", value, EXPRESSIONS)
            for word, value in _words("expressions", values.get("expressions", {})).items()
        },
        classes=None if classes is None else {
            word: None if value is None else _one_of(f"classes.{word}", value, MEGC3.classes)
            for word, value in _words("classes", classes).items()
        },
        fps=fps,
        people=people,
    )  # fmt: skip


def _columns(given: Mapping[str, Any], parts: list[str], subjects: re.Pattern[str]) -> Columns:
    for name in dict.fromkeys((*_NEEDED, *parts)):
        if name not in given:
            raise ValueError(f"columns.{name} is missing: say which column of the table it is.")
    if unknown := [name for name in given if name not in (*FIELDS, *parts)]:
        raise ValueError(f"columns.{unknown[0]} is no field: there are {', '.join(dict.fromkeys((*FIELDS, *parts)))}.")
    keys = {**dict.fromkeys(parts, _FILLED), "subject": subjects}
    for name, place in given.items():
        position = isinstance(place, int) and not isinstance(place, bool) and place >= 1
        if not position and not (isinstance(place, str) and place.strip()):
            raise ValueError(
                f"columns.{name} is {_shown(place)}; give the header of a column (in quotes, where YAML takes it for "
                "something else), or its position from 1."
            )
    positions = {name: place - 1 for name, place in given.items() if isinstance(place, int)}
    if not positions:
        return Columns(required={name: (header,) for name, header in given.items()}, keys=keys)
    if len(positions) < len(given):
        name = next(name for name in given if name not in positions)
        raise ValueError(f"columns.{name} is the header {given[name]!r}, where others are positions; give all one way.")
    return Columns(required={name: (name,) for name in given}, keys=keys, positions=positions)


def _mapping(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{key} is {_shown(value)}; it must be a mapping from names to values.")
    return value


def _words(key: str, value: Any) -> dict[str, Any]:
    """A table of words, in lower case; a word that looks like a number is one all the same."""
    if not isinstance(value, dict):
        raise ValueError(f"{key} is {_shown(value)}; it must be a mapping from words to values.")
    return {_text(key, word).strip().casefold(): entry for word, entry in value.items()}


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{key} is {_shown(value)}; it must be a text, in quotes if need be.")
    return str(value)


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{key} is {_shown(value)}; it must be a list, such as ['-', NA].")
    return tuple(_text(key, entry) for entry in value)


def _pattern(key: str, value: Any) -> re.Pattern[str]:
    try:
        return re.compile(f"(?!\\*$)(?:{_text(key, value)})")
    except re.error as error:
        raise ValueError(f"{key} is {_shown(value)}; it is no regular expression ({error}).") from error


def _one_of(key: str, value: Any, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{key} is {_shown(value)}; it must be one of {', '.join(known)}.")
    return value


def _shown(value: Any) -> str:
    """A value as messages show it: not the whole of a file."""
    return "missing" if value is None else reprlib.repr(value)
