"""CAS(ME)^2: trees of long videos and of clips, copies of its labels, people and videos."""

import shutil

import pytest
from invented import rows_of
from invented.casme_sq import BOOK, CODES, CORPORA, EXPECTED, PEOPLE, ROWS, VIDEOS, sheets
from invented.files import write_video

from me_augment.corpora import casme_sq, read_corpus

CLIPS = {"s91/anger1_1": range(3, 9), "s92/disgust1_1": range(998, 1004), "s92/happy2_1": range(2, 10)}


@pytest.fixture
def corpus(tmp_path):
    """The invented corpus: long videos as pictures, the workbook with its three sheets."""
    return CORPORA[0].write(tmp_path / "CAS(ME)^2")


def read(root, **options):
    return read_corpus("casme-sq", root, **options)


def shown(ingested):
    return {name: row.shows for name, row in rows_of(ingested).items()}


def test_videos_as_files_show_the_same_frames(corpus):
    for name, numbers in VIDEOS.items():
        write_video(corpus / f"rawvideo/{name}.avi", range(1, numbers[-1] + 1))
    videos = read(corpus, tree="video")
    assert rows_of(videos) == EXPECTED
    (path,) = [row.path for row in videos.manifest.recordings if "0101" in row.path]
    assert path == "rawvideo/s92/92_0101disgusting.avi"
    shutil.rmtree(corpus / "rawpic")
    assert read(corpus).manifest == videos.manifest


@pytest.mark.parametrize("above", ["", "CAS(ME)2_longVideoFaceCropped/"])
def test_long_crops_are_read_plain_and_nested(corpus, frames, above):
    shutil.rmtree(corpus / "rawpic")
    for name, numbers in VIDEOS.items():
        frames(corpus / f"{above}longVideoFaceCropped" / name, numbers, "img_{n}.jpg")
    ingested = read(corpus)
    assert rows_of(ingested) == EXPECTED
    assert ingested.manifest.provenance["frames"] == f"{above}longVideoFaceCropped"


@pytest.mark.parametrize(("kind", "tree"), [("raw-clips", "selectedpic/s{}"), ("cropped-clips", "cropped/{}")])
def test_clips_are_found_by_their_own_names(corpus, frames, kind, tree):
    for name, numbers in CLIPS.items():
        subject, clip = name.split("/")
        frames(corpus / tree.format(subject[1:]) / clip, numbers)
    assert read(corpus).manifest.provenance["frames"].startswith("rawpic (not read: ")
    rows = shown(read(corpus, tree=kind))
    assert {name: rows[name] for name in CLIPS} == {name: EXPECTED[name].shows for name in CLIPS}
    assert rows_of(read(corpus, tree=kind))["s91/anger1_2"].issues == ("offset-missing", "folder-missing")


def test_few_long_videos_are_not_less_than_many_clips(corpus, frames):
    for count in range(1, 13):
        frames(corpus / f"selectedpic/s92/happy2_{count}", range(1, 12))
    rows = [[91, f"happy2_{count}", 2, 3, 4, 12, "positive", "micro-expression", ""] for count in range(1, 13)]
    book = {**sheets(), "CASFEcode_final": rows}
    CORPORA[0].__class__(corpus="casme-sq", frames=lambda _: None, books={BOOK: book}, rows={}).write(corpus)
    assert read(corpus).manifest.provenance["frames"] == "rawpic (not read: selectedpic)"


def test_the_updated_copy_is_read_by_the_table_of_participants(corpus, workbook, monkeypatch):
    monkeypatch.setattr(casme_sq, "PARTICIPANTS", {"91": "s92", "92": "s91"})
    notes = {"4+7": "4,24", 10: "14or23", "6+12": "null"}
    rows = [[*row[:5], notes.get(row[5], row[5]), *row[6:], -5, "s91/91_0401x"] for row in ROWS]
    copy = workbook(corpus.parent / "CAS(ME)^2code_final(Updated).csv", {"": rows})
    clips = {clip.name: clip for clip in read(corpus, sheet=copy).manifest.clips}
    assert list(clips) == list(EXPECTED)
    assert [unit.number for unit in clips["s91/anger1_2"].aus] == [4, 24]
    assert [unit.status for unit in clips["s92/disgust1_1"].aus] == ["choice", "choice"]
    assert [issue.code for issue in clips["s92/happy2_1"].issues] == ["apex-missing", "au-unknown"]
    assert clips["s91/anger1_2"].offset is None


def test_the_copy_as_its_authors_ship_it_comes_first(corpus, workbook):
    workbook(corpus / "CAS(ME)^2code_final(Updated).xlsx", sheets())
    said = read(corpus).manifest.provenance["labels"]
    assert said == f"{BOOK}, CASFEcode_final (not read: CAS(ME)^2code_final(Updated).xlsx)"


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ([*PEOPLE, [95, "s95", 92]], "participant 92 is s91 or s95"),
        ([[91, "s97", 92], PEOPLE[1]], "participant 92 is s91 or s97"),
        ([PEOPLE[0], [91, "s91", 91]], "participant 92 is s91, whom participant 91 shares"),
        ([*PEOPLE, [91, "s91", 1]], "participant 92 is s91, whom participant 1 shares"),
    ],
)
def test_people_that_contradict_each_other_are_told(corpus, workbook, people, says):
    workbook(corpus / BOOK, {"naming rule1": people, "naming rule2": CODES, "CASFEcode_final": ROWS})
    clip = read(corpus).manifest.clips[0]
    assert clip.issues[0].code == "subject-conflict"
    assert clip.issues[0].detail.endswith(says)


def test_the_shipped_tables_have_the_right_form():
    assert len(casme_sq.PARTICIPANTS) == len(set(casme_sq.PARTICIPANTS.values())) == 22
    assert (casme_sq.PARTICIPANTS["1"], casme_sq.PARTICIPANTS["15"]) == ("s15", "s32")
    assert len(set(casme_sq.CODES.values())) == len(casme_sq.CODES) == 9
    assert all(len(code) == 4 and code.startswith("0") for code in casme_sq.CODES.values())
