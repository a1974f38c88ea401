"""Which face each driver moves: drawn evenly, by content, and in an order that a larger plan only prolongs."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from me_augment.manifest import Clip
from me_augment.manifest.ids import digest

_MIX = tuple(map(np.uint64, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))
_SHIFTS = tuple(map(np.uint64, (30, 27, 31)))
# One use of a face within an emotion weighs more than any number of its uses overall.
_WITHIN_EMOTION = 1 << 32


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
    person_keys, clip_keys = _keys("face", seed, persons), _keys("clip", seed, [clip.clip_id for clip in targets])
    driver_keys = _keys("driver", seed, [clip.clip_id for clip in drivers])
    number = {person: index for index, person in enumerate(persons)}
    emotions = {emotion: index for index, emotion in enumerate(dict.fromkeys(clip.emotion for clip in drivers))}
    used = np.zeros((len(emotions), len(persons)), np.int64)
    # How often each driver met each person; the largest value of the type is said of whom it must not meet (again).
    met = np.zeros((len(drivers), len(persons)), np.min_scalar_type(1 + max((len(c) for c in clips), default=0)))
    never = np.iinfo(met.dtype).max
    for index, clip in enumerate(drivers):
        if clip.person_id in number:
            met[index, number[clip.person_id]] = never
    waiting = int((met != never).any(axis=1).sum())
    taken_by, taken = array("i"), array("i")
    for driver, chance in _turns(seed, drivers, driver_keys, per_driver, balance):
        if not waiting:
            break
        row = met[driver]
        fewest = row.min()
        if fewest == never:
            continue
        emotion = emotions[drivers[driver].emotion]
        choices = (row == fewest).nonzero()[0]
        cost = used[emotion].take(choices)
        choices = choices[cost == cost.min()]
        best = _mixed(person_keys[choices] ^ chance).argmin() if len(choices) > 1 else 0
        person = int(choices[best])
        faces = clips[person]
        face = faces[0] if len(faces) == 1 else _shuffled(faces, clip_keys[faces] ^ driver_keys[driver])[fewest]
        taken_by.append(driver)
        taken.append(face)
        used[:, person] += 1
        used[emotion, person] += _WITHIN_EMOTION
        if fewest + 1 == len(faces):
            row[person] = never
            waiting -= row.min() == never
        else:
            row[person] += 1
    of, faces = np.frombuffer(taken_by, np.int32), np.frombuffer(taken, np.int32)
    order = np.argsort(of, kind="stable")
    return Pairs(of[order], faces[order])


def _turns(
    seed: int, drivers: Sequence[Clip], keys: np.ndarray, per_driver: int, balance: bool
) -> Iterator[tuple[int, np.uint64]]:
    """(driver, chance of that turn) in order."""
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


def _laps(seed: int, indices: np.ndarray, keys: np.ndarray, count: int) -> Iterator[tuple[int, np.uint64]]:
    for turn in range(count):
        chances = _mixed(keys ^ _keys("turn", seed, [turn]))
        order = np.argsort(chances, kind="stable")
        yield from zip(indices[order].tolist(), chances[order], strict=True)


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
