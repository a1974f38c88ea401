"""The one rule that keeps a held-out person out of training; `splits` makes folds by it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from me_augment.errors import UsageError
from me_augment.manifest.rows import Clip
from me_augment.manifest.sequence import Rows

# Where a row names whoever contributed to its clip.
CONTRIBUTORS = ("person_id", "driver_person_id", "target_person_id")
LISTS_OF_CONTRIBUTORS = ("forbidden_subjects", "generator_training_subjects")
# Corpora of the same people, of whom somebody may write by any of these; the first begins their person ids.
SHARED_PEOPLE = (
    ("casme3", "casme3-a", "casme3-c"),
    ("samm", "samm-lv"),
    ("smic", *(f"smic-{view}" for view in ("hs", "vis", "nir", "e-hs", "e-vis", "e-nir"))),
)
_PERSON = re.compile(r"[^\s:*,]+:(\*|[^:*,\n]+)")


def covers(subjects: Iterable[str], person_id: str) -> bool:
    """Whether a list of contributors holds a person, by any of `names_of`."""
    return not set(names_of(person_id)).isdisjoint(subjects)


@lru_cache(maxsize=4096)
def names_of(person_id: str) -> tuple[str, ...]:
    """What covers a person: the id, and everybody of the corpus; by any corpus of the same people."""
    corpus, _, subject = person_id.partition(":")
    group = next((group for group in SHARED_PEOPLE if corpus in group), (corpus,))
    others = (name for other in group for name in (f"{other}:{subject}", f"{other}:*"))
    return person_id, *(name for name in others if name != person_id)


def is_person(text: str) -> bool:
    """Whether a text names a person, `corpus:subject`, or everybody of a corpus, `corpus:*`."""
    return _PERSON.fullmatch(text) is not None


def contributors_of(clip: Clip) -> frozenset[str]:
    """Everyone whom a row names as having had a part in its clip; `corpus:*` is everybody of a corpus."""
    found = {getattr(clip, name) for name in CONTRIBUTORS}
    for name in LISTS_OF_CONTRIBUTORS:
        found.update(getattr(clip, name))
    return frozenset(found - {None})


def may_train(clip: Clip, held_out: str) -> bool:
    """Whether the fold that holds out the person `held_out` may train on the clip.

    `forbidden_subjects` names everyone who contributed to the clip: the person seen, driver, target, their
    ancestors, and whoever trained the generator or chose a threshold; `casme2:*` is everybody of a corpus, of whom it
    is not known that they did not. Those whom the row names elsewhere count even where that list, written by hand
    perhaps, forgets them.
    """
    return not covers(contributors_of(clip), held_out)


def training_mask(clips: pa.Table, held_out: str | Collection[str]) -> pa.BooleanArray:
    """`may_train` for every row of a table of clips, (len,) without nulls.

    Args:
        clips: with the columns `person_id`, `driver_person_id`, `target_person_id`, `forbidden_subjects` and
            `generator_training_subjects`; others do not matter.
        held_out: a person id, or several, of whom none may have had a part.
    """
    persons = [held_out] if isinstance(held_out, str) else held_out
    names = pa.array(sorted({name for person in persons for name in names_of(person)}), pa.string())
    barred = np.zeros(len(clips), bool)
    for name in CONTRIBUTORS:
        barred |= pc.is_in(clips.column(name), names).to_numpy()
    for name in LISTS_OF_CONTRIBUTORS:
        start = 0
        for chunk in clips.column(name).chunks:
            ends = np.cumsum(pc.fill_null(pc.list_value_length(chunk), 0).to_numpy())
            found = np.flatnonzero(pc.is_in(chunk.flatten(), names).to_numpy(zero_copy_only=False))
            barred[start + np.searchsorted(ends, found, side="right")] = True
            start += len(chunk)
    return pa.array(~barred)


def held_out_mask(clips: pa.Table, held_out: str) -> pa.BooleanArray:
    """`may_test` for every row of a table of clips with `person_id` and `is_synthetic`, (len,) without nulls."""
    mask = pc.and_(pc.equal(clips.column("person_id"), held_out), pc.invert(clips.column("is_synthetic")))
    return mask.combine_chunks()


def may_test(clip: Clip, held_out: str) -> bool:
    """Whether the clip belongs to the test set of the fold: a real clip of the person held out."""
    return not clip.is_synthetic and clip.person_id == held_out


def persons(clips: Iterable[Clip]) -> list[str]:
    """Every person with a real clip that holds an expression, sorted: one fold each."""
    return sorted({clip.person_id for clip in _expressions(clips)})


def resolve_person(clips: Sequence[Clip], name: str) -> str:
    """Person id for a name that a user typed: a person id, or a subject that only one corpus has.

    Raises:
        UsageError: nobody, or several people of different corpora, are called so.
    """
    real = list(_expressions(clips))
    if any(clip.person_id == name for clip in real):
        return name
    found = sorted({clip.person_id for clip in real if clip.subject == name})
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"subject {name!r} is several people: say which of {', '.join(found)}.")
    known = persons(real)
    raise UsageError(
        f"there is no subject {name!r}: the manifest has {', '.join(known[:8])}{' …' if len(known) > 8 else ''}."
    )


def _expressions(clips: Iterable[Clip]) -> Iterable[Clip]:
    """The real clips that hold an expression: faces that are only targets are nobody's fold."""
    if isinstance(clips, Rows):
        table = clips.columns("is_synthetic", "expression")
        clips = clips.where(
            pc.and_(pc.invert(table.column("is_synthetic")), pc.not_equal(table.column("expression"), "neutral"))
        )
    return (clip for clip in clips if not clip.is_synthetic and clip.expression != "neutral")
