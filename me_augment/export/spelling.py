"""Under which subject and name each clip stands in a corpus-shaped tree, so that no synthetic one passes for real."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from me_augment.errors import UsageError
from me_augment.export.shapes import TreeShape
from me_augment.export.steps import Named
from me_augment.flow.choose import Skipped
from me_augment.manifest import Clip

FOREIGN, SYNTHETIC, SYNTHETIC_FOREIGN = 101, 501, 601
"""First subject number of people of other corpora, of synthetic clips of the corpus' people, and of those of others."""


@dataclass(frozen=True)
class Place:
    """Where a clip stands: number of its subject, its own name and folder, its emotion as the corpus writes it."""

    number: int
    clip: str
    emotion: str
    folder: str


def is_own(clip: Clip, shape: TreeShape) -> bool:
    """Whether it is a real clip of the corpus whose shape is written."""
    return not clip.is_synthetic and clip.corpus in shape.corpora


def subject_numbers(clips: Sequence[Clip], shape: TreeShape) -> dict[tuple[str, bool], int]:
    """(Person, whether synthetic) → number of the subject.

    People of the corpus keep theirs, which are below 101. A synthetic clip of person n stands under 500 + n, people of
    other corpora from 101, and synthetic clips of those from 601.

    Raises:
        UsageError: a subject of the corpus has a number that is taken by these, or there are too many people.
    """
    numbers: dict[tuple[str, bool], int] = {}
    for clip in clips:
        if is_own(clip, shape):
            digits = "".join(char for char in clip.subject if char.isdecimal())
            if not digits or not 0 < int(digits) < FOREIGN:
                raise UsageError(
                    f"{clip.name}: {clip.subject!r} is no subject of {shape.title} (1 to {FOREIGN - 1}): choose "
                    "another --shape."
                )
            numbers[clip.person_id, False] = int(digits)
    own = {person: number for (person, _), number in numbers.items()}
    if len(set(own.values())) < len(own):
        raise UsageError(f"two people of {shape.title} have the same subject number: merge no two copies of a corpus.")
    foreign = {clip.person_id for clip in clips if not clip.is_synthetic} - own.keys()
    made = {clip.person_id for clip in clips if clip.is_synthetic}
    numbers |= {(person, False): FOREIGN + place for place, person in enumerate(sorted(foreign))}
    numbers |= {(person, True): SYNTHETIC - 1 + own[person] for person in made & own.keys()}
    others = sorted(made - own.keys())
    numbers |= {(person, True): SYNTHETIC_FOREIGN + place for place, person in enumerate(others)}
    if FOREIGN + len(foreign) > SYNTHETIC or SYNTHETIC_FOREIGN + len(others) > shape.most + 1:
        raise UsageError(
            f"names of {shape.title} hold {SYNTHETIC - FOREIGN} people of other corpora and synthetic clips of "
            f"{shape.most + 1 - SYNTHETIC_FOREIGN}; here are {len(foreign)} and {len(others)}: choose another --shape."
        )
    return numbers


def spell(
    clips: Sequence[Named], shape: TreeShape, tree: str, numbers: Mapping[tuple[str, bool], int]
) -> tuple[dict[str, Place], list[Skipped]]:
    """Clip id → place, and the clips for which the corpus has no word or no name.

    Real clips of the corpus keep their names; others are counted through by subject, in the order of their ids.
    """
    takes: dict[int, int] = defaultdict(int)
    places, skipped = {}, []
    for one in sorted(clips, key=lambda one: one.clip.clip_id):
        clip, number = one.clip, numbers[one.clip.person_id, one.clip.is_synthetic]
        own = is_own(clip, shape)
        word = clip.emotion or "" if shape.sheet else one.source.label
        emotion = word if own else shape.emotion(word)
        name: str | None
        if own:
            name = clip.name.rpartition("/")[2].partition("#")[0]
            name = name if shape.clip_names.fullmatch(name) else None
        else:
            name = shape.clip(number, takes[number], emotion or "") if emotion else ""
            takes[number] += bool(emotion)
        if not emotion or name is None:
            reason = (
                f"{shape.title} has no word for the emotion {clip.emotion!r}"
                if not emotion
                else f"{clip.name!r} is no name of a clip of {shape.title}"
                if own
                else f"{shape.title} has no more names for synthetic clips of {clip.person_id}"
            )
            skipped.append(Skipped(clip.clip_id, clip.name, reason))
            continue
        folder = shape.folder(tree, clip.corpus, number, emotion, name)
        places[clip.clip_id] = Place(number, name, emotion, folder)
    return places, skipped
