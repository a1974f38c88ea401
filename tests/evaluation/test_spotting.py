"""MEGC's rules for spotted intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.evaluation.spotting import Interval, compare, iou, strs


def spans(*pairs, video="v", kind="micro"):
    return [Interval(video, onset, offset, kind) for onset, offset in pairs]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((10, 19), (10, 19), 1), ((10, 19), (15, 24), 5 / 15), ((10, 19), (19, 28), 1 / 19), ((10, 19), (20, 29), 0)],
)
def test_overlap_counts_both_ends_and_nothing_where_spans_are_apart(first, second, expected):
    assert iou(*spans(first, second)) == pytest.approx(expected)


def test_half_is_enough():
    found = compare(spans((0, 9)), spans((0, 4))).scores["micro"]
    assert (found.hits, found.f1) == (1, 1)
    assert compare(spans((0, 9)), spans((0, 3))).scores["micro"].hits == 0


def test_a_truth_counts_once():
    found = compare(spans((0, 9)), spans((0, 9), (0, 8), (1, 9)))
    assert found.scores["micro"] == found.scores["overall"]
    assert (found.scores["micro"].hits, found.scores["micro"].predicted) == (1, 3)
    assert found.pairs[0][1].offset == 9
    assert len(found.wrong) == 2


def test_kinds_are_scored_apart_and_together():
    truth = [*spans((0, 9)), *spans((20, 59), kind="macro"), *spans((0, 9), video="w")]
    said = [*spans((0, 9), kind="macro"), *spans((20, 59), kind="macro"), *spans((0, 9), video="w")]
    found = compare(truth, said).scores
    assert (found["micro"].hits, found["micro"].predicted, found["micro"].true) == (1, 1, 2)
    assert (found["macro"].hits, found["macro"].predicted, found["macro"].true) == (1, 2, 1)
    assert (found["overall"].hits, found["overall"].f1) == (2, pytest.approx(4 / 6))


def test_the_corpus_is_one_video():
    """F1 of summed counts, no mean over videos."""
    truth = [*spans((0, 9), (20, 29), (40, 49)), *spans((0, 9), video="w")]
    found = compare(truth, [*spans((0, 9), (20, 29), (40, 49)), *spans((50, 59), video="w")])
    assert found.scores["micro"].f1 == pytest.approx(6 / 8)


def test_nothing_said_is_zero_and_no_error():
    found = compare(spans((0, 9)), []).scores["micro"]
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)
    assert compare([], []).scores["overall"].f1 == 0


def test_strs_is_the_product():
    truth = [Interval("v", 0, 9, emotion="negative"), Interval("v", 20, 29, emotion="positive")]
    said = [Interval("v", 0, 9, emotion="negative"), Interval("v", 20, 29, emotion="negative")]
    found = strs(compare(truth, said), ("negative", "positive"))
    p, r = (1 / 2 + 0) / 2, (1 + 0) / 2
    assert found.spotting == 1
    assert found.strs == pytest.approx(2 * p * r / (p + r))


def test_a_span_that_ends_before_it_begins_is_an_error():
    with pytest.raises(ValueError, match="no span of a known kind"):
        compare(spans((9, 0)), [])


starts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 15)).map(lambda s: (s[0], s[0] + s[1])), max_size=6)


@given(starts, starts)
def test_no_assignment_has_more_hits(truth, said):
    """Against all ways to match, tried one by one."""

    def best(i, used):
        if i == len(truth):
            return 0
        options = [best(i + 1, used)]
        for j, one in enumerate(said):
            if j not in used and iou(*spans(truth[i], one)) >= 0.5:
                options.append(1 + best(i + 1, used | {j}))
        return max(options)

    assert compare(spans(*truth), spans(*said)).scores["micro"].hits == best(0, frozenset())
