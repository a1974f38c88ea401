"""MMEW: its second tree, rows that contradict themselves, totals."""

import shutil

import pytest
from invented import rows_of
from invented.mmew import CORPORA, EXPECTED, HEADER, SHEET, draw

from me_augment.corpora import mmew, read_corpus


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "MMEW_Final")


def test_rows_that_contradict_themselves_say_so(corpus):
    clips = {clip.name: clip for clip in read_corpus("mmew", corpus).manifest.clips}
    said = {name: clip.issues[0].detail.partition(": ")[2] for name, clip in clips.items() if clip.issues}
    assert said["S92-07-002"] == "emotion is 'fear', and the name S92-07-002 says anger"
    assert said["S92-06-004"] == "subject is S93, and the name of the clip is S92-06-004"
    assert said["S92-05-003"] == "onset is 2; every clip of MMEW begins at 1"


@pytest.mark.parametrize("tree", ["{subject}/{emotion}", "Micro_Expression/{subject}/{emotion}"])
def test_the_tree_by_subjects_gives_the_same_rows(corpus, tree):
    shutil.rmtree(corpus / "Micro_Expression")
    draw(corpus, tree)
    ingested = read_corpus("mmew", corpus, tree="subjects")
    assert rows_of(ingested) == EXPECTED
    assert read_corpus("mmew", corpus).manifest == ingested.manifest


def test_others_may_be_called_repression(corpus, workbook):
    rows = [HEADER, [92, "S92-04-001", 1, 2, 6, 4, "repression", None], [92, "S92-04-001", 1, 2, 6, 4, "joy", None]]
    workbook(corpus / SHEET, {"Sheet1": rows})
    codes = [[issue.code for issue in clip.issues] for clip in read_corpus("mmew", corpus).manifest.clips]
    assert codes == [[], ["emotion-unknown", "emotion-conflict", "duplicate-name"]]


def test_no_correction_is_shipped_since_none_can_be_keyed():
    assert mmew.CORRECTIONS == ()


def test_unlabelled_and_other_totals_are_warned_of(corpus):
    warnings = "\n".join(read_corpus("mmew", corpus).warnings)
    assert "label-version-unknown" in warnings
    assert "have no label row: Micro_Expression/disgust/S94-03-009, Micro_Expression/sadness/S92-06-004." in warnings
