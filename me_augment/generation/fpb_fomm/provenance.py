"""Who and what a model was trained on: without that nobody could say which folds may use its clips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from me_augment.errors import UsageError
from me_augment.manifest.folds import is_person

# What the published weights were trained on by their authors' README; SAMM's persons are SAMM Long Videos' too.
PUBLISHED_CORPORA = ("casme2", "samm", "smic")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a model learned from.

    Attributes:
        training_subjects: person ids (`casme2:sub01`), or `casme2:*` for everybody of a corpus, sorted; those of the
            checkpoint that the training began with included.
        corpora: names of the corpora.
        data: fingerprint of the manifest.
        code: version of me-augment.
        fold: person id of whoever was held out; None for a model of no fold.
        steps: of training.
        note: anything else, for people.
    """

    training_subjects: tuple[str, ...]
    corpora: tuple[str, ...] = ()
    data: str | None = None
    code: str | None = None
    fold: str | None = None
    steps: int | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for person in (*self.training_subjects, *([] if self.fold is None else [self.fold])):
            if not is_person(person):
                raise UsageError(
                    f"{person!r} is no person id: write corpus and subject, such as casme2:sub01, or casme2:* for "
                    "everybody of a corpus."
                )
        if self.fold is not None and self.fold.endswith(":*"):
            raise UsageError(f"a fold holds out one person, not {self.fold}.")


def of_reference(saw: Iterable[str] | None) -> Provenance:
    """What a checkpoint of the reference implementation, which does not say, is taken to have learned from.

    Args:
        saw: person ids, where the user knows them; None assumes the three corpora of the published weights, whole.
    """
    if saw is None:
        return Provenance(
            training_subjects=tuple(f"{corpus}:*" for corpus in PUBLISHED_CORPORA),
            corpora=PUBLISHED_CORPORA,
            note="a reference checkpoint does not say who trained it: assumed are all of CASME II, SAMM and SMIC",
        )
    persons = Provenance(training_subjects=tuple(sorted(set(saw))))  # checks the ids before they are taken apart
    return Provenance(
        training_subjects=persons.training_subjects,
        corpora=tuple(sorted({person.partition(":")[0] for person in persons.training_subjects})),
        note="a reference checkpoint does not say who trained it: the subjects are the user's word",
    )


def from_record(record: Mapping[str, Any]) -> Provenance:
    """From what `dataclasses.asdict` made and JSON carried; ValueError if that is not what it is."""
    if set(record) != {field.name for field in fields(Provenance)}:
        raise ValueError("the provenance has other fields")
    lists = {name: record[name] for name in ("training_subjects", "corpora")}
    if any(not isinstance(value, list) or not all(isinstance(v, str) for v in value) for value in lists.values()):
        raise ValueError("the provenance names no lists of subjects and corpora")
    if any(not isinstance(record[name], str | None) for name in ("data", "code", "fold", "note")):
        raise ValueError("the provenance has a value of another type")
    if not isinstance(record["steps"], int | None):
        raise ValueError("the steps of training are no number")
    return Provenance(**{**record, **{name: tuple(value) for name, value in lists.items()}})
