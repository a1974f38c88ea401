"""Rates and times left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.pace import per_minute, seconds_left, spoken


def test_nothing_is_said_before_something_was_done():
    assert per_minute(0, 10.0) is None
    assert per_minute(3, 0.0) is None
    assert seconds_left(5, 0, 10.0) is None


def test_the_rest_goes_on_as_what_was_done():
    assert per_minute(30, 20.0) == 90
    assert seconds_left(15, 30, 20.0) == pytest.approx(10.0)
    assert seconds_left(-2, 30, 20.0) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3600, "60 min"),
        (5399, "1 h 30 min"),
        (7200, "2 h"),
        (172_799, "2 d"),
        (187_200, "2 d 4 h"),
    ],
)
def test_durations_are_spoken(seconds, text):
    assert spoken(seconds) == text


@given(st.floats(0, 1e9))
def test_a_spoken_duration_is_near_the_true_one(seconds):
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    words = spoken(seconds).split()
    told = sum(int(n) * size[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert abs(told - seconds) <= max(0.5, 0.34 * seconds)
