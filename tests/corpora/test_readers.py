"""What holds for the reader of every corpus, on invented corpora in the exact layouts."""

import shutil

import pytest
from invented import invented, rows_of

from me_augment.corpora import CORPORA, read_corpus, reader_of
from me_augment.corpora.published import PUBLISHED
from me_augment.corpora.recognise import recognise
from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings

EACH = pytest.mark.parametrize("one", invented(), ids=lambda one: one.corpus)


def read(one, root):
    return read_corpus(one.corpus, root, **one.options_at(root))


@EACH
def test_rows_are_as_expected_and_frames_are_the_labelled_ones(one, tmp_path):
    found = rows_of(read(one, one.write(tmp_path / "corpus")))
    assert found == dict(one.rows)
    assert list(found) == list(one.rows)


@EACH
def test_the_manifest_is_sound_and_survives_writing(one, tmp_path):
    manifest = read(one, one.write(tmp_path / "corpus")).manifest
    assert findings(manifest, check_files=True) == []
    written = manifest.write(tmp_path / "m")
    assert Manifest.open(tmp_path / "m") == written
    assert Manifest.open(tmp_path / "m").fingerprint == manifest.fingerprint


@EACH
def test_rows_do_not_depend_on_where_the_corpus_lies(one, tmp_path):
    before = read(one, one.write(tmp_path / "corpus")).manifest
    moved = shutil.move(tmp_path / "corpus", tmp_path / "elsewhere")
    assert read(one, moved).manifest.fingerprint == before.fingerprint


@EACH
@pytest.mark.parametrize("above", ["corpus", "up/corpus", "up/upper/corpus"])
def test_a_parent_of_the_corpus_will_do(one, tmp_path, above):
    if "sheet" in one.options or "columns" in one.options:
        pytest.skip("its labels are named, not found")
    one.write(tmp_path / "mount" / above)
    assert rows_of(read(one, tmp_path / "mount")) == dict(one.rows)


@EACH
def test_every_corpus_knows_the_levels_of_corrections(one, tmp_path):
    root = one.write(tmp_path / "corpus")
    for level in ("none", "all"):
        assert list(rows_of(read_corpus(one.corpus, root, corrections=level, **one.options_at(root)))) == list(one.rows)
    with pytest.raises(UsageError, match="no level of corrections 'some'"):
        read_corpus(one.corpus, root, corrections="some", **one.options_at(root))


@EACH
def test_links_that_lead_to_themselves_are_nothing(one, tmp_path):
    root = one.write(tmp_path / "corpus")
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        for name in ("loop", "loop.jpg", "sub98", "098", "s98", "loop.xlsx"):
            (folder / name).symlink_to(name)
    assert rows_of(read(one, root)) == dict(one.rows)


@EACH
def test_the_corpus_is_recognised_or_says_why_not(one, tmp_path):
    if not one.recognised:
        pytest.skip("it looks like nothing in particular")
    assert recognise(one.write(tmp_path / "corpus").resolve()).corpus.name == one.corpus


def test_every_corpus_has_a_reader_and_an_invented_copy():
    assert {one.corpus for one in invented()} == set(CORPORA) - {"faces"}
    for name, corpus in CORPORA.items():
        layout = reader_of(corpus).layout
        assert layout is None or layout.corpus is CORPORA[name]
    without = {"faces", "generic", "casme3-b", "smic-e-hs", "smic-e-vis", "smic-e-nir"}  # totals that anybody knows
    assert set(PUBLISHED) == set(CORPORA) - without
