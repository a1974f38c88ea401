"""Rows that stay in their table: a sequence like any other, whether few are kept or many made when asked for."""

import copy
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip, recording

from me_augment.manifest import Clip, Recording, sequence
from me_augment.manifest.columns import to_table
from me_augment.manifest.sequence import Rows, RowsById, by_id, table_of

CLIPS = [clip(clip_id=f"clip-{n * 7 % 13:02d}", landmarks=(float(n),), seed=n) for n in range(13)]


@pytest.fixture(params=["few", "many"])
def size(request, monkeypatch):
    """Whether the rows are few enough to be kept."""
    if request.param == "many":
        monkeypatch.setattr(sequence, "_FEW", 0)
        monkeypatch.setattr(sequence, "_BATCH", 4)


def cut(rows, at):
    """The rows as a table in two chunks, or in one."""
    return Rows(Clip, pa.concat_tables([to_table(Clip, rows[:at]), to_table(Clip, rows[at:])]))


@pytest.mark.usefixtures("size")
def test_it_is_the_sequence_of_its_rows():
    rows = cut(CLIPS, 5)
    assert list(rows) == CLIPS
    assert rows == CLIPS
    assert tuple(CLIPS) == rows
    assert rows != CLIPS[:-1]
    assert rows != [*CLIPS[:-1], CLIPS[0]]
    assert len(rows) == 13
    assert [rows[n] for n in range(-13, 13)] == CLIPS + CLIPS
    assert rows[2:9:3] == CLIPS[2:9:3]
    assert rows[::-1][1:] == CLIPS[::-1][1:]
    assert CLIPS[4] in rows
    assert rows.index(CLIPS[6]) == 6
    for wrong in (13, -14):
        with pytest.raises(IndexError):
            rows[wrong]
    for twin in (pickle.loads(pickle.dumps(rows)), copy.deepcopy(rows)):
        assert twin == CLIPS
    assert not Rows(Clip, to_table(Clip, []))


def test_few_rows_are_made_once():
    rows = cut(CLIPS, 5)
    assert rows[3] is rows[3] is list(rows)[3]


@pytest.mark.usefixtures("size")
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 13), st.lists(st.integers(0, 12), max_size=9), st.lists(st.booleans(), min_size=13, max_size=13))
def test_some_rows_are_chosen_by_place_or_mask(at, places, mask):
    rows = cut(CLIPS, at)
    assert rows.at(np.array(places, int)) == [CLIPS[n] for n in places]
    chosen = rows.where(pa.array(mask))
    expected = [row for row, yes in zip(CLIPS, mask, strict=True) if yes]
    assert chosen == expected
    assert table_of(Clip, chosen).equals(to_table(Clip, expected))
    assert chosen.columns("seed", "clip_id").to_pydict() == {
        "seed": [row.seed for row in expected],
        "clip_id": [row.clip_id for row in expected],
    }
    assert chosen[1:][:3] == expected[1:][:3]


def test_rows_are_found_by_their_id():
    recordings = [recording(recording_id=f"rec-{n * 7 % 13}") for n in range(13)]
    rows = Rows(Recording, to_table(Recording, recordings))
    for found in (RowsById(rows, "recording_id"), by_id(rows, "recording_id"), by_id(recordings, "recording_id")):
        assert len(found) == 13
        assert dict(found) == {row.recording_id: row for row in recordings}
        assert found.get("rec-13") is None
        assert "rec-" not in found
        assert "zzz" not in found
        with pytest.raises(KeyError):
            found["rec-99"]


def test_many_rows_are_found_without_a_dictionary_of_them(monkeypatch):
    monkeypatch.setattr(sequence, "_FEW", 3)
    assert isinstance(by_id(cut(CLIPS, 0), "clip_id"), RowsById)


def test_a_table_is_handed_on_as_it_is():
    table = to_table(Clip, CLIPS)
    assert table_of(Clip, table) is table
    assert table_of(Clip, Rows(Clip, table)) is table
    assert table_of(Clip, CLIPS).equals(table)
