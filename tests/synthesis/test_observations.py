"""Measured once, ahead of need, a bounded number kept, and errors where the value is asked for."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from me_augment.synthesis.observations import Observations


class Measures:
    def __init__(self, seconds=0.0):
        self.done, self._seconds, self._lock = [], seconds, threading.Lock()

    def __call__(self, key):
        with self._lock:
            self.done.append(key)
        time.sleep(self._seconds)
        if key == "bad":
            raise ValueError("bad driver")
        return f"{key} measured"


@pytest.mark.parametrize("ahead", [0, 2])
def test_each_is_measured_once(ahead):
    measure = Measures()
    observations = Observations(measure, ahead)
    rows = list("aaabbbccc")
    for place, key in enumerate(rows):
        observations.expect(rows[place:])
        assert observations(key) == f"{key} measured"
    assert sorted(measure.done) == ["a", "b", "c"]


def test_threads_that_ask_at_once_wait_for_one():
    measure = Measures(0.05)
    observations = Observations(measure)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(observations, ["a"] * 8)) == {"a measured"}
    assert measure.done == ["a"]


def test_what_comes_next_is_begun_before_it_is_asked_for():
    measure = Measures()
    observations = Observations(measure, 2)
    observations.expect("aabcd")
    deadline = time.monotonic() + 5
    while len(measure.done) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(measure.done) == ["a", "b"]


@pytest.mark.parametrize("ahead", [0, 2])
def test_an_error_comes_where_the_value_is_asked_for(ahead):
    observations = Observations(Measures(), ahead)
    observations.expect(["bad", "good"])
    for _ in range(2):
        with pytest.raises(ValueError, match="bad driver"):
            observations("bad")
    assert observations("good") == "good measured"


def test_few_are_kept():
    measure = Measures()
    observations = Observations(measure)
    for key in "abca":
        observations(key)
    assert measure.done == ["a", "b", "c", "a"]
