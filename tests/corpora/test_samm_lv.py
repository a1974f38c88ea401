"""SAMM Long Videos: versions of its sheet, and where the emotions come from."""

import pytest
from invented import rows_of, samm
from invented.samm_lv import BOOK, CORPORA, EXPECTED, HEADER, PREAMBLE, ROWS

from me_augment.corpora import read_corpus
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "SAMM_LV")


def read(root, **options):
    return read_corpus("samm-lv", root, **options)


def sheet_v1(shift):
    """Version 1 counts frames with fractions."""
    shifted = [[cell + shift if 3 <= i <= 5 and cell > 0 else cell for i, cell in enumerate(row)] for row in ROWS]
    return {"FACS_Movement_Only": [*PREAMBLE, HEADER, *shifted]}


@pytest.mark.parametrize("shift", [-0.5, 0.49])
@pytest.mark.parametrize("name", ["SAMM_LongVideos_V1_Release.xlsx", "SAMM_LongVideos_V1_Release.xls", "copy.csv"])
def test_fractions_are_rounded_half_up(corpus, workbook, shift, name):
    path = workbook(corpus / name, sheet_v1(shift))
    assert rows_of(read(corpus, sheet=path)) == EXPECTED


def test_the_newest_sheet_is_read(corpus, workbook):
    workbook(corpus / "SAMM_LongVideos_V1_Release.xlsx", sheet_v1(0.25))
    assert read(corpus).manifest.provenance["labels"].startswith(f"{BOOK}, FACS_Movement_Only (not read: SAMM_Long")


def test_emotions_come_from_samm_and_frames_do_not(corpus, tmp_path):
    manifest = read(corpus).manifest
    assert manifest.provenance["emotions"] == f"{samm.BOOK}, MICRO_ONLY"
    assert manifest.clips[2].issues[1].detail.endswith("row 13: SAMM has no emotion of 091_1_3")
    elsewhere = (corpus / samm.BOOK).rename(tmp_path / "mine.xlsx")
    assert rows_of(read(corpus, samm_sheet=elsewhere)) == EXPECTED
    alone = read(corpus)
    assert "emotions" not in alone.manifest.provenance
    assert alone.warnings[-1].startswith("SAMM Long Videos states no emotions: its micro-expressions get them from")
    assert not any(clip.emotion for clip in alone.manifest.clips)
    assert not any(issue.code == "emotion-missing" for clip in alone.manifest.clips for issue in clip.issues)
    assert [clip.onset for clip in alone.manifest.clips] == [clip.onset for clip in manifest.clips]


def test_a_samm_sheet_that_is_none(corpus):
    (corpus / samm.BOOK).write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(UsageError, match=f"{samm.BOOK} is damaged"):
        read(corpus, samm_sheet=corpus / samm.BOOK)
    alone = read(corpus)
    assert f"{samm.BOOK} is damaged" in alone.warnings[-1]
    assert "emotions" not in alone.manifest.provenance
    assert len(alone.manifest.clips) == len(EXPECTED)
    assert not any(clip.emotion for clip in alone.manifest.clips)


def test_an_onset_of_0_stands_for_the_first_frame(corpus):
    clip = {clip.name: clip for clip in read(corpus).manifest.clips}["091/091_2_1-macro"]
    assert (clip.onset, clip.onset_index, clip.n_frames) == (0, 0, 7)
    assert clip.issues[0].detail.endswith("row 14: onset is 0, the first frame stands in for it")


def test_a_row_of_no_known_type_is_named(corpus, workbook):
    rows = [list(row) for row in ROWS]
    rows[1][HEADER.index("Type")] = "Mikro"
    workbook(corpus / BOOK, {"FACS_Movement_Only": [*PREAMBLE, HEADER, *rows]})
    ingested = read(corpus)
    assert len(ingested.manifest.clips) == len(ROWS) - 1
    assert ingested.warnings[0].endswith("row 12 is no data row (Type 'Mikro'), skipped.")


def test_a_name_and_type_twice_are_told_apart(corpus, workbook):
    workbook(corpus / BOOK, {"FACS_Movement_Only": [*PREAMBLE, HEADER, *ROWS[:2], ROWS[1]]})
    last = read(corpus).manifest.clips[-1]
    assert (last.name, last.issues[0].code) == ("091/091_1_2-macro#2", "duplicate-name")


def test_people_are_those_of_samm(corpus, tmp_path):
    short = read_corpus("samm", samm.CORPORA[0].write(tmp_path / "SAMM"))
    both = {clip.person_id for clip in short.manifest.clips} & {clip.person_id for clip in read(corpus).manifest.clips}
    assert both == {"samm:091", "samm:092"}
