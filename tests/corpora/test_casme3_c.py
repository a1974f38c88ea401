"""CAS(ME)^3 part C: what frame numbers count, trees and copies of the sheet."""

import shutil

import pytest
from invented import rows_of
from invented.casme3_c import BOOK, CORPORA, EXPECTED, HEADER, ROWS

from me_augment.corpora import read_corpus


@pytest.fixture
def corpus(tmp_path):
    """The invented corpus: a folder of images for each event."""
    return CORPORA[0].write(tmp_path / "CAS(ME)3")


def read(root, **options):
    return read_corpus("casme3-c", root, **options)


def test_the_decision_is_told(corpus):
    details = {clip.name: [issue.detail for issue in clip.issues] for clip in read(corpus).manifest.clips}
    assert details["C91/91_1"] == []
    assert details["C91/91_2"][-1] == "onset 3 and offset 6 count the images of the folder, whose names begin at 101"
    assert details["C91/91_3"] == ["onset 4 and offset 8 fit both names and ranks of the 11 images 3 to 13"]
    assert details["C92/92_2"] == ["onset 60 and offset 64 fit neither names nor ranks of the 7 images 1 to 7"]


def test_whole_recordings_are_decided_by_the_same_rule(corpus, frames, workbook):
    shutil.rmtree(corpus / "part_C")
    frames(corpus / "part_C/91/color", range(101, 161), "{n}.jpg")
    rows = [[91, 1, 3, 6, "4", "negative"], [91, 2, 105, 160, "4", "negative"], [91, 3, 105, 161, "4", "negative"]]
    workbook(corpus / BOOK, {"mockCrimeME": [HEADER, *rows]})
    found = rows_of(read(corpus))
    assert [row.shows for row in found.values()] == [(103, None, 106), (105, None, 160), (None, None, None)]
    assert [row.issues for row in found.values()] == [("numbering-ranks",), (), ("numbering-undecided",)]


def test_a_copy_with_a_column_more_reads_alike(corpus, workbook):
    rows = [[*row[:4], "PHY 1", *row[4:]] for row, _ in ROWS]
    workbook(corpus / BOOK, {"x": [[*HEADER[:4], "PHY", *HEADER[4:]], *rows]})
    assert rows_of(read(corpus)) == EXPECTED


def test_no_apex_is_missed_where_none_was_labelled(corpus):
    assert not any(issue.code == "apex-missing" for clip in read(corpus).manifest.clips for issue in clip.issues)
