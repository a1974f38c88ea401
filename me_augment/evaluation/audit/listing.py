"""What an audit of folds looks at, in whichever format they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Known:
    """What is known of a clip.

    Attributes:
        source: who says so: a table, a manifest, a file's name, or the fold that tests it.
        clip_id: of the manifest; None where only a name is known.
        is_synthetic: made, not filmed.
        subject: the name of the fold that tests it, as far as known.
        persons: whose face is seen and whose motion; by person id, and by what else they are called.
        trainers: who trained the generator or gave motion to action units.
        looked_at: who was looked at when limits were chosen.
        contributors: all of these, and whoever else is forbidden.
        recordings: ids of the recordings that the clip, or a parent of it, is cut from.
    """

    source: str
    clip_id: str | None
    is_synthetic: bool
    subject: str | None
    persons: frozenset[str]
    trainers: frozenset[str] = frozenset()
    looked_at: frozenset[str] = frozenset()
    contributors: frozenset[str] = frozenset()
    recordings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """One clip in one part of a fold, as a reader of folds gives it.

    Attributes:
        fold, part: `train`, `test` or `validation` of which fold.
        where: file, and line or member, for people.
        name: of the clip.
        file: that holds it, if it has one of its own.
        held_out: persons whom the folder itself says the fold holds out.
    """

    fold: str
    part: str
    where: str
    name: str
    file: Path | None
    held_out: frozenset[str] = frozenset()


@dataclass
class Item:
    """A clip of the folds: one name and one content.

    Attributes:
        name: of its file.
        file: one file that holds it; None where there is none of its own.
        content: number of its bytes, the same for items with the same bytes.
        known: what is known of it; None for nothing.
    """

    name: str
    file: Path | None
    content: int
    known: Known | None = None


@dataclass
class Listing:
    """One fold as it was found.

    Attributes:
        name: of the fold.
        train, test, validation: (where it stands, index of the item).
        held_out: persons whom the folder itself says it holds out; those seen in the test clips are, too.
    """

    name: str
    train: list[tuple[str, int]] = field(default_factory=list)
    test: list[tuple[str, int]] = field(default_factory=list)
    validation: list[tuple[str, int]] = field(default_factory=list)
    held_out: frozenset[str] = frozenset()

    @property
    def protocol(self) -> str:
        """What its folds belong to, each of which tests a clip once: the folder of the folds."""
        return self.name.rpartition("/")[0]

    @property
    def called(self) -> str:
        """Its name without that folder, as a record has it: some folds stand twice, for loaders of two kinds."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True)
class Listed:
    """All folds of a folder.

    Attributes:
        items: every clip once, however many folds list it.
        folds: by name.
        pictures: the items are small pictures, which may be compared by what they show.
    """

    items: Sequence[Item]
    folds: Sequence[Listing]
    pictures: bool


class Items:
    """Collects items, each once.

    Attributes:
        listed: the items, in the order in which they were first met.
    """

    def __init__(self) -> None:
        self.listed: list[Item] = []
        self._index: dict[tuple[str, int], int] = {}

    def add(self, name: str, file: Path | None, content: int) -> int:
        """Index of the item of a name and content."""
        key = (name, content)
        if key not in self._index:
            self._index[key] = len(self.listed)
            self.listed.append(Item(name, file, content))
        return self._index[key]
