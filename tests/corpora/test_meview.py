"""MEVIEW: folders and videos together, a table of the user's own."""

import pytest
from invented import rows_of
from invented.meview import CORPORA, EXPECTED, HEADER, ROWS

from me_augment.corpora import read_corpus
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "corpus")


def test_frames_come_before_the_video_of_the_same_clip(corpus):
    ingested = read_corpus("meview", corpus)
    left_out = "MEVIEW/sub91_01.mp4 is left out: MEVIEW/sub91_01 has the same subject and name."
    assert left_out in ingested.warnings
    recordings = {row.path: (row.storage, row.fps_num) for row in ingested.manifest.recordings}
    assert recordings == {
        "MEVIEW/sub91_01": ("frames", None),
        "MEVIEW/sub91_02": ("frames", None),
        "MEVIEW/sub92_01.mp4": ("video", 25),
        "MEVIEW/sub94_01": ("frames", None),
    }
    assert rows_of(read_corpus("meview", corpus, tree="video"))["sub91_01"].shows == (52, 54, 57)


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx", "mine.xls"])
def test_the_table_may_be_named(corpus, workbook, name):
    (corpus / "MEVIEW labels.csv").unlink()
    file = workbook(corpus.parent / name, {"s": [HEADER, *(row for row, _ in ROWS)]})
    assert rows_of(read_corpus("meview", corpus, sheet=file)) == EXPECTED
    assert rows_of(read_corpus("meview", corpus / "MEVIEW", sheet=file)) == EXPECTED


def test_a_missing_column_is_named(corpus, workbook):
    head = [name.replace("apex", "peak") for name in HEADER]
    workbook(corpus / "MEVIEW labels.csv", {"": [head, *(row for row, _ in ROWS)]})
    with pytest.raises(UsageError, match="lacks the column apex"):
        read_corpus("meview", corpus)
