"""Which face each driver moves: drawn evenly, by content, and in an order that a larger plan only prolongs."""

from __future__ import annotations

import heapq
from array import array
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from me_augment.manifest import Clip
from me_augment.manifest.ids import digest

_MIX = tuple(map(np.uint64, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))
_SHIFTS = tuple(map(np.uint64, (30, 27, 31)))


@dataclass(frozen=True)
class Pairs:
    """Drivers and targets by their indices, (n,) int32 each, sorted by driver and then in the order drawn."""

    drivers: np.ndarray
    targets: np.ndarray


def draw_pairs(
    seed: int, drivers: Sequence[Clip], targets: Sequence[Clip], per_driver: int, *, balance: bool = False
) -> Pairs:
    """Pair every driver with faces of other persons.

    Drivers take turns, and each takes a person it has met least often, of those one that was seen least often with the
    driver's emotion, of those one that was seen least often at all, of those one by chance. Of that person it takes
    the clips one after the other, in an order by chance, and none twice; a driver for whom no clip is left sits out.

    Chance is a hash of seed, turn and ids, so that the pairs depend on nothing else, and those of a larger
    `per_driver` begin with those of a smaller.

    Args:
        seed: of the run.
        drivers, targets: sorted by id.
        per_driver: turns of each driver.
        balance: give the turns to rare emotions more often, so that all become equally large; `per_driver` is then
            the mean.
    """
    clips_of = defaultdict(list)
    for index, clip in enumerate(targets):
        clips_of[clip.person_id].append(index)
    persons = sorted(clips_of)
    clips = [np.array(clips_of[person]) for person in persons]
    clip_keys = _keys("clip", seed, [clip.clip_id for clip in targets])
    driver_keys = _keys("driver", seed, [clip.clip_id for clip in drivers])
    bit = {person: 1 << index for index, person in enumerate(persons)}
    # Lap by lap a driver meets everybody once who has a clip left: in lap n those with more than n clips.
    laps = [
        sum(bit[person] for person in persons if len(clips_of[person]) > lap)
        for lap in range(max(map(len, clips), default=0))
    ]
    waiting = [_Waiting(laps, ~bit.get(clip.person_id, 0)) for clip in drivers]
    everybody = sum(bit.values())
    overall, within = _Levels(everybody), {clip.emotion: _Levels(everybody) for clip in drivers}
    left = sum(driver.people != 0 for driver in waiting)
    taken_by, taken = array("i"), array("i")
    for driver, chance in _turns(seed, drivers, driver_keys, per_driver, balance):
        if not left:
            break
        state, emotion = waiting[driver], within[drivers[driver].emotion]
        if not state.people:
            continue
        choices = overall.least(emotion.least(state.people))
        person = _nth(choices, chance % choices.bit_count())
        faces = clips[person]
        face = faces[0] if len(faces) == 1 else _shuffled(faces, clip_keys[faces] ^ driver_keys[driver])[state.lap]
        taken_by.append(driver)
        taken.append(face)
        overall.seen(person)
        emotion.seen(person)
        state.meet(person)
        left -= not state.people
    of, faces = np.frombuffer(taken_by, np.int32), np.frombuffer(taken, np.int32)
    order = np.argsort(of, kind="stable")
    return Pairs(of[order], faces[order])


class _Waiting:
    """Whom a driver has not met in this lap: a set of persons, person n as bit n of an integer."""

    def __init__(self, laps: Sequence[int], others: int) -> None:
        self._laps, self._others, self.lap = laps, others, 0
        self.people = laps[0] & others if laps else 0

    def meet(self, person: int) -> None:
        self.people ^= 1 << person
        while not self.people and self.lap + 1 < len(self._laps):
            self.lap += 1
            self.people = self._laps[self.lap] & self._others


class _Levels:
    """How often each person was seen: the sets of those seen equally often, as bits of integers."""

    def __init__(self, everybody: int) -> None:
        self._counts: dict[int, int] = defaultdict(int)
        self._sets, self._levels = {0: everybody}, [0]

    def least(self, people: int) -> int:
        """Those of some people who were seen least often."""
        return next(found for level in self._levels if (found := people & self._sets[level]))

    def seen(self, person: int) -> None:
        """Somebody was seen once more."""
        level, bit = self._counts[person], 1 << person
        self._counts[person] = level + 1
        self._sets[level] ^= bit
        if level + 1 in self._sets:
            self._sets[level + 1] |= bit
        else:
            self._sets[level + 1] = bit
            insort(self._levels, level + 1)
        if not self._sets[level]:
            del self._sets[level]
            self._levels.remove(level)


def _nth(people: int, n: int) -> int:
    """Number of the n-th of some people, both from 0."""
    person, width = 0, people.bit_length()
    while width > 1:
        half = width // 2
        low = people & ((1 << half) - 1)
        count = low.bit_count()
        if n < count:
            people, width = low, half
        else:
            people, width, person, n = people >> half, width - half, person + half, n - count
    return person


def _turns(
    seed: int, drivers: Sequence[Clip], keys: np.ndarray, per_driver: int, balance: bool
) -> Iterator[tuple[int, int]]:
    """(driver, 64 bits of chance) in order."""
    if not balance:
        yield from _laps(seed, np.arange(len(drivers)), keys, per_driver)
        return
    of_emotion = defaultdict(list)
    for index, clip in enumerate(drivers):
        of_emotion[clip.emotion].append(index)
    total = per_driver * len(drivers)
    laps = {
        emotion: _laps(seed, np.array(indices), keys[indices], -(-total // len(indices)))
        for emotion, indices in of_emotion.items()
    }
    # The emotion with the fewest clips, real and made, comes next.
    real = Counter(clip.emotion for clip in drivers)
    queue = [(real[emotion], place, emotion) for place, emotion in enumerate(sorted(real, key=str))]
    heapq.heapify(queue)
    for _ in range(total):
        count, place, emotion = queue[0]
        heapq.heapreplace(queue, (count + 1, place, emotion))
        yield next(laps[emotion])


def _laps(seed: int, indices: np.ndarray, keys: np.ndarray, count: int) -> Iterator[tuple[int, int]]:
    for turn in range(count):
        chances = _mixed(keys ^ _keys("turn", seed, [turn]))
        order = np.argsort(chances, kind="stable")
        yield from zip(indices[order].tolist(), chances[order].tolist(), strict=True)


def _keys(purpose: str, seed: int, names: Sequence[object]) -> np.ndarray:
    """64 bits by chance for each name, (n,) uint64."""
    return np.array([int(digest(purpose, seed, name)[:16], 16) for name in names], np.uint64)


def _mixed(keys: np.ndarray) -> np.ndarray:
    """Finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014): every bit depends on every bit of the key."""
    keys = (keys ^ (keys >> _SHIFTS[0])) * _MIX[0]
    keys = (keys ^ (keys >> _SHIFTS[1])) * _MIX[1]
    return keys ^ (keys >> _SHIFTS[2])


def _shuffled(items: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return items[np.argsort(_mixed(keys), kind="stable")]
