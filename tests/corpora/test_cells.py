"""Cells: the numbers, classes and words that they hold, and a note for each that holds none."""

import pytest

from me_augment.corpora.cells import Cells, frame_rate, whole_number
from me_augment.corpora.sheets import LabelRow


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("46", 46),
        ("46.0", 46),
        ("046", 46),
        ("-1", -1),
        ("0", 0),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("9" * 5000, None),
        ("46.5", None),
        ("1e3", None),
        ("٤٦", None),
        ("4 6", None),
        ("", None),
        ("/", None),
    ],
)
def test_whole_numbers(text, number):
    assert whole_number(text) == number


def cells(**texts):
    return Cells(LabelRow(7, texts), "a.xlsx, S")


@pytest.mark.parametrize(
    ("text", "number", "codes"),
    [
        (" 46 ", 46, []),
        ("/", None, ["apex-missing"]),
        ("", None, ["apex-missing"]),
        ("\\", None, ["label-unparsed"]),
    ],
)
def test_frames(text, number, codes):
    row = cells(apex=text)
    assert row.frame("apex", missing=("/",)) == number
    assert [issue.code for issue in row.issues] == codes
    assert all(issue.detail.startswith("a.xlsx, S, row 7: apex ") for issue in row.issues)


@pytest.mark.parametrize("text", ["0", "0.0", " 0. "])
def test_a_number_that_stands_for_none_does_so_in_any_spelling(text):
    row = cells(offset=text, onset=text)
    assert (row.frame("offset", missing=("0",)), row.frame("onset")) == (None, 0)
    assert [issue.code for issue in row.issues] == ["offset-missing"]


@pytest.mark.parametrize(
    ("text", "number", "codes"),
    [
        ("7", 7, []),
        ("iv", 4, []),
        ("VII", 7, []),
        ("VIII", None, ["label-unparsed"]),
        ("0", None, ["label-unparsed"]),
        ("", None, ["class-missing"]),
    ],
)
def test_objective_classes(text, number, codes):
    row = cells(objective=text)
    assert row.objective_class("objective") == number
    assert [issue.code for issue in row.issues] == codes
    assert cells().objective_class("objective") is None


def test_words_are_kept_even_if_unknown():
    row = cells(emotion=" Joy ")
    assert (row.word("emotion", ("joy",)), row.issues) == ("Joy", [])
    assert row.word("emotion", ("fear",)) == "Joy"
    assert cells().word("emotion", ("joy",)) is None
    assert [issue.code for issue in row.issues] == ["emotion-unknown"]


def test_a_missing_column_is_not_an_empty_cell():
    assert cells().verbatim("au") is None
    assert cells(au=" ").verbatim("au") == " "
    assert (cells().objective_class("objective_class"), cells(c="8").objective_class("c")) == (None, None)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("200", (200, 1)), ("29.97", (2997, 100)), ("30000/1001", (30000, 1001)), ("500.0", (500, 1)), ("0", None),
        ("0.5", None), ("30/0", None), ("30/000", None), ("-25", None), ("fast", None), ("1e3", None), ("99999", None),
        ("", None), ("1/3/5", None), ("9999.999999", (10000, 1)),
    ],
)  # fmt: skip
def test_frame_rates_are_exact_and_fit_their_columns(text, rate):
    assert frame_rate(text) == rate
