"""The one entry to all readers: known names, folders and options, and nothing heavy imported to list them."""

import subprocess
import sys

import pytest

from me_augment.corpora import CORPORA, options_of, read_corpus
from me_augment.errors import UsageError
from me_augment.manifest.folds import SHARED_PEOPLE


def test_an_unknown_corpus_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"no corpus 'casme9': choose one of .*casme2 \(CASME II\), .*faces"):
        read_corpus("casme9", tmp_path)


def test_an_unknown_option_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="casme2 has no option fps: its options are sheet, tree, corrections"):
        read_corpus("casme2", tmp_path, fps=3)
    with pytest.raises(UsageError, match="faces has no option tree: its options are sheet"):
        read_corpus("faces", tmp_path, sheet=None, tree="raw")


@pytest.mark.parametrize("name", CORPORA)
def test_a_root_that_is_no_folder_is_one_sentence(tmp_path, name):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="absent does not exist: give a folder"):
        read_corpus(name, tmp_path / "absent")
    with pytest.raises(UsageError, match="file is a file: give a folder"):
        read_corpus(name, tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be listed"):
        read_corpus(name, tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", CORPORA)
def test_every_corpus_takes_a_level_of_corrections(tmp_path, name):
    assert "corrections" in options_of(CORPORA[name])


@pytest.mark.parametrize("name", CORPORA)
def test_every_corpus_says_what_it_is(name):
    corpus = CORPORA[name]
    assert corpus.name == name
    assert corpus.title
    assert corpus.licence.endswith(".")
    assert corpus.expects.startswith("a folder")


def test_the_leakage_rule_knows_which_corpora_share_their_people():
    people_of = {name: corpus.people or name for name, corpus in CORPORA.items()}
    groups = {people: {name for name in people_of if people_of[name] == people} for people in people_of.values()}
    assert {group[0]: set(group) for group in SHARED_PEOPLE} == {
        people: names | {people} for people, names in groups.items() if names != {people}
    }


def test_listing_the_corpora_imports_nothing_heavy():
    heavy = ["numpy", "pyarrow", "cv2", "openpyxl"]
    code = f"import sys, me_augment.corpora; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
