"""The hard demo corpus: the same each time, readable as CASME II, uneven and one-sided as it says."""

import hashlib
from collections import Counter

import pytest

from me_augment.cli import main
from me_augment.corpora import read_corpus
from me_augment.demo import hard
from me_augment.demo.corpus import read_truth, write_hard_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hard")
    return folder, write_hard_corpus(folder, 2, 1)


def digest(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*.jpg")
    }


def test_it_is_the_same_each_time(corpus, tmp_path):
    folder, clips = corpus
    assert write_hard_corpus(tmp_path / "again", 2, 1) == clips
    assert digest(tmp_path / "again") == digest(folder)


def test_a_larger_crowd_begins_with_a_smaller():
    looks = [subject.landmarks for subject in hard.people(2)]
    assert all((a == b.landmarks).all() for a, b in zip(looks, hard.people(3), strict=False))


def test_it_reads_as_casme2_and_its_truth_is_kept(corpus):
    folder, clips = corpus
    rows = read_corpus("casme2", folder / "CASME2").manifest.clips
    assert [(row.subject, row.emotion, row.onset, row.apex, row.offset, row.au_verbatim) for row in rows] == [
        (clip.subject, clip.emotion, clip.onset, clip.apex, clip.offset, clip.coded) for clip in clips
    ]
    assert {issue.code for row in rows for issue in row.issues} == set()
    assert read_truth(folder / "truth.json") == clips


def test_classes_are_uneven_looks_are_many_and_some_one_sided():
    crowd = hard.people(1) * 150
    clips = hard.invent(crowd, 3)
    counts = Counter(clip.emotion for clip in clips)
    assert counts["disgust"] > counts["happiness"] > counts["surprise"]
    assert len({(clip.emotion, clip.coded) for clip in clips}) > 12
    assert any("L12" in clip.coded for clip in clips)
    assert any(isinstance(unit, tuple) for clip in clips for unit in clip.units)


def test_the_plain_demo_has_six_people(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--corpus-only", "--people", "7", "--out", str(tmp_path / "x")])
    assert "--hard invents as many as you like" in capsys.readouterr().err
