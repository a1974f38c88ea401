"""Folds of every protocol: nobody on both sides, every real clip tested once, nothing synthetic tested."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip, synthetic

from me_augment.errors import UsageError
from me_augment.manifest import Clip
from me_augment.manifest.columns import to_table
from me_augment.manifest.lineage import Lineage
from me_augment.manifest.splits import PROTOCOLS, Protocol, folds_of, groups, protocol_named

# Of `samm:006` there are clips in two corpora.
SEATS = [("casme2", "casme2:sub91"), ("casme2", "casme2:sub92"), ("casme2", "casme2:sub93")]
SEATS += [("samm", "samm:006"), ("samm-lv", "samm:006"), ("samm", "samm:007"), ("smic-hs", "smic:s01")]
PEOPLE = sorted({person for _, person in SEATS})
WORDS = {"negative": "disgust", "positive": "happiness", "surprise": "surprise"}


def real(number, seat, label, published):
    corpus, person = SEATS[seat]
    return clip(
        clip_id=f"clip-{number}",
        corpus=corpus,
        person_id=person,
        label_megc3=label,
        emotion=WORDS[label],
        protocols=("megc2019",) if published else (),
    )


@st.composite
def corpora(draw):
    """Real clips of several corpora and people, and synthetic ones made of them and of each other."""
    first = [real(index, index, "surprise", True) for index in range(len(SEATS))]
    kinds = st.tuples(st.integers(0, len(SEATS) - 1), st.sampled_from(sorted(WORDS)), st.booleans())
    rows = first + [real(len(first) + i, *kind) for i, kind in enumerate(draw(st.lists(kinds, max_size=8)))]
    for number in range(draw(st.integers(0, 6))):
        driver, target = (rows[draw(st.integers(0, len(rows) - 1))] for _ in range(2))
        made = synthetic(
            driver,
            target,
            clip_id=f"syn-{number}",
            # What the tool itself would write, or the two parents alone: folds have to find the ancestors.
            forbidden_subjects=tuple({driver.person_id, target.person_id}),
            generator_training_subjects=tuple(draw(st.lists(st.sampled_from([*PEOPLE, "smic:*"]), max_size=1))),
        )
        rows.append(made)
    return rows


def expected_contributors(rows):
    """Person ids by clip, found by the definition."""
    by_id = {row.clip_id: row for row in rows}

    def of(row):
        own = {row.person_id, row.driver_person_id, row.target_person_id, *row.forbidden_subjects}
        own |= {*row.generator_training_subjects} - {None}
        for parent in (row.driver_clip_id, row.target_clip_id, *row.parents):
            if parent in by_id:
                own |= of(by_id[parent])
        return own - {None}

    return {row.clip_id: of(row) for row in rows}


def folds(rows, protocol):
    return list(folds_of(to_table(Clip, rows), protocol))


ALL = st.sampled_from([*PROTOCOLS.values(), Protocol("group", k=2, seed=3), Protocol("person", corpora_apart=True)])


@settings(max_examples=60, deadline=None)
@given(corpora(), ALL)
def test_what_holds_for_every_fold(rows, protocol):
    contributors = expected_contributors(rows)
    tested = Counter()
    for fold in folds(rows, protocol):
        train = [row for row, belongs in zip(rows, fold.train, strict=True) if belongs]
        test = [row for row, belongs in zip(rows, fold.test, strict=True) if belongs]
        assert test
        assert not any(row.is_synthetic for row in test)
        assert {row.person_id for row in test} == set(fold.held_out)
        for row in train:
            names = contributors[row.clip_id]
            assert names.isdisjoint(fold.held_out)
            assert names.isdisjoint(f"{person.split(':')[0]}:*" for person in fold.held_out)
        if protocol.corpora_apart:
            assert {row.corpus for row in (*train, *test) if not row.is_synthetic} == {fold.name.partition("/")[0]}
        tested.update(row.clip_id for row in test)
    wanted = [r for r in rows if not r.is_synthetic and (protocol.published is None or r.protocols)]
    assert tested == Counter(row.clip_id for row in wanted)


@settings(max_examples=25, deadline=None)
@given(corpora(), ALL, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, protocol, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    again = {fold.name: fold for fold in folds([rows[place] for place in order], protocol)}
    for fold in folds(rows, protocol):
        assert again[fold.name].held_out == fold.held_out
        assert (again[fold.name].train == fold.train[order]).all()
        assert (again[fold.name].test == fold.test[order]).all()


@settings(max_examples=25, deadline=None)
@given(corpora(), ALL, st.data())
def test_clips_that_come_later_move_none(rows, protocol, data):
    """Synthetic clips never; real ones not either, but for balanced groups, which hang on how many there are."""
    late = [r for r in rows if r.is_synthetic or (protocol.leaves_out != "group" and int(r.clip_id[5:]) >= len(SEATS))]
    parents = {parent for r in rows for parent in (r.driver_clip_id, r.target_clip_id)}
    gone = {row.clip_id for row in late if row.clip_id not in parents and data.draw(st.booleans())}
    kept = np.array([row.clip_id not in gone for row in rows])
    after = {fold.name: fold for fold in folds(rows, protocol)}
    for fold in folds([row for row, stays in zip(rows, kept, strict=True) if stays], protocol):
        assert after[fold.name].held_out == fold.held_out
        assert (after[fold.name].train[kept] == fold.train).all()
        assert (after[fold.name].test[kept] == fold.test).all()


def test_a_person_of_two_corpora_is_on_neither_side_of_the_other():
    rows = [real(i, seat, "surprise", False) for i, seat in enumerate(range(len(SEATS)))]
    fold = next(fold for fold in folds(rows, PROTOCOLS["corpus"]) if fold.name == "samm-lv")
    assert fold.held_out == ("samm:006",)
    table = to_table(Clip, rows)
    assert fold.ids(table, "test") == ["clip-4"]
    assert "clip-3" not in fold.ids(table, "train")
    assert fold.ids(table, "train") == ["clip-0", "clip-1", "clip-2", "clip-5", "clip-6"]


def test_another_name_of_the_person_bars_too():
    rows = [real(i, seat, "surprise", False) for i, seat in enumerate(range(len(SEATS)))]
    rows.append(synthetic(rows[0], rows[1], clip_id="syn-0", generator_training_subjects=("samm-lv:006",)))
    trains = {fold.name: bool(fold.train[-1]) for fold in folds(rows, PROTOCOLS["loso"])}
    assert trains["smic:s01"]
    assert not trains["samm:006"]


def test_failed_clips_and_plain_faces_belong_to_no_fold():
    rows = [real(0, 0, "surprise", False), real(1, 1, "surprise", False)]
    rows += [clip(clip_id="clip-2", expression="neutral"), clip(clip_id="clip-3", status="failed", reason="no face")]
    for fold in folds(rows, PROTOCOLS["loso"]):
        assert not (fold.train | fold.test)[2:].any()


def test_groups_share_out_the_classes():
    # Nine people of three clips each, of one class each: three groups can hold three of every class.
    counts = {f"casme2:sub{i:02d}": Counter({sorted(WORDS)[i % 3]: 3}) for i in range(9)}
    for seed in range(4):
        found = groups(counts, 3, seed)
        assert sorted(person for group in found for person in group) == sorted(counts)
        for group in found:
            assert sum((counts[person] for person in group), Counter()) == Counter(dict.fromkeys(WORDS, 3))
    assert len({groups(counts, 3, seed) for seed in range(4)}) > 1
    with pytest.raises(UsageError, match="10 folds cannot be made of 9 persons: choose 2 to 9"):
        groups(counts, 10)


def test_what_cannot_be_made_is_said():
    one = [real(0, 0, "surprise", False)]
    with pytest.raises(UsageError, match="leaving a corpus out takes two of them; the clips are all of casme2"):
        folds(one, PROTOCOLS["corpus"])
    with pytest.raises(UsageError, match="no real clip of the protocol 'megc2019'"):
        folds(one, PROTOCOLS["cde"])
    with pytest.raises(UsageError, match="there is no protocol 'lopo': choose one of loso, k-fold, corpus, cde, sde"):
        protocol_named("lopo")
    with pytest.raises(UsageError, match="a number goes with k-fold"):
        protocol_named("loso", k=3)
    assert protocol_named("k-fold", k=3, seed=1) == Protocol("group", k=3, seed=1)


def test_ancestors_are_found_in_other_manifests_and_missed_where_nobody_has_them():
    first, second = real(0, 0, "surprise", False), real(1, 1, "surprise", False)
    middle = synthetic(first, second, clip_id="syn-0", generator_training_subjects=("smic:*",))
    last = synthetic(middle, real(2, 2, "surprise", False), clip_id="syn-1", forbidden_subjects=())
    alone, others = to_table(Clip, [last]), to_table(Clip, [first, second, middle])
    assert Lineage(alone).unknown("syn-1") == {"syn-0", "clip-2"}
    found = Lineage(alone, others)
    assert found.unknown("syn-1") == {"clip-2"}
    assert found.ancestors("syn-1") == {"syn-0", "clip-0", "clip-1", "clip-2"}
    assert found.contributors("syn-1") == {"casme2:sub91", "casme2:sub92", "casme2:sub93", "smic:*"}


def test_rows_that_descend_from_each_other_end():
    row = synthetic(real(0, 0, "surprise", False), real(1, 1, "surprise", False), clip_id="syn-0", parents=("syn-1",))
    other = synthetic(row, row, clip_id="syn-1")
    lineage = Lineage(to_table(Clip, [row, other]))
    assert lineage.contributors("syn-0") == lineage.contributors("syn-1") == {"casme2:sub91", "casme2:sub92"}
