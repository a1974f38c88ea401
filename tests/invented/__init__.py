"""Invented corpora in the exact layouts of real ones, each beside the rows that it must give.

A module for each corpus says what lies on disk and what is expected of it; `ALL` names them. Ids have the right shape
outside the real ranges; no row, face or number is of a real corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from invented.files import Sheets, write_book
from me_augment.corpora import Ingested
from me_augment.manifest.au import format_aus
from me_augment.video import open_frames

ALL = (
    "casme", "casme2", "casme_sq", "casme3_a", "casme3_b", "casme3_c", "samm", "samm_lv", "smic", "smic_e", "mmew",
    "fourdme", "dfme", "meview", "generic",
)  # fmt: skip
"""The modules."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a clip of the manifest must be.

    Attributes:
        person: its person id.
        numbers: onset, apex, offset as the corpus numbers them.
        shows: what is painted into the frames at the three positions (the number of the file modulo 256); None where
            there is no position.
        megc3, five: its classes; the five are those of CASME II or of SAMM.
        aus: its action units as `format_aus` writes them.
        issues: the codes of its issues, in order.
    """

    person: str
    numbers: tuple[int | None, int | None, int | None]
    shows: tuple[int | None, int | None, int | None]
    emotion: str | None = None
    expression: str = "micro"
    megc3: str | None = None
    five: str | None = None
    objective: int | None = None
    aus: str = ""
    protocols: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    status: str = "ok"
    apex_estimated: bool = False


@dataclass(frozen=True, kw_only=True)
class Invented:
    """One invented corpus.

    Attributes:
        corpus: its name in the registry.
        frames: draws the recordings below a folder.
        books: path of a label table below the folder → its sheets.
        rows: name of a clip → what it must be, in the order of the manifest.
        options: what `read_corpus` needs besides; a path is one below the corpus' folder.
        leavings: path → bytes of what programs leave behind.
        recognised: whether `auto` knows it.
        fractions: whether its frame numbers may have fractions, which are rounded, halves up.
    """

    corpus: str
    frames: Callable[[Path], None]
    books: Mapping[str, Sheets] = field(default_factory=dict)
    rows: Mapping[str, Row]
    options: Mapping[str, Any] = field(default_factory=dict)
    leavings: Mapping[str, bytes] = field(default_factory=dict)
    recognised: bool = True
    fractions: bool = False

    def options_at(self, root: Path) -> dict[str, Any]:
        """The options for a corpus below `root`."""
        return {name: root / value if isinstance(value, Path) else value for name, value in self.options.items()}

    def write(self, root: Path) -> Path:
        """Write it below `root`, which is returned."""
        root.mkdir(parents=True, exist_ok=True)
        self.frames(root)
        for name, sheets in self.books.items():
            write_book(root / name, sheets)
        for name, data in self.leavings.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root


def invented() -> list[Invented]:
    """All of them; a module may have several (`CORPORA`)."""
    return [corpus for name in ALL for corpus in import_module(f"invented.{name}").CORPORA]


def rows_of(ingested: Ingested) -> dict[str, Row]:
    """The clips of a manifest in the form of `Invented.rows`; frames are read from disk."""
    manifest = ingested.manifest
    rows = {}
    for clip in manifest.clips:
        places = (clip.onset_index, clip.apex_index, clip.offset_index)
        shows: tuple[int | None, ...] = (None, None, None)
        if clip.recording_id is not None:
            source = open_frames(manifest.path_of(manifest.recording_of[clip.recording_id]))
            shows = tuple(None if place is None else int(source.read([place]).flat[0]) for place in places)
        rows[clip.name] = Row(
            person=clip.person_id,
            numbers=(clip.onset, clip.apex, clip.offset),
            shows=shows,  # type: ignore[arg-type]
            emotion=clip.emotion,
            expression=clip.expression,
            megc3=clip.label_megc3,
            five=clip.label_casme2_5 or clip.label_samm_5,
            objective=clip.objective_class,
            aus=format_aus(clip.aus),
            protocols=clip.protocols,
            issues=tuple(issue.code for issue in clip.issues),
            status=clip.status,
            apex_estimated=clip.apex_estimated,
        )
    return rows
