"""Spoilt tables and trees: never a traceback, never a row that is silently wrong."""

import random

import pytest
from invented import invented
from invented.fuzz import Fuzz

from me_augment.corpora import cells


@pytest.mark.parametrize("one", invented(), ids=lambda one: one.corpus)
def test_a_spoilt_corpus_is_read_or_refused_in_words(one, tmp_path):
    fuzz = Fuzz(one, tmp_path)
    chance = random.Random(f"{one.corpus} 1")
    for _ in range(25):
        mutation, complaints = fuzz.run(chance)
        assert not complaints, mutation.said


def test_the_judge_sees_a_reader_that_salvages_digits(tmp_path, monkeypatch):
    """`12abc` is no 12: the mistake that the fuzz run is there to find."""

    def salvage(text):
        digits = "".join(char for char in text if char.isdigit() and char.isascii())
        return int(digits[:9]) if digits else None

    monkeypatch.setattr(cells, "whole_number", salvage)
    fuzz = Fuzz(next(one for one in invented() if one.corpus == "casme2"), tmp_path)
    chance = random.Random(1)
    assert any(fuzz.run(chance)[1] for _ in range(100))
