"""Who had a part in a synthetic clip: everyone whom its sources name, closed over whole corpora and person maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from me_augment.corpora.registry import CORPORA, person_of
from me_augment.manifest import Clip
from me_augment.manifest.folds import contributors_of, covers


class Closure:
    """Closes lists of contributors over the people of a manifest.

    Args:
        clips: the real ones.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._persons = {(clip.person_id, _first_id(clip)) for clip in clips}

    def __call__(self, sources: Iterable[Clip], others: Iterable[str]) -> tuple[str, ...]:
        """Everyone whom the rows of drivers and target name, and others such as who trained the generator; sorted."""
        persons = set(others).union(*(contributors_of(clip) for clip in sources))
        # Whoever looks for names finds those whom `corpus:*` stands for. A checkpoint knows nothing of a person map.
        persons |= {person for person, first in self._persons if covers(persons, person) or covers(persons, first)}
        return tuple(sorted(persons))


def _first_id(clip: Clip) -> str:
    """The person id that a clip's reader gave it, before a person map; corpora of users' own choose theirs."""
    corpus = CORPORA.get(clip.corpus)
    return clip.person_id if corpus is None or corpus.name == "generic" else person_of(corpus, clip.subject)
