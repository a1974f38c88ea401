"""Totals: which copies are known, and which differences are said."""

from dataclasses import dataclass

from me_augment.corpora.published import about_totals


@dataclass
class Labelled:
    subject: str
    emotion: str | None = None
    expression: str = "micro"


def events(count, subjects, emotion=None):
    return [Labelled(str(i % subjects), emotion) for i in range(count)]


def test_the_micro_expressions_of_a_sheet_without_emotions_are_a_known_copy():
    assert about_totals("casme3-a", "CAS(ME)3_part_A_v2.xls", events(860, 94)) == []
    assert "nearest known version (micro, v2)" in about_totals("casme3-a", "x", events(859, 94))[0]


def test_other_emotions_are_another_copy():
    assert "(disgust 860)" in about_totals("casme3-a", "x", events(860, 94, "disgust"))[0]
