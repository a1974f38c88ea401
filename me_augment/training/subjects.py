"""Who is trained from, who judges, and who is kept out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from me_augment.errors import UsageError
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import may_train, resolve_person
from me_augment.manifest.ids import digest
from me_augment.synthesis.plan import Unusable, usable

# Share of the people whose clips judge the training, where nobody is named; nobody where there are fewer than three.
_VALIDATION = 0.15
_FEWEST = 3


@dataclass(frozen=True)
class Split:
    """Clips of a manifest by what training does with them.

    Attributes:
        train, validation: of different people, sorted by id.
        unusable: with reasons.
        fold: person id held out, where a fold was asked for.
    """

    train: tuple[Clip, ...]
    validation: tuple[Clip, ...]
    unusable: tuple[Unusable, ...]
    fold: str | None

    @property
    def persons(self) -> tuple[str, ...]:
        """Everyone who influences the weights: trained from, used to judge, or behind one of their clips."""
        clips = (*self.train, *self.validation)
        return tuple(sorted({person for clip in clips for person in (clip.person_id, *clip.forbidden_subjects)}))

    @property
    def corpora(self) -> tuple[str, ...]:
        """Corpora that these clips are from."""
        return tuple(sorted({clip.corpus for clip in (*self.train, *self.validation)}))

    @property
    def fingerprint(self) -> str:
        """Hash of everything that is trained from or judged by, and of which is which."""
        return digest(
            *(
                [[clip.clip_id, clip.content_sha256, clip.landmarks] for clip in part]
                for part in (self.train, self.validation)
            )
        )

    def counts(self) -> dict[str, int]:
        """Person → clips."""
        return dict(sorted(Counter(clip.person_id for clip in (*self.train, *self.validation)).items()))


def split(
    manifest: Manifest, *, exclude: Sequence[str] = (), fold: str | None = None, validation: Sequence[str] | None = None
) -> Split:
    """Choose the real clips that can drive; synthetic ones are never trained from.

    Args:
        manifest: a corpus or a run.
        exclude: people to leave out, by person id or unambiguous subject.
        fold: one more such person, remembered as the fold's.
        validation: people who judge; None chooses some by a hash of their ids, an empty sequence nobody.

    Raises:
        UsageError: nobody is called so, or nothing is left to train from.
    """
    real = [clip for clip in manifest.clips if not clip.is_synthetic]
    if real and all(clip.expression == "neutral" for clip in real):
        raise UsageError("the manifest holds faces only, and no expressions: training needs clips that move.")
    good, bad = usable(manifest.clips, drivers=True)
    if not good:
        raise UsageError(
            "no clip of the manifest can be trained from: none has frames and a face. See `me-augment validate`."
        )
    held_out = resolve_person(manifest.clips, fold) if fold else None
    gone = {resolve_person(manifest.clips, name) for name in exclude} | ({held_out} if held_out else set())
    kept = [clip for clip in good if all(may_train(clip, person) for person in gone)]
    people = sorted({clip.person_id for clip in kept})
    if not people:
        raise UsageError("nobody is left to train from: exclude fewer people.")
    if validation is None:
        number = max(1, round(_VALIDATION * len(people))) if len(people) >= _FEWEST else 0
        judges = set(sorted(people, key=lambda person: digest("validation", person))[:number])
    else:
        judges = {resolve_person(manifest.clips, name) for name in validation}
        if judges & gone:
            raise UsageError(f"{sorted(judges & gone)[0]} is excluded and cannot validate: name another person.")
    train = tuple(clip for clip in kept if clip.person_id not in judges)
    if not train:
        raise UsageError("everybody validates and nobody is left to train from: name fewer --validation-subjects.")
    return Split(train, tuple(clip for clip in kept if clip.person_id in judges), tuple(bad), held_out)
