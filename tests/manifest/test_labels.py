"""Emotion words and the classes they fall into."""

from dataclasses import replace

import pytest
from rows import clip, manifest, synthetic

from me_augment.errors import UsageError
from me_augment.manifest import Clip
from me_augment.manifest.au import parse_aus
from me_augment.manifest.au_emotions import EMOTIONS
from me_augment.manifest.labels import (
    BY_ACTION_UNITS,
    CASME2_FIVE,
    LABEL_SETS,
    MEGC3,
    SAMM_FIVE,
    class_column,
    class_of,
    classes_of,
    columns_of_driver,
    label_columns,
)
from me_augment.manifest.sequence import table_of

# The words of each corpus, as its sheet writes them, and their MEGC2019 class.
THREE = {
    "casme": "tense:- repression:neg disgust:neg surprise:sur happiness:pos contempt:neg fear:neg sadness:neg",
    "casme2": "happiness:pos surprise:sur disgust:neg repression:neg others:- sadness:- fear:-",
    "casme-sq": "negative:neg positive:pos surprise:sur others:-",
    "casme3-a": "disgust:neg surprise:sur others:- Others:- fear:neg anger:neg sad:neg happy:pos",
    "casme3-c": "negative:neg positive:pos surprise:sur others:-",
    "samm": "Anger:neg Other:- Happiness:pos Surprise:sur Contempt:neg Disgust:neg Fear:neg Sadness:neg",
    "samm-lv": "Anger:neg Other:- Happiness:pos",
    "smic-hs": "negative:neg positive:pos surprise:sur",
    "smic-nir": "negative:neg",
    "smic-e-vis": "surprise:sur",
    "mmew": "happiness:pos anger:neg surprise:sur disgust:neg fear:neg sadness:neg others:- repression:-",
    "4dme": "Positive:pos Negative:neg Surprise:sur Repression:neg Others:- Surprise+Positive:- "
    "Negative+Repression:neg Repression+Others:- Others+Others:- +:-",
    "dfme": "anger:neg contempt:neg disgust:neg fear:neg happiness:pos sadness:neg surprise:sur",
    "meview": "contempt:neg happiness:pos unclear:-",
    "generic": "Happy:pos negative:neg Contempt:neg bored:-",
}


@pytest.mark.parametrize("corpus", THREE)
def test_words_of_each_corpus(corpus):
    short = {"-": None, "neg": "negative", "pos": "positive", "sur": "surprise"}
    for word, expected in (pair.split(":") for pair in THREE[corpus].split()):
        assert MEGC3.of(corpus, word) == short[expected], word
    assert MEGC3.of(corpus, None) is None


def test_the_five_classes_know_their_corpora():
    words = ["happiness", "surprise", "disgust", "repression", "others", "sadness"]
    assert [CASME2_FIVE.of("casme2", word) for word in words] == [*words[:5], None]
    words = ["Anger", "Contempt", "Happiness", "Surprise", "Other", "Disgust"]
    assert [SAMM_FIVE.of("samm", word) for word in words] == [*map(str.lower, words[:5]), None]
    assert CASME2_FIVE.of("samm", "Happiness") is SAMM_FIVE.of("casme2", "happiness") is None
    assert CASME2_FIVE.of("mmew", "disgust") is None


def test_every_word_leads_to_a_class_of_its_set():
    for labels in LABEL_SETS.values():
        for corpus, words in labels.words.items():
            assert set(words.values()) <= set(labels.classes), corpus
            assert all(word == word.casefold() for word in words), corpus


def test_the_columns_of_a_row():
    assert label_columns("casme2", "disgust") == {
        "label_megc3": "negative",
        "label_casme2_5": "disgust",
        "label_samm_5": None,
    }
    assert label_columns("samm", "Anger") == {
        "label_megc3": "negative",
        "label_casme2_5": None,
        "label_samm_5": "anger",
    }
    assert set(label_columns("smic-hs", "positive").values()) == {"positive", None}
    for word in EMOTIONS:  # of clips made from action units: each set that has the word
        columns = label_columns(BY_ACTION_UNITS, word)
        for five in (CASME2_FIVE, SAMM_FIVE):
            assert columns[five.column] == (word if word in five.classes else None)


def test_classes_have_a_fixed_order():
    assert classes_of("megc3", []) == ("negative", "positive", "surprise")
    rows = [clip(clip_id=str(i), emotion=word) for i, word in enumerate(("b", "a", None, ""))]
    found = [class_of("verbatim", row) for row in rows]
    assert found == class_column("verbatim", table_of(Clip, tuple(rows))).to_pylist() == ["b", "a", None, None]
    assert classes_of("verbatim", rows) == ("a", "b")
    assert classes_of("objective", []) == ("1", "2", "3", "4", "5", "6", "7")


def test_class_of_a_clip():
    row = clip(emotion="surprise", label_megc3="surprise")
    assert class_of("verbatim", row) == class_of("megc3", row) == "surprise"
    with pytest.raises(UsageError, match="choose one of megc3, casme2-5, samm-5, objective, verbatim, au"):
        class_of("megc9", row)


def test_action_units_that_go_together():
    cells = ["R12+4A", "4+12C", "AU7?", "", "4+ref(7)", "10", "AD29"]
    rows = [clip(clip_id=str(i), au_verbatim=cell, aus=parse_aus(cell).units) for i, cell in enumerate(cells)]
    found = [class_of("au", row) for row in rows]
    assert found == ["4+12", "4+12", None, None, "4", "10", None]
    assert classes_of("au", rows) == ("4", "4+12", "10")
    assert class_column("au", table_of(Clip, tuple(rows))).to_pylist() == found


def _rows():
    happy = {"emotion": "happiness", "objective_class": 1}
    casme2 = clip(clip_id="c", label_casme2_5="happiness", **happy)
    samm = clip(clip_id="s", corpus="samm", person_id="samm:091", label_samm_5="happiness", **happy)
    mapped = replace(samm, person_id="casme2:sub91")
    by_units = replace(
        synthetic(casme2, samm, clip_id="u", label_casme2_5="happiness", label_samm_5="happiness", **happy),
        driver_clip_id=None,
        driver_person_id=None,
        action_units="12",
    )
    return {
        "casme2": casme2,
        "samm": samm,
        "samm-lv": replace(samm, clip_id="l", corpus="samm-lv"),
        "synthetic, by CASME II": synthetic(
            casme2, samm, clip_id="x", emotion="happiness", **columns_of_driver(casme2)
        ),
        "synthetic, by SAMM": synthetic(samm, casme2, clip_id="y", emotion="happiness", **columns_of_driver(samm)),
        "synthetic, by SAMM, mapped": synthetic(
            mapped, casme2, clip_id="z", emotion="happiness", **columns_of_driver(mapped)
        ),
        "synthetic, by action units": by_units,
    }


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("casme2-5", ["happiness", None, None, "happiness", None, None, "happiness"]),
        ("samm-5", [None, "happiness", "happiness", None, "happiness", "happiness", "happiness"]),
        ("objective", ["1"] * 7),
        ("verbatim", ["happiness"] * 7),
        ("au", [None] * 7),
    ],
)
def test_a_set_takes_the_clips_of_its_corpora_and_what_they_drove(labels, expected):
    rows = tuple(_rows().values())
    assert [class_of(labels, row) for row in rows] == expected
    assert class_column(labels, manifest(clips=rows).clip_table).to_pylist() == expected
