"""The leakage rule: nobody who contributed to a clip is ever held out while it trains."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip, synthetic

from me_augment.errors import UsageError
from me_augment.manifest import Clip
from me_augment.manifest.columns import to_table
from me_augment.manifest.folds import (
    covers,
    held_out_mask,
    may_test,
    may_train,
    names_of,
    persons,
    resolve_person,
    training_mask,
)
from me_augment.manifest.sequence import Rows

PEOPLE = [f"casme2:sub{i}" for i in range(91, 96)]


@given(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE))
def test_driver_target_and_their_ancestors_are_kept_out(driver, target, ancestor, held_out):
    first = clip(person_id=driver, forbidden_subjects=tuple({driver, ancestor}))
    row = synthetic(
        first,
        clip(person_id=target),
        forbidden_subjects=tuple({driver, target, ancestor}),
    )
    assert may_train(row, held_out) == (held_out not in {driver, target, ancestor})
    assert not may_test(row, held_out)


@given(
    st.lists(st.sampled_from([*PEOPLE, "samm:006", "casme2:*", "samm:*", "casme:*"]), max_size=3),
    st.sampled_from(["forbidden_subjects", "generator_training_subjects"]),
    st.sampled_from([*PEOPLE, "samm:006", "casme:sub91", "smic:s01"]),
)
def test_a_whole_corpus_is_everybody_in_it_and_nobody_else(trainers, column, held_out):
    driver, target = clip(person_id="mmew:S01"), clip(person_id="mmew:S02")
    row = synthetic(driver, target, **{column: tuple(trainers)})
    everyone = {
        person
        for trainer in trainers
        for person in [*PEOPLE, "samm:006", "casme:sub91", "smic:s01"]
        if trainer in (person, person.split(":")[0] + ":*")
    }
    assert may_train(row, held_out) == (held_out not in everyone)
    assert not may_train(row, "mmew:S01")


@pytest.mark.parametrize("named", ["samm-lv:006", "samm-lv:*", "samm:*", "samm:006"])
def test_a_person_is_meant_by_what_any_corpus_of_theirs_calls_them(named):
    row = synthetic(clip(person_id="mmew:S01"), clip(person_id="mmew:S02"), generator_training_subjects=(named,))
    table = to_table(Clip, [row])
    for person, free in (("samm:006", False), ("samm-lv:006", False), ("mmew:S03", True), ("smic:006", True)):
        assert may_train(row, person) == training_mask(table, person).to_pylist()[0] == free


def test_a_name_without_a_corpus_is_itself():
    """Trees of others call people by their folders."""
    assert covers(["s1"], "s1")
    assert not covers(["s11"], "s1")
    assert names_of("samm:006") == ("samm:006", "samm:*", "samm-lv:006", "samm-lv:*")


@given(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE))
def test_a_real_clip_is_in_exactly_one_side_of_a_fold(person, held_out):
    row = clip(person_id=person)
    assert may_train(row, held_out) != may_test(row, held_out)


def test_persons_are_those_with_real_expressions():
    rows = [
        clip(person_id="casme2:sub92"),
        clip(person_id="faces:a", expression="neutral"),
        synthetic(clip(), clip(person_id="casme2:sub99")),
    ]
    assert persons(rows) == ["casme2:sub92"]


def test_a_subject_is_resolved_where_it_is_one_person():
    rows = [clip(person_id="casme:sub91"), clip(person_id="casme2:sub91"), clip(person_id="casme2:sub92")]
    assert resolve_person(rows, "sub92") == "casme2:sub92"
    assert resolve_person(rows, "casme:sub91") == "casme:sub91"
    with pytest.raises(UsageError, match="several people: say which of casme2:sub91, casme:sub91"):
        resolve_person(rows, "sub91")
    with pytest.raises(UsageError, match="no subject 'sub01'"):
        resolve_person(rows, "sub01")


def test_a_contributor_whom_the_list_forgets_is_kept_out_all_the_same():
    made = synthetic(
        clip(person_id="casme2:sub91"),
        clip(person_id="casme2:sub92"),
        forbidden_subjects=(),
        generator_training_subjects=("casme2:sub93",),
    )
    assert not any(may_train(made, f"casme2:sub{n}") for n in (91, 92, 93))
    assert may_train(made, "casme2:sub94")
    assert not may_train(clip(person_id="casme2:sub91", forbidden_subjects=()), "casme2:sub91")


def test_a_mere_target_face_does_not_make_a_subject_ambiguous():
    rows = [clip(person_id="casme2:sub91"), clip(person_id="faces:sub91", expression="neutral")]
    assert resolve_person(rows, "sub91") == "casme2:sub91"


NAMES = st.sampled_from([*PEOPLE[:3], "samm:006", "casme:sub91", "casme2:*", "samm:*"])
LISTS = st.lists(NAMES, max_size=3).map(tuple)
ROWS = st.lists(
    st.builds(
        clip,
        person_id=NAMES,
        driver_person_id=st.none() | NAMES,
        target_person_id=st.none() | NAMES,
        forbidden_subjects=LISTS,
        generator_training_subjects=LISTS,
        is_synthetic=st.booleans(),
        expression=st.sampled_from(["micro", "neutral"]),
    ),
    max_size=9,
)


@settings(max_examples=200, deadline=None)
@given(ROWS, NAMES, st.integers(0, 9))
def test_the_masks_of_a_table_say_the_same_of_every_row(rows, held_out, at):
    table = pa.concat_tables([to_table(Clip, rows[:at]), to_table(Clip, rows[at:]), to_table(Clip, rows)]).slice(1)
    expected = [*rows, *rows][1:]
    assert training_mask(table, held_out).to_pylist() == [may_train(row, held_out) for row in expected]
    assert held_out_mask(table, held_out).to_pylist() == [may_test(row, held_out) for row in expected]


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_persons_of_a_table_are_those_of_its_rows(rows):
    assert persons(Rows(Clip, to_table(Clip, rows))) == persons(rows)
