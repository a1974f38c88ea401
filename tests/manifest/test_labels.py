"""Emotion words and the classes they fall into."""

import pytest
from rows import clip

from me_augment.errors import UsageError
from me_augment.manifest.labels import FIVE_CLASS, MEGC3, class_of, classes_of


@pytest.mark.parametrize(
    ("emotion", "three", "five"),
    [
        ("happiness", "positive", "happiness"),
        ("Disgust ", "negative", "disgust"),
        ("repression", "negative", "repression"),
        ("surprise", "surprise", "surprise"),
        ("others", None, "others"),
        ("sadness", None, None),
        ("fear", None, None),
        (None, None, None),
    ],
)
def test_casme2_words(emotion, three, five):
    assert MEGC3.of("casme2", emotion) == three
    assert FIVE_CLASS.of("casme2", emotion) == five


def test_classes_have_a_fixed_order():
    assert classes_of("megc3", []) == ("negative", "positive", "surprise")
    assert classes_of("emotion", [clip(emotion="b"), clip(emotion="a"), clip(emotion=None)]) == ("a", "b")


def test_class_of_a_clip():
    row = clip(emotion="surprise", label_megc3="surprise")
    assert class_of("emotion", row) == class_of("megc3", row) == "surprise"
    with pytest.raises(UsageError, match="choose one of emotion, megc3, casme2-5"):
        class_of("megc9", row)
