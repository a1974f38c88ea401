"""What is known of each corpus beside its layout."""

import re

import pytest

from me_augment.corpora import CORPORA
from me_augment.corpora.citations import ABOUT, METHOD, names_of

PUBLISHED = sorted(set(CORPORA) - {"meview", "generic", "faces"})
ENTRIES = {entry.key: entry for about in ABOUT.values() for entry in about.entries}


def test_every_corpus_has_its_facts_and_no_other():
    assert ABOUT.keys() == CORPORA.keys()
    for about in ABOUT.values():
        assert all((about.name, about.agreement, about.frames, about.derived, about.ask))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_corpus_has_a_paper(name):
    assert ABOUT[name].entries


def test_what_could_not_be_confirmed_is_said():
    assert ABOUT["meview"].entries == ()
    assert "not known here" in ABOUT["meview"].agreement
    for name in ("samm-lv", "4dme"):
        assert "not confirmed" in ABOUT[name].agreement


def test_the_terms_agree_with_those_that_the_rows_state():
    for name in PUBLISHED:
        place = re.search(r"\(([^)]*(?:University|Institute)[^)]*)\)", CORPORA[name].licence).group(1)
        assert place.removeprefix("University of ") in ABOUT[name].ask or place in ABOUT[name].ask
        assert ABOUT[name].frames.startswith("no")


@pytest.mark.parametrize("entry", [*ENTRIES.values(), *METHOD], ids=lambda entry: entry.key)
def test_an_entry_is_bibtex(entry):
    written = entry.bibtex()
    assert written.startswith(f"@{entry.kind}{{{entry.key},\n")
    assert written.count("{") == written.count("}")
    assert {"author", "title", "year"} <= entry.fields.keys()
    assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"])
    assert all(", " in author for author in entry.fields["author"].split(" and "))
    assert re.fullmatch(r"10\.\d{4,}/\S+", entry.fields.get("doi", "10.0000/x"))


def test_a_key_means_one_publication():
    seen = [entry for about in ABOUT.values() for entry in about.entries]
    assert all(ENTRIES[entry.key] == entry for entry in seen)


def test_corpora_are_found_by_their_people():
    assert names_of("casme3") == ["casme3-a", "casme3-c"]
    assert names_of("samm") == ["samm", "samm-lv"]
    assert len(names_of("smic")) == 6
    assert names_of("lab") == []
