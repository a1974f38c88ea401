"""The protocols by which recognisers are judged, as data, and the folds that they make of a table of clips.

`loso` leaves one person out, `k-fold` a group of persons, `corpus` a whole corpus (as CD6ME does); `cde` and `sde` are
those of the composite database of MEGC2019 (See et al., FG 2019): leave one person out of the three corpora together,
and within each corpus apart, which are separate trainings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.manifest.folds import training_mask
from me_augment.manifest.ids import digest
from me_augment.manifest.labels import class_column
from me_augment.manifest.lineage import closed
from me_augment.manifest.protocols import MEGC2019
from me_augment.words import choose

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """Whom to train and whom to test on.

    Attributes:
        name: of the fold: a person id, a corpus, `corpus/person` where each corpus is on its own, or `k/n`.
        held_out: person ids; none of them had a part in any training clip.
        train, test: (N,) masks of the rows of the table, disjoint; only real clips are tested.
    """

    name: str
    held_out: tuple[str, ...]
    train: Mask
    test: Mask

    def ids(self, clips: pa.Table, part: Literal["train", "test"]) -> list[str]:
        """Ids of the clips of one part, in the table's order."""
        mask = self.train if part == "train" else self.test
        return clips.column("clip_id").filter(pa.array(mask)).to_pylist()


@dataclass(frozen=True)
class Protocol:
    """How folds are made.

    Attributes:
        leaves_out: who is tested at a time.
        published: only clips that name this protocol, and synthetic ones whose motion is taken from such a clip.
        corpora_apart: every corpus is trained and tested on its own; a synthetic clip belongs to that of its driver,
            or where it has none, of its target.
        k: how many groups of persons.
        seed: of the order in which persons of equally many clips are put into groups.
    """

    leaves_out: Literal["person", "group", "corpus"]
    published: str | None = None
    corpora_apart: bool = False
    k: int = 5
    seed: int = 0


PROTOCOLS: Mapping[str, Protocol] = {
    "loso": Protocol("person"),
    "k-fold": Protocol("group"),
    "corpus": Protocol("corpus"),
    "cde": Protocol("person", published=MEGC2019),
    "sde": Protocol("person", published=MEGC2019, corpora_apart=True),
}


def protocol_named(name: str, *, k: int | None = None, seed: int = 0) -> Protocol:
    """One of `PROTOCOLS`, with a number of groups and a seed; UsageError naming the known ones otherwise."""
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol {name!r}: {choose(name, PROTOCOLS)}")
    chosen = PROTOCOLS[name]
    if k is not None and chosen.leaves_out != "group":
        raise UsageError(f"the protocol {name!r} has as many folds as it leaves out: a number goes with k-fold.")
    return replace(chosen, seed=seed) if k is None else replace(chosen, k=k, seed=seed)


def folds_of(clips: pa.Table, protocol: Protocol, *, labels: str = "megc3") -> Iterator[Fold]:
    """The folds of a protocol, by name.

    Every real clip that shows an expression and has frames is tested in exactly one of them. The masks hang on the
    rows, not on their order, and synthetic clips move no real one. A training clip names nobody held out as face,
    driver, target, ancestor, trainer of its generator or whoever set its thresholds; a person of several corpora is
    held out of all of them.

    Args:
        clips: with the columns of `Clip`.
        protocol: of `PROTOCOLS`, or another.
        labels: the label set whose classes the groups of `k-fold` are balanced by.

    Raises:
        UsageError: no clip belongs to the protocol, or there are fewer persons than groups or corpora than two.
    """
    clips = closed(clips)
    member = members(clips, protocol)
    real = member & ~_column(clips, "is_synthetic")
    if not real.any():
        about = f" of the protocol {protocol.published!r}" if protocol.published else ""
        raise UsageError(f"no fold can be made: there is no real clip{about} that shows an expression.")
    parts = _homes(clips, member) if protocol.corpora_apart else {"": member}
    for home, part in sorted(parts.items()):
        tested = part & real
        for name, held_out, test in _held_out(clips, tested, protocol, labels):
            free = training_mask(clips, _also_called(clips, held_out)).to_numpy(zero_copy_only=False)
            yield Fold(f"{home}/{name}" if home else name, held_out, part & free & ~test, test)


