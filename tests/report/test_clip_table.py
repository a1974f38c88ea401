"""Rows packed for the page."""

import base64
import gzip
import json

import pytest
from rows import clip, synthetic

from me_augment.manifest import Clip, Issue
from me_augment.manifest.columns import to_table
from me_augment.report.clip_table import clip_table


def unpacked(table):
    data = json.loads(gzip.decompress(base64.b64decode(table.data)))

    def cell(name, row):
        column = data["columns"][name]
        if "values" in column:
            return column["values"][row]
        at = column["at"][row]
        return None if at is None else column["words"][at]

    return data["rows"], cell


def test_everything_comes_back():
    one, two = clip(), clip(clip_id="clip-2", person_id="casme2:sub92")
    made = synthetic(one, two, seed=2**62 + 1, strength=0.9685, mirror=True, quality_correlation=0.98765, onset=123456)
    count, cell = unpacked(clip_table(to_table(Clip, [one, two, made]), ()))
    assert count == 3
    assert [cell("name", row) for row in range(3)] == [one.name, two.name, made.name]
    assert cell("seed", 2) == str(2**62 + 1)
    assert cell("seed", 0) is None
    assert (cell("strength", 2), cell("quality_correlation", 2)) == (0.9685, pytest.approx(0.9876, abs=1e-4))
    assert (cell("onset", 2), cell("onset", 0)) == (123456, 10)
    assert (cell("mirror", 2), cell("is_synthetic", 2), cell("is_synthetic", 0)) == (1, 1, 0)
    assert cell("forbidden_subjects", 2) == ["casme2:sub91", "casme2:sub92"]
    assert [cell("made_by", row) for row in range(3)] == [None, None, "warp, version 1"]
    assert [cell("made_as", row) for row in range(3)] == [None, None, made.clip_id]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_unknown(value):
    table = clip_table(to_table(Clip, [synthetic(clip(), clip(), quality_gain=value)]), ())
    assert unpacked(table)[1]("quality_gain", 0) is None


def test_an_event_is_made_again_with_its_video():
    whole = synthetic(clip(), clip(), clip_id="video", issues=(Issue(code="long-video", detail="x"),))
    event = synthetic(clip(), clip(), clip_id="event")
    _, cell = unpacked(clip_table(to_table(Clip, [whole, event]), ()))
    assert [cell("made_as", row) for row in range(2)] == ["video", "video"]


def test_of_too_many_rows_the_telling_ones_stay():
    rows = [clip(clip_id=f"c{n}", status="rejected" if n == 17 else "ok") for n in range(100)]
    table = clip_table(to_table(Clip, rows), ["c55"], most=20)
    count, cell = unpacked(table)
    listed = [cell("clip_id", row) for row in range(count)]
    assert (table.rows, table.of, count) == (20, 100, 20)
    assert {"c17", "c55", "c0", "c99"} <= set(listed)
    assert listed == sorted(listed, key=lambda name: int(name[1:]))
    assert len(set(listed)) == 20


def test_the_same_rows_give_the_same_bytes():
    table = to_table(Clip, [clip(), clip(clip_id="clip-2")])
    assert clip_table(table, ()) == clip_table(table, ())
