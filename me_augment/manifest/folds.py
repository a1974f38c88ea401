"""Leave-one-subject-out folds and the one rule that keeps a held-out person out of training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from me_augment.errors import UsageError
from me_augment.manifest.rows import Clip


def covers(subjects: Iterable[str], person_id: str) -> bool:
    """Whether a list of contributors holds a person: by person id, or as `corpus:*`, everybody of that corpus."""
    return not {person_id, f"{person_id.partition(':')[0]}:*"}.isdisjoint(subjects)


def may_train(clip: Clip, held_out: str) -> bool:
    """Whether the fold that holds out the person `held_out` may train on the clip.

    `forbidden_subjects` names everyone who contributed to the clip: the person seen, driver, target, their
    ancestors, and whoever trained the generator or chose a threshold; `casme2:*` is everybody of a corpus, of whom it
    is not known that they did not. Those whom the row names elsewhere count even where that list, written by hand
    perhaps, forgets them.
    """
    contributors = {
        *clip.forbidden_subjects,
        clip.person_id,
        *(person for person in (clip.driver_person_id, clip.target_person_id) if person is not None),
        *clip.generator_training_subjects,
    }
    return not covers(contributors, held_out)


def may_test(clip: Clip, held_out: str) -> bool:
    """Whether the clip belongs to the test set of the fold: a real clip of the person held out."""
    return not clip.is_synthetic and clip.person_id == held_out


def persons(clips: Iterable[Clip]) -> list[str]:
    """Every person with a real clip that holds an expression, sorted: one fold each."""
    return sorted({c.person_id for c in clips if not c.is_synthetic and c.expression != "neutral"})


def resolve_person(clips: Sequence[Clip], name: str) -> str:
    """Person id for a name that a user typed: a person id, or a subject that only one corpus has.

    Raises:
        UsageError: nobody, or several people of different corpora, are called so.
    """
    # Faces that are only targets are nobody's fold.
    real = [clip for clip in clips if not clip.is_synthetic and clip.expression != "neutral"]
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
