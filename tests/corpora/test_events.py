"""Spans: labelled numbers to positions among the images present, and an issue for whatever does not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.corpora.events import Event, locate

PRESENT = (8, 9, 10, 12, 15, 16)


def event(onset=None, apex=None, offset=None, extent="labelled", numbering="given"):
    return Event(
        where="a, row 2",
        subject="s",
        video="s/v",
        name="s/v",
        onset=onset,
        apex=apex,
        offset=offset,
        extent=extent,
        numbering=numbering,
    )


@pytest.mark.parametrize(
    ("labels", "positions", "issues"),
    [
        ((8, 9, 10), (0, 1, 2), []),
        ((8, None, 10), (0, None, 2), []),
        ((9, 10, 16), (1, 2, 5), [("frame-missing", "no images between onset and offset for 11, 13-14")]),
        ((7, 9, 10), (None, 1, 2), [("frame-missing", "onset 7 has no image")]),
        ((8, 9, 17), (0, 1, None), [("frame-missing", "offset 17 has no image")]),
        ((15, 15, 16), (4, 4, 5), [("apex-at-onset", "apex and onset are both 15")]),
        ((8, 10, 10), (0, 2, 2), [("apex-at-offset", "apex and offset are both 10")]),
        ((8, 12, 10), (0, None, 2), [("apex-outside", "apex 12 lies outside 8 to 10")]),
        ((10, 9, 8), (None, None, None), [("order", "onset 10 lies after offset 8")]),
        ((9, 9, 9), (1, 1, 1), []),
        ((None, 9, 10), (None, 1, 2), []),
        ((8, 9, None), (0, 1, None), []),
        ((0, 2**31, 2**31 - 1), (None, None, None), None),
    ],
)
def test_spans(labels, positions, issues):
    span = locate(event(*labels), PRESENT)
    assert (span.onset, span.apex, span.offset) == positions
    if issues is not None:
        assert [(issue.code, issue.detail) for issue in span.issues] == issues


def test_a_whole_recording_spans_all_that_is_there():
    assert locate(event(extent="whole"), PRESENT).offset == len(PRESENT) - 1


@pytest.mark.parametrize(
    ("labels", "present", "positions", "issues"),
    [
        ((8, 10), range(8, 17), (0, 2), []),
        ((2, 4), range(8, 17), (1, 3), ["numbering-ranks"]),
        ((2, 4), range(1, 7), (1, 3), []),
        ((2, 4), [1, 2, 3, 4, 6], (1, 3), []),
        ((9, 10), range(8, 20), (None, None), ["numbering-undecided"]),
        ((4, 6), [1, 2, 3, 4, 6, 7, 8], (3, 5), ["numbering-ranks"]),
        ((3, 6), [8, 9, 10], (None, None), ["numbering-undecided"]),
        ((0, 2), [8, 9, 10], (None, None), ["numbering-undecided"]),
        ((None, 9), [8, 9, 10], (None, None), ["numbering-undecided"]),
        ((9, 8), [8, 9, 10], (None, None), ["order"]),
    ],
)
def test_what_numbers_count_is_decided_by_what_is_there(labels, present, positions, issues):
    span = locate(event(labels[0], None, labels[1], numbering="evidence"), present)
    assert (span.onset, span.offset) == positions
    assert [issue.code for issue in span.issues] == issues


numbers = st.integers(0, 40)


@given(present=st.sets(numbers, min_size=1), onset=numbers, apex=st.none() | numbers, offset=st.none() | numbers)
def test_a_position_always_shows_the_labelled_frame(present, onset, apex, offset):
    present = sorted(present)
    span = locate(event(onset, apex, offset), present)
    for label, position in ((onset, span.onset), (apex, span.apex), (offset, span.offset)):
        assert position is None or present[position] == label
    known = [position for position in (span.onset, span.apex, span.offset) if position is not None]
    assert known == sorted(known)
    lost = sum(
        label is not None and position is None
        for label, position in ((onset, span.onset), (apex, span.apex), (offset, span.offset))
    )
    assert bool(lost) <= bool(span.issues)


def test_a_whole_recording_says_what_it_lacks():
    span = locate(event(extent="whole"), PRESENT)
    assert (span.onset, span.apex, span.offset) == (0, None, 5)
    assert [issue.detail for issue in span.issues] == ["no images between onset and offset for 11, 13-14"]
    assert locate(event(extent="whole"), (4, 5, 6)).issues == ()


def test_an_event_begun_before_the_first_frame_starts_with_it():
    span = locate(event(0, 9, 10, extent="begun"), PRESENT)
    assert (span.onset, span.apex, span.offset, span.issues) == (0, 1, 2, ())
    late = locate(event(0, None, 11, extent="begun"), PRESENT)
    assert (late.onset, late.offset, [issue.code for issue in late.issues]) == (0, None, ["frame-missing"])
