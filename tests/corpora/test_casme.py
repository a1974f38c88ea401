"""CASME: variants of the invented corpus on disk."""

import pytest
from invented import rows_of
from invented.casme import BOOK, CORPORA, EXPECTED, sheet

from me_augment.corpora import read_corpus


@pytest.fixture
def corpus(tmp_path):
    """The invented corpus: raw and cropped clips, labels in an old workbook."""
    return CORPORA[0].write(tmp_path / "CASME")


def read(root, **options):
    return read_corpus("casme", root, **options)


def issues(ingested, name):
    return [issue.detail for clip in ingested.manifest.clips if clip.name == name for issue in clip.issues]


def test_the_number_of_a_frame_stands_behind_that_of_its_episode(corpus):
    recordings = {row.path: row for row in read(corpus).manifest.recordings}
    plain = recordings["CASME_raw_selected/sub91/EP01_12"]
    padded = recordings["CASME_raw_selected/sub92/EP03_5"]
    assert (plain.frame_pattern, plain.first_number, plain.last_number) == ("EP01_12-{n}.jpg", 7, 14)
    assert (padded.frame_pattern, padded.first_number, padded.last_number) == ("EP03_5-{n}.jpg", 41, 49)
    assert (plain.fps_num, plain.fps_den) == (60, 1)


def test_a_second_apex_is_told_and_an_odd_one_too(corpus):
    ingested = read(corpus)
    assert issues(ingested, "sub92/EP03_5") == [f"{BOOK}, Sheet1, row 3: frame 46 is labelled as a second apex"]
    assert issues(ingested, "sub07/EP91_01")[0] == f"{BOOK}, Sheet1, row 6: apex2 'late' is no frame number"


def test_an_order_that_cannot_be_is_told(corpus):
    assert issues(read(corpus), "sub92/EP03_6") == ["onset 20 lies after offset 10"]


def test_crops_are_read_alike(corpus):
    ingested = read(corpus, tree="cropped")
    clip = ingested.manifest.clips[0]
    assert ingested.manifest.recordings[0].frame_pattern == "reg_EP01_12-{n}.jpg"
    assert (clip.onset_index, clip.apex_index, clip.offset_index) == (0, 2, 4)


def test_copies_of_the_sheet_read_alike(corpus, workbook):
    (corpus / BOOK).unlink()
    narrow = [[cell for i, cell in enumerate(row) if i not in (2, 7)] for row in sheet()]
    workbook(corpus / "CASME2-coding-20190701.xlsx", {"Sheet1": [["Subject"], [1]]})
    workbook(corpus / "casme.xlsx", {"x": narrow})
    ingested = read(corpus)
    assert ingested.manifest.provenance["labels"] == "casme.xlsx, x (not read: CASME2-coding-20190701.xlsx)"
    assert rows_of(ingested) == EXPECTED


def test_the_copies_of_three_lengths_are_known(corpus):
    said = "\n".join(read(corpus).warnings)
    assert f"label-version-unknown: {BOOK}, Sheet1 has 6 micro events of 3 subjects" in said
