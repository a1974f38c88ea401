"""Who is whom: a user's list of people who appear under several ids, put into effect wherever a row names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.errors import UsageError
from me_augment.manifest.folds import covers
from me_augment.manifest.lists import read_lines
from me_augment.manifest.merge import SAME_EVENTS
from me_augment.manifest.rows import Clip, Recording
from me_augment.manifest.store import Manifest

_HEADER = ["person", "same_as"]


@dataclass(frozen=True)
class Persons:
    """Person ids that stand for somebody who has another one.

    Attributes:
        same_as: id → the id that stays; none of these is a key.
        file: where that was read, for messages.
    """

    same_as: Mapping[str, str]
    file: Path

    @classmethod
    def read(cls, file: Path) -> Persons:
        """Read a CSV file with two columns, person and same_as, with or without that header.

        Raises:
            UsageError: the file cannot be read, a line is not two person ids, somebody is two others, or the lines
                lead round in a circle.
        """
        named: dict[str, str] = {}
        for number, cells in enumerate(read_lines(file, "the person map"), 1):
            if not any(cells) or [cell.casefold() for cell in cells] == _HEADER:
                continue
            where = f"{file}, line {number}"
            if len(cells) != 2 or not all(_is_person(cell) for cell in cells):
                raise UsageError(
                    f"{where}: {','.join(cells)!r} is not two person ids: write person,same_as, such as "
                    "samm:006,casme2:sub01."
                )
            person, same_as = cells
            if named.get(person, same_as) != same_as:
                raise UsageError(f"{where}: {person} is {same_as}, and {named[person]} in an earlier line: keep one.")
            named[person] = same_as
        return cls({person: _last(person, named, file) for person in named}, file)

    def unknown(self, manifest: Manifest) -> list[str]:
        """A sentence for each id that the manifest does not have, perhaps a slip of the pen."""
        there = {row.person_id for rows in (manifest.recordings, manifest.clips) for row in rows}
        ids = sorted({*self.same_as, *self.same_as.values()} - there)
        return [f"{self.file} names {person}, who is not in the manifest." for person in ids]

    def applied(self, manifest: Manifest) -> Manifest:
        """The manifest with everybody under one id; ids of clips and recordings stay."""
        return replace(
            manifest,
            recordings=tuple(self._recording(row) for row in manifest.recordings),
            clips=tuple(self._clip(row) for row in manifest.clips),
        )

    def _recording(self, row: Recording) -> Recording:
        return replace(row, person_id=self._one(row.person_id))

    def _clip(self, row: Clip) -> Clip:
        return replace(
            row,
            person_id=self._one(row.person_id),
            driver_person_id=row.driver_person_id and self._one(row.driver_person_id),
            target_person_id=row.target_person_id and self._one(row.target_person_id),
            forbidden_subjects=self._all(row.forbidden_subjects),
            generator_training_subjects=self._all(row.generator_training_subjects),
        )

    def _one(self, person: str) -> str:
        return self.same_as.get(person, person)

    def _all(self, persons: Iterable[str]) -> tuple[str, ...]:
        """Their ids; whoever left a corpus that is named as a whole (`samm:*`) is named beside it."""
        kept: dict[str, None] = {}
        for person in persons:
            kept[self._one(person)] = None
            if person.endswith(":*"):
                left = (new for old, new in self.same_as.items() if covers([person], old))
                kept.update(dict.fromkeys(new for new in left if not covers([person], new)))
        return tuple(kept)


def about_people(clips: Iterable[Clip]) -> list[str]:
    """A sentence for each subject of a corpus who has several person ids, so that folds would leak.

    It happens where a person map was applied to one manifest and not to another that is merged with it.
    """
    # Two corpora of users' own may count their subjects alike.
    ids: dict[tuple[str, str], dict[str, None]] = {}
    for clip in clips:
        if clip.is_synthetic or clip.corpus == "generic":
            continue
        corpus = next((group[0] for group in SAME_EVENTS if clip.corpus in group), clip.corpus)
        ids.setdefault((corpus, clip.subject), {})[clip.person_id] = None
    return [
        f"{subject} of {corpus} is {' and '.join(found)}, whom no fold keeps together: give the person map again."
        for (corpus, subject), found in ids.items()
        if len(found) > 1
    ]


def _is_person(text: str) -> bool:
    corpus, _, subject = text.partition(":")
    return bool(corpus and subject and subject != "*")


def _last(person: str, named: Mapping[str, str], file: Path) -> str:
    way = [person]
    while (person := named.get(person, person)) not in way:
        way.append(person)
    if person != way[-1] or len(way) == 1:
        raise UsageError(
            f"{file}: {' is '.join([*way[way.index(person) :], person])}, a circle: leave one of these lines out."
        )
    return person
