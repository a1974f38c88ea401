"""4DME: headers of older copies, the file known by positions, cropped frames."""

import shutil

import pytest
from invented import rows_of
from invented.files import write_book
from invented.fourdme import CORPORA, EXPECTED, HEADER, SECOND, SHEET, draw, second, sheet

from me_augment.corpora import fourdme, read_corpus
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "4DME")


def test_headers_with_apostrophes_are_the_same_columns(corpus):
    write_book(corpus / SHEET, {"Sheet1": sheet([f"{name}'" for name in HEADER])})
    assert rows_of(read_corpus("4dme", corpus)) == EXPECTED


def test_what_contradicts_the_marked_columns_is_said(corpus):
    clips = {clip.name: clip for clip in read_corpus("4dme", corpus).manifest.clips}
    assert clips["X92/X92_b_1"].issues[0].detail.endswith("emotion is 'positive', and the columns marked are negative")
    unknown = "'joy' of 'Others+Joy' is none of positive, negative, surprise, repression, others"
    assert clips["X92/X92_c"].issues[0].detail.endswith(unknown)


def test_the_summary_is_no_row_and_the_extra_folder_no_clip(corpus):
    ingested = read_corpus("4dme", corpus)
    assert not any("no data row" in line for line in ingested.warnings)
    assert "1 recordings have no label row: gray_micro/X92/X92_z_1." in ingested.warnings


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("given", [False, True])
def test_the_second_file_is_read_by_position(corpus, base, given):
    (corpus / SHEET).unlink()
    file = write_book(corpus / ("renamed.xlsx" if given else SECOND), {"Sheet1": second(base)})
    manifest = read_corpus("4dme", corpus, sheet=file if given else None).manifest
    assert [(clip.name, clip.onset, clip.apex, clip.offset, clip.emotion) for clip in manifest.clips] == [
        (name, *row.numbers[:2], None, row.emotion) for name, row in EXPECTED.items()
    ]
    first = manifest.clips[0]
    assert (first.onset_index, first.apex_index, first.offset_index, first.au_verbatim) == (0, 3, None, None)
    assert [issue.code for issue in first.issues] == ["expression-unstated", "offset-missing"]


def test_a_second_file_of_other_clips_is_not_taken(corpus):
    (corpus / SHEET).unlink()
    write_book(corpus / SECOND, {"Sheet1": [[None, "Y1", 1, 2, 3, "Y1_a", None, None, 3, 4]]})
    with pytest.raises(UsageError, match="no label file of 4DME"):
        read_corpus("4dme", corpus)


@pytest.mark.parametrize("name", ["micro_short_gray_video", "micro_short_gray_video_cropped"])
def test_the_short_videos_are_trees_too(corpus, name):
    (corpus / "gray_micro").rename(corpus / name)
    (corpus / "leavings").mkdir()
    assert rows_of(read_corpus("4dme", corpus)) == EXPECTED


def test_cropped_frames_are_read_where_there_are_no_others(corpus):
    draw(corpus, "gray_micro_crop")
    raw = read_corpus("4dme", corpus).manifest
    assert raw.provenance["frames"] == "gray_micro (not read: gray_micro_crop)"
    shutil.rmtree(corpus / "gray_micro")
    cropped = read_corpus("4dme", corpus)
    assert cropped.manifest.provenance["frames"] == "gray_micro_crop"
    assert rows_of(cropped) == EXPECTED


def test_no_correction_is_shipped_since_none_can_be_keyed():
    assert fourdme.CORRECTIONS == ()
