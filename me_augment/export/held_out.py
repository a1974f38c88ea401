"""Who is held out together: the folds of an export, and which clips train and test each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.manifest import Clip
from me_augment.manifest.columns import arrow_schema
from me_augment.manifest.folds import held_out_mask, training_mask

_COLUMNS = (
    "person_id",
    "driver_person_id",
    "target_person_id",
    "is_synthetic",
    "forbidden_subjects",
    "generator_training_subjects",
)


@dataclass(frozen=True)
class Fold:
    """One fold.

    Attributes:
        persons: who is held out.
        train, test: indices into the clips, ascending.
        train_synthetic: how many of `train` are synthetic.
    """

    persons: tuple[str, ...]
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    train_synthetic: int

    def counts(self, *, one_person: bool) -> dict[str, object]:
        """For the record."""
        who: dict[str, object] = {"person_id": self.persons[0]} if one_person else {"persons": list(self.persons)}
        real = len(self.train) - self.train_synthetic
        return {**who, "train_real": real, "train_synthetic": self.train_synthetic, "test": len(self.test)}


def parsed_folds(folds: str | int) -> str | int:
    """`loso`, `none` or a number of folds.

    Raises:
        UsageError: it is none of them.
    """
    if folds in ("loso", "none"):
        return folds
    if str(folds).isdecimal() and int(folds) >= 2:
        return int(folds)
    raise UsageError(f"--folds is {str(folds)!r}: give loso, none, or a number of groups of at least 2.")


def folds_of(clips: Sequence[Clip], names: Mapping[str, str], folds: str | int) -> dict[str, Fold]:
    """Fold name → who trains and tests it.

    A real clip tests the fold of its person and trains all others; a synthetic one trains the folds of whose persons
    none contributed to it, and tests none.

    Args:
        clips: real and synthetic.
        names: person id → name, of everybody with a real clip.
        folds: see `parsed_folds`.

    Raises:
        UsageError: more groups than persons.
    """
    table = pa.table(
        [pa.array([getattr(clip, name) for clip in clips], arrow_schema(Clip).field(name).type) for name in _COLUMNS],
        list(_COLUMNS),
    )
    synthetic = table.column("is_synthetic").to_numpy()
    held = {}
    for name, persons in _groups(clips, names, folds).items():
        train, test = np.ones(len(clips), bool), np.zeros(len(clips), bool)
        for person in persons:
            train &= training_mask(table, person).to_numpy(zero_copy_only=False)
            test |= held_out_mask(table, person).to_numpy(zero_copy_only=False)
        held[name] = Fold(persons, np.flatnonzero(train), np.flatnonzero(test), int((train & synthetic).sum()))
    return held


def _groups(clips: Iterable[Clip], names: Mapping[str, str], folds: str | int) -> dict[str, tuple[str, ...]]:
    """Fold name → persons. Groups are filled largest person first, so that they hold about equally many clips."""
    count = Counter(clip.person_id for clip in clips if not clip.is_synthetic)
    if folds == "none":
        return {}
    if folds == "loso":
        return {name: (person,) for name, person in sorted((names[person], person) for person in count)}
    groups = int(folds)
    if groups > len(count):
        raise UsageError(f"--folds is {groups}, and there are {len(count)} persons to hold out: give a smaller number.")
    members: list[list[str]] = [[] for _ in range(groups)]
    filled = [0] * groups
    for person in sorted(count, key=lambda person: (-count[person], person)):
        place = filled.index(min(filled))
        members[place].append(person)
        filled[place] += count[person]
    width = len(str(groups))
    return {f"fold{place:0{width}d}": tuple(sorted(persons)) for place, persons in enumerate(members, 1)}