def members(clips: pa.Table, protocol: Protocol) -> Mask:
    """Which rows a protocol may use at all, (len,): expressions with frames, of the published protocol if it is one.

    A synthetic clip goes with the clip whose motion it shows; one that performs action units has none and is left out
    of a published protocol.
    """
    usable = pc.and_(pc.equal(clips.column("status"), "ok"), pc.not_equal(clips.column("expression"), "neutral"))
    mask = usable.to_numpy()
    if protocol.published is None:
        return mask
    named = np.fromiter((protocol.published in (cell or ()) for cell in clips.column("protocols").to_pylist()), bool)
    ids = clips.column("clip_id").filter(pa.array(named))
    driven = pc.is_in(clips.column("driver_clip_id"), ids.combine_chunks()).to_numpy()
    return mask & np.where(_column(clips, "is_synthetic"), driven, named)


def groups(counts: Mapping[str, Counter[str]], k: int, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """Divide persons into k groups whose classes are as equally many as can be.

    Those with the most clips choose first; each goes where the classes then differ least between the groups. Persons
    of equally many clips come in an order that hangs on their ids and the seed alone.

    Args:
        counts: of each person, clips by class.
        k: how many groups, 2 or more.
        seed: see above.

    Raises:
        UsageError: fewer persons than groups, or fewer than two groups.
    """
    if not 2 <= k <= len(counts):
        raise UsageError(f"{k} folds cannot be made of {len(counts)} persons: choose 2 to {len(counts)}.")
    classes = sorted({label for count in counts.values() for label in count})
    table = {person: np.array([count[label] for label in classes], float) for person, count in counts.items()}
    whole = np.maximum(sum(table.values()), 1)
    found: list[list[str]] = [[] for _ in range(k)]
    held = np.zeros((k, len(classes)))
    for person in sorted(table, key=lambda person: (-table[person].sum(), digest(seed, person))):
        # The sum of squared shares is least where all groups hold the same share. An empty group never costs more
        # than another, and comes first where all cost the same: nobody doubles up before each has its first.
        cost = (((held + table[person]) / whole) ** 2).sum(1) - ((held / whole) ** 2).sum(1)
        group = min(range(k), key=lambda index: (round(cost[index], 9), len(found[index]), index))
        found[group].append(person)
        held[group] += table[person]
    return tuple(tuple(sorted(group)) for group in found)


def _held_out(
    clips: pa.Table, tested: Mask, protocol: Protocol, labels: str
) -> Iterator[tuple[str, tuple[str, ...], Mask]]:
    """Name, persons and test mask of each fold."""
    persons = _cells(clips, "person_id")
    if protocol.leaves_out == "corpus":
        corpora = _cells(clips, "corpus")
        names = sorted(set(corpora[tested]))
        if len(names) < 2:
            raise UsageError(f"leaving a corpus out takes two of them; the clips are all of {', '.join(names)}.")
        for name in names:
            test = tested & (corpora == name)
            yield name, tuple(sorted(set(persons[test]))), test
        return
    everybody = sorted(set(persons[tested]))
    if protocol.leaves_out == "person":
        for person in everybody:
            yield person, (person,), tested & (persons == person)
        return
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for person, label in zip(persons[tested], _objects(class_column(labels, clips))[tested], strict=True):
        counts[person][label or ""] += 1
    for index, group in enumerate(groups(counts, protocol.k, protocol.seed), 1):
        yield f"{index}/{protocol.k}", group, tested & np.isin(persons, group)


def _homes(clips: pa.Table, member: Mask) -> dict[str, Mask]:
    """Corpus → its own clips and the synthetic ones that belong to it."""
    corpus_of = dict(zip(clips.column("clip_id").to_pylist(), clips.column("corpus").to_pylist(), strict=True))
    synthetic = _column(clips, "is_synthetic")
    homes = _cells(clips, "corpus")
    drivers, targets = _cells(clips, "driver_clip_id"), _cells(clips, "target_clip_id")
    for row in np.flatnonzero(synthetic):
        homes[row] = corpus_of.get(drivers[row] or targets[row], "")
    return {home: member & (homes == home) for home in set(homes[member & ~synthetic])}


def _also_called(clips: pa.Table, persons: Sequence[str]) -> set[str]:
    """Persons, and what each of their corpora calls them: `samm-lv:006` may be listed for `samm:006`."""
    real = pc.and_(pc.invert(clips.column("is_synthetic")), pc.is_in(clips.column("person_id"), pa.array(persons)))
    rows = clips.select(["corpus", "subject"]).filter(real).group_by(["corpus", "subject"]).aggregate([])
    return {*persons, *(f"{row['corpus']}:{row['subject']}" for row in rows.to_pylist())}


def _column(clips: pa.Table, name: str) -> Mask:
    return clips.column(name).to_numpy()


def _cells(clips: pa.Table, name: str) -> NDArray[np.object_]:
    return _objects(clips.column(name))


def _objects(column: pa.ChunkedArray) -> NDArray[np.object_]:
    return np.array([*column.to_pylist(), None], object)[:-1]
