"""What the documentation takes from the code is up to date."""

import runpy

import pytest
import yaml
from doc_pages import ROOT

import me_augment
from me_augment.corpora.citations import METHOD

MAKE = runpy.run_path(str(ROOT / "docs/make.py"))


@pytest.mark.parametrize("page", sorted(MAKE["PAGES"]))
def test_the_page_is_up_to_date(page):
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == MAKE["PAGES"][page](), "run `python docs/make.py`"


def test_everything_that_a_user_imports_is_told_of():
    page = MAKE["api"]()
    for name in me_augment.__all__:
        assert f"\n### {name}\n" in page


def test_every_corpus_has_a_section_with_its_command():
    from me_augment.corpora import CORPORA

    page = (ROOT / "docs/corpora.md").read_text(encoding="utf-8")
    for name in CORPORA:
        camera = name.replace("-vis", "-hs").replace("-nir", "-hs")  # one section for the cameras of SMIC
        assert f"me-augment ingest {camera} " in page, f"docs/corpora.md does not say how to read {name}"


def test_the_citation_is_of_this_version_and_names_the_paper():
    """The keys that the Citation File Format 1.2.0 asks for, and what the cards say of the paper."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["version"] == me_augment.__version__
    (paper,), (method,) = citation["references"], METHOD
    assert paper["type"] == "conference-paper"
    people = [f"{person['family-names']}, {person['given-names']}" for person in paper["authors"]]
    assert " and ".join(people) == method.fields["author"]
    assert (paper["title"], str(paper["year"]), paper["doi"]) == (
        method.fields["title"].strip("{}"),
        method.fields["year"],
        method.fields["doi"],
    )
