"""DFME: parts that are missing or named, rates, and subjects who must never be shown."""

import shutil

import pytest
from invented import rows_of
from invented.dfme import CORPORA, EXPECTED

from me_augment.corpora import read_corpus
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    return CORPORA[0].write(tmp_path / "DFME")


def test_three_parts_are_one_corpus(corpus):
    ingested = read_corpus("dfme", corpus)
    assert ingested.manifest.provenance == {
        "labels": ", ".join(f"{name}_full_with_AU.xlsx, Sheet1" for name in ("training", "testA", "testB")),
        "frames": "DFME_train, test_data_A, test_data_B",
    }
    assert {row.path: (row.fps_num, row.fps_den) for row in ingested.manifest.recordings} == {
        "DFME_train/sub9001_01": (200, 1),
        "DFME_train/sub9001_02": (500, 1),
        "DFME_train/sub9002_01": (300, 1),
        "test_data_A/sub9003_01": (300, 1),
        "test_data_A/sub9003_02": (None, None),
        "test_data_B/sub9005_01": (200, 1),
        "test_data_B/sub9005_02": (None, None),
        "test_data_B/sub9006_01": (None, None),
    }
    totals = [line for line in ingested.warnings if line.startswith("label-version-unknown")]
    assert [line.split(" has ")[0] for line in totals] == [
        f"label-version-unknown: {name}_full_with_AU.xlsx, Sheet1" for name in ("training", "testA", "testB")
    ]


def test_one_part_is_read_alone_where_it_is_all_there_is(corpus):
    (corpus / "training_full_with_AU.xlsx").unlink()
    (corpus / "testB_full_with_AU.xlsx").unlink()
    for tree in ("DFME_train", "test_data_B"):
        shutil.rmtree(corpus / tree)
    ingested = read_corpus("dfme", corpus)
    assert rows_of(ingested) == {name: EXPECTED[name] for name in ("sub9003_01", "sub9003_02")}


def test_one_part_can_be_chosen(corpus):
    ingested = read_corpus("dfme", corpus, sheet=corpus / "testA_full_with_AU.xlsx", tree="test-a")
    assert list(rows_of(ingested)) == ["sub9003_01", "sub9003_02"]
    assert ingested.manifest.provenance["frames"] == "test_data_A"


def test_a_tree_given_itself_is_read_once(corpus):
    root = corpus / "DFME_train"
    ingested = read_corpus("dfme", root, sheet=corpus / "training_full_with_AU.xlsx")
    assert [row.path for row in ingested.manifest.recordings] == ["sub9001_01", "sub9001_02", "sub9002_01"]
    assert not any("left out" in line for line in ingested.warnings)


def test_a_clip_in_two_parts_is_read_from_the_first(corpus):
    shutil.copytree(corpus / "DFME_train/sub9001_01", corpus / "test_data_A/sub9001_01")
    ingested = read_corpus("dfme", corpus)
    left_out = "test_data_A/sub9001_01 is left out: DFME_train/sub9001_01 has the same subject and name."
    assert left_out in ingested.warnings
    assert rows_of(ingested) == EXPECTED


def test_an_older_file_of_a_part_is_set_aside(corpus):
    shutil.copy(corpus / "testA_full_with_AU.xlsx", corpus / "testA_full_with_AU old.xlsx")
    ingested = read_corpus("dfme", corpus)
    assert ingested.manifest.provenance["labels"].endswith("(not read: testA_full_with_AU old.xlsx)")
    assert rows_of(ingested) == EXPECTED


def test_subjects_never_to_be_shown_are_flagged(corpus, tmp_path):
    file = tmp_path / "never.txt"
    file.write_text("# by the agreement\nsub9001\n9005  # withdrew\n\nsub9009\n")
    ingested = read_corpus("dfme", corpus, never_show=file)
    flagged = [c.name for c in ingested.manifest.clips if any(issue.code == "never-show" for issue in c.issues)]
    assert flagged == ["sub9001_01", "sub9001_02", "SUB9005_01", "sub9005_02", "sub9005_03"]
    assert ingested.manifest.provenance["never to be shown"] == "3 subjects of never.txt"
    assert ingested.warnings[-1] == f"{file} names sub9009, of whom there is no clip."


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"sub9001\nAnna\n", "line 2 of .*never.txt, 'Anna', is no subject"), (b"\xff\xfe\xff", "cannot be read")],
)
def test_a_wrong_list_of_subjects_is_one_sentence(corpus, tmp_path, text, says):
    (tmp_path / "never.txt").write_bytes(text)
    with pytest.raises(UsageError, match=says):
        read_corpus("dfme", corpus, never_show=tmp_path / "never.txt")
    with pytest.raises(UsageError, match="absent cannot be read"):
        read_corpus("dfme", corpus, never_show="absent")


def test_words_and_numbers_of_emotions_are_compared(corpus):
    clips = {clip.name: clip for clip in read_corpus("dfme", corpus).manifest.clips}
    assert clips["sub9002_01"].issues[0].detail.endswith("emotion is 'anger', and EmotionId 3 is fear")
    assert clips["sub9005_02"].issues[2].detail.endswith("emotion_id '9' is none of 0 to 6")
