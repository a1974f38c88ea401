"""SMIC-E: where packs nest, what rows mark more than once, and shipped corrections."""

import re

import pytest
from invented import rows_of
from invented.smic_e import CORPORA, book, draw, rows
from invented.smic_e import ROWS as SHEET

from me_augment.corpora import read_corpus, smic_e
from me_augment.corpora.corrections import Correction

BOOK = "SMIC-HS-E_annotation.xlsx"


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "SMIC-E")


def read(root, **options):
    return read_corpus("smic-e-hs", root, **options)


@pytest.mark.parametrize("pad", [1, 2])
@pytest.mark.parametrize(
    "folder",
    ["SMIC-E_raw image/HS_long/SMIC-HS-E/HS", "HS_long/SMIC-HS-E", "HS_long", "SMIC_HS_E", "x/SMIC-HS-E/HS"],
)
def test_packs_nest_more_or_less_deep(tmp_path, workbook, folder, pad):
    draw(tmp_path / folder, pad)
    workbook(tmp_path / BOOK, {"HS": book()})
    ingested = read(tmp_path)
    assert rows_of(ingested) == rows()
    assert "not read" not in ingested.manifest.provenance["frames"]
    assert [
        row.path.split("/")[-1] for row in ingested.manifest.recordings if row.issues[0].code == "label-missing"
    ] == ["s92_ne_95"]


def test_the_newer_sheet_is_read(corpus, workbook):
    workbook(corpus / BOOK, {"HS": book()})
    assert read(corpus).manifest.provenance["labels"] == f"SMIC-HS-E_annotation_2019.xlsx, HS (not read: {BOOK})"


@pytest.mark.parametrize(
    "without", [(), ("TotalMF3", "Onset3F", "Offset3F"), ("TotalMF3", "Onset3F", "Offset3F", "LastF")]
)
def test_sheets_of_all_widths_are_read(corpus, workbook, without):
    path = workbook(corpus / "copy.csv", {"": book(*without)})
    assert rows_of(read(corpus, sheet=path)) == rows(*without)


def test_issues_say_what_was_made_of_a_row(corpus):
    clips = {clip.name: clip for clip in read(corpus).manifest.clips}

    def details(name):
        return [issue.detail.split(": ", 1)[1] for issue in clips[name].issues]

    assert details("s09/s9_sur_91") == ["onset3 1012 and offset3 1015 stand in the row already"]
    assert details("s09/s9_ne_91-2") == [
        "onset3 2016, offset3 0 and a length of -2015 are no micro-expression",
        "a later micro-expression stands before an earlier one",
    ]
    assert details("s92/s92_po_91") == ["first 'MISSING <-123' is no frame number"]
    assert details("s92/s92_sur_92") == [
        "'s92_sur_92' is no negative one by its name",
        "frames 20 to 31 of the clip, as stated, do not hold 34",
    ]
    assert details("s92/s92_po_94") == ["Subject 's9' is not that of 's92_po_94'"]


def test_half_a_second_one_is_kept_and_noted(tmp_path, workbook, monkeypatch):
    row = [92, "s92_sur_91", 30, 34, 36, None, None, None, 20, 40, 5, 0, 0, 21, "surprise"]
    monkeypatch.setitem(SHEET, "half", (row, range(20, 41)))
    draw(tmp_path / "SMIC-HS-E")
    workbook(tmp_path / BOOK, {"HS": book()})
    clips = [clip for clip in read(tmp_path).manifest.clips if "s92_sur_91" in clip.name]
    assert [(clip.onset_index, clip.offset_index) for clip in clips] == [(10, 14), (16, None)]
    assert [issue.code for issue in clips[1].issues] == ["offset-missing"]


@pytest.mark.parametrize(("known", "left"), [((), 2), (("s92/sur_91",), 1)])
def test_a_negative_length_drops_a_third_one_only_where_it_cannot_be(tmp_path, workbook, monkeypatch, known, left):
    """A sound span is dropped for the clips that are known to have junk there, else kept and noted."""
    monkeypatch.setattr(smic_e, "JUNK_THIRD", frozenset(known))
    row = [92, "s92_sur_91", 30, 34, None, None, 36, 38, 20, 40, 5, 0, -3, 21, "surprise"]
    monkeypatch.setitem(SHEET, "junk", (row, range(20, 41)))
    draw(tmp_path / "SMIC-HS-E")
    workbook(tmp_path / BOOK, {"HS": book()})
    clips = [clip for clip in read(tmp_path).manifest.clips if "s92_sur_91" in clip.name]
    assert [clip.onset for clip in clips] == [30, 36][:left]
    assert {issue.code for clip in clips for issue in clip.issues} == {"event-dropped" if known else "row-conflict"}


def test_an_emotion_is_corrected_for_both_of_a_rows_events(corpus, monkeypatch):
    (shipped,) = smic_e.CORRECTIONS
    entry = Correction(
        key="s09/ne_91", guard=shipped.guard, change={"emotion": "surprise"}, mark=shipped.mark, why="its name"
    )
    monkeypatch.setattr(smic_e, "CORRECTIONS", (entry,))
    for level, emotion, count in (("safe", "surprise", 1), ("none", "negative", 0)):
        clips = [clip for clip in read(corpus, corrections=level).manifest.clips if "s9_ne_91" in clip.name]
        assert [(clip.emotion, clip.label_megc3) for clip in clips] == [(emotion, emotion)] * 2
        assert all([issue.code for issue in clip.issues].count("correction-applied") == count for clip in clips)


def test_the_shipped_corrections_have_the_right_form():
    keys = [*(entry.key for entry in smic_e.CORRECTIONS), *smic_e.JUNK_THIRD]
    assert len(keys) == 6
    assert all(re.fullmatch(r"s[0-9]{2}/(ne|po|sur)_[0-9]{2}", key) for key in keys)
    (entry,) = smic_e.CORRECTIONS
    assert entry.mark == "safe"
    assert entry.guard["emotion"].fullmatch("negative")
    assert not entry.guard["emotion"].fullmatch("surprise")


def test_a_loop_of_links_in_a_pack_ends(tmp_path, workbook):
    draw(tmp_path / "HS_long/SMIC-HS-E")
    (tmp_path / "HS_long/SMIC-HS-E/HS").symlink_to(tmp_path / "HS_long/SMIC-HS-E")
    workbook(tmp_path / BOOK, {"HS": book()})
    ingested = read(tmp_path)
    assert len(ingested.manifest.clips) == len(rows())
    assert sum("is left out" in warning for warning in ingested.warnings) == 6
