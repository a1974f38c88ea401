"""A table's fingerprint: the same for the same cells however they are cut and read, another for any other cell."""

import json
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip

from me_augment.manifest import Clip
from me_augment.manifest.columns import arrow_schema, to_table
from me_augment.manifest.fingerprint import TableDigest

PAIR = pa.struct([pa.field("word", pa.string()), pa.field("number", pa.int16())])
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "whole": pa.int32(),
        "real": pa.float64(),
        "yes": pa.bool_(),
        "texts": pa.list_(pa.string()),
        "reals": pa.list_(pa.float32()),
        "pairs": pa.list_(PAIR),
    }
)


def maybe(cells):
    return st.none() | cells


TEXT, WHOLE = st.text("ab\x00é", max_size=3), st.integers(-3, 3)
CELLS = {
    "text": maybe(TEXT),
    "whole": maybe(WHOLE),
    "real": maybe(st.sampled_from([0.0, -0.0, 1.5, float("inf")])),
    "yes": maybe(st.booleans()),
    "texts": maybe(st.lists(maybe(TEXT), max_size=3)),
    "reals": maybe(st.lists(maybe(st.sampled_from([0.0, 1.5])), max_size=3)),
    "pairs": maybe(st.lists(maybe(st.fixed_dictionaries({"word": maybe(TEXT), "number": maybe(WHOLE)})), max_size=2)),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), max_size=6)


def table(rows):
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def fingerprint(*tables):
    found = TableDigest(tables[0].schema)
    for one in tables:
        found.update(one)
    return found.hexdigest()


@settings(max_examples=150, deadline=None)
@given(ROWS, st.lists(st.integers(0, 6), max_size=3))
def test_how_a_table_is_cut_does_not_matter(rows, cuts):
    whole = table(rows)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = [whole.slice(a, b - a) for a, b in pairwise(edges)]
    assert fingerprint(*pieces) == fingerprint(whole)
    assert fingerprint(pa.concat_tables(pieces)) == fingerprint(whole)
    assert fingerprint(*(table(piece.to_pylist()) for piece in pieces)) == fingerprint(whole)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_how_a_table_is_read_does_not_matter(rows):
    sink = pa.BufferOutputStream()
    pq.write_table(table(rows), sink, row_group_size=2)
    assert fingerprint(pq.read_table(pa.BufferReader(sink.getvalue()))) == fingerprint(table(rows))


@settings(max_examples=300, deadline=None)
@given(ROWS, ROWS)
def test_other_rows_have_another_fingerprint(one, two):
    # -0.0 is not 0.0 here, as in JSON; the order in which a row names its cells says nothing.
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (fingerprint(table(one)) == fingerprint(table(two))) == same


@settings(max_examples=200, deadline=None)
@given(ROWS.filter(bool), st.data())
def test_every_cell_counts(rows, data):
    place, name = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(sorted(CELLS)))
    value = data.draw(CELLS[name])
    changed = [{**row, name: value} if index == place else row for index, row in enumerate(rows)]
    assert (fingerprint(table(changed)) == fingerprint(table(rows))) == (repr(changed) == repr(rows))


def test_text_does_not_run_into_the_next_cell():
    def one(*texts):
        return fingerprint(pa.table({"t": pa.array(texts, pa.string())}))

    assert len({one("ab", "c"), one("a", "bc"), one("abc", ""), one("abc", None), one("abc")}) == 5


def test_the_name_of_a_column_counts():
    assert fingerprint(pa.table({"a": ["x"], "b": ["y"]})) != fingerprint(pa.table({"b": ["x"], "a": ["y"]}))


def test_it_is_stable_across_versions_of_the_code():
    # A changed value here means that no manifest of this format can be opened any more: that needs a new one.
    found = TableDigest(arrow_schema(Clip))
    found.update(to_table(Clip, [clip(emotion=None), clip(landmarks=(1.0, 2.5))]))
    assert found.hexdigest()[:16] == "5a65d11ccdc28022"


def test_a_batch_of_other_columns_is_refused():
    with pytest.raises(ValueError, match="other columns"):
        TableDigest(SCHEMA).update(pa.table({"a": [1]}))
