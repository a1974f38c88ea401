"""Pairs of driver and face: the guarantees hold for all corpora, and nothing but content decides."""

import subprocess
import sys
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip

from me_augment.synthesis.pairs import draw_pairs


@st.composite
def corpora(draw):
    """Drivers and targets: some persons are both, and some have more clips than others."""
    emotions = st.sampled_from(["happiness", "surprise", None, "None"])
    drivers = [
        clip(clip_id=f"d-{n:02d}", person_id=f"c:{draw(st.integers(0, 4))}", emotion=draw(emotions))
        for n in range(draw(st.integers(1, 8)))
    ]
    targets = [
        clip(clip_id=f"t-{n:02d}", person_id=f"c:{draw(st.integers(0, 8))}") for n in range(draw(st.integers(1, 14)))
    ]
    return drivers, targets


def pairs(corpus, per_driver, seed=0, **options):
    drawn = draw_pairs(seed, *corpus, per_driver, **options)
    return list(zip(drawn.drivers.tolist(), drawn.targets.tolist(), strict=True))


@settings(max_examples=150, deadline=None)
@given(corpora(), st.integers(1, 6), st.integers(0, 3), st.booleans())
def test_every_pair_is_of_two_people_and_none_comes_twice(corpus, per_driver, seed, balance):
    drivers, targets = corpus
    found = pairs(corpus, per_driver, seed, balance=balance)
    assert all(drivers[d].person_id != targets[t].person_id for d, t in found)
    assert len(set(found)) == len(found)
    if not balance:
        others = [sum(t.person_id != d.person_id for t in targets) for d in drivers]
        counts = Counter(d for d, _ in found)
        assert [counts[i] for i in range(len(drivers))] == [min(per_driver, n) for n in others]


@settings(max_examples=100, deadline=None)
@given(corpora(), st.integers(1, 5), st.integers(0, 3), st.booleans())
def test_a_larger_number_keeps_the_pairs_of_a_smaller(corpus, per_driver, more, balance):
    few, many = (pairs(corpus, n, balance=balance) for n in (per_driver, per_driver + more))
    of_few, of_many = defaultdict(list), defaultdict(list)
    for found, of in ((few, of_few), (many, of_many)):
        for driver, target in found:
            of[driver].append(target)
    assert all(of_many[driver][: len(targets)] == targets for driver, targets in of_few.items())


@settings(max_examples=100, deadline=None)
@given(corpora(), st.integers(1, 12))
def test_a_driver_meets_everybody_before_anybody_again(corpus, per_driver):
    drivers, targets = corpus
    clips_of = Counter(target.person_id for target in targets)
    met = defaultdict(Counter)
    for driver, target in pairs(corpus, per_driver):
        person = targets[target].person_id
        others = [p for p in clips_of if p != drivers[driver].person_id and met[driver][p] < clips_of[p]]
        assert met[driver][person] == min(met[driver][p] for p in others)
        met[driver][person] += 1


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 9), st.integers(1, 7), st.integers(0, 5))
def test_faces_are_seen_equally_often_within_each_emotion_and_overall(persons, per_driver, seed):
    """Where the targets are other people than the drivers nothing stands in the way of it."""
    drivers = [clip(clip_id=f"d-{n:02d}", person_id=f"c:{n}", emotion="abc"[n % 3]) for n in range(7)]
    targets = [clip(clip_id=f"t-{n:02d}", person_id=f"f:{n}") for n in range(persons)]
    found = pairs((drivers, targets), min(per_driver, persons), seed)
    by_emotion = defaultdict(Counter)
    for driver, target in found:
        by_emotion[drivers[driver].emotion][target] += 1
    for counts in by_emotion.values():
        spread = [counts[target] for target in range(persons)]
        assert max(spread) - min(spread) <= 2  # a driver may have to take whom it has not met yet
    overall = Counter(target for _, target in found)
    assert max(overall.values()) - min(overall[target] for target in range(persons)) <= 3


def test_chance_decides_what_the_rules_leave_open():
    drivers = [clip(clip_id=f"d-{n}", person_id=f"c:{n}") for n in range(3)]
    targets = [clip(clip_id=f"t-{n}", person_id=f"f:{n // 3}") for n in range(90)]
    firsts = {tuple(t for _, t in pairs((drivers, targets), 1, seed)) for seed in range(20)}
    assert len(firsts) == 20
    assert len({t % 3 for drawn in firsts for t in drawn}) == 3


def test_neither_the_process_nor_its_hash_seed_matters():
    script = (
        "from rows import clip; from me_augment.synthesis.pairs import draw_pairs\n"
        "d = [clip(clip_id=f'd-{n}', person_id=f'c:{n}', emotion='abc'[n % 3]) for n in range(9)]\n"
        "p = draw_pairs(1, d, d, 5, balance=True); print(p.drivers.tolist(), p.targets.tolist())"
    )
    drivers = [clip(clip_id=f"d-{n}", person_id=f"c:{n}", emotion="abc"[n % 3]) for n in range(9)]
    here = draw_pairs(1, drivers, drivers, 5, balance=True)
    there = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert there.strip() == f"{here.drivers.tolist()} {here.targets.tolist()}"
