"""What every dataset card says, read as the Hugging Face libraries read it."""

import re

import pytest
import yaml
from huggingface_hub import DatasetCard
from rows import clip, synthetic

from me_augment.card import Source, citation, consent, front_matter, sources_of, terms, text
from me_augment.corpora import CORPORA

CASME2, SAMM = CORPORA["casme2"].licence, CORPORA["samm"].licence


def front(lines):
    written = "\n".join(lines)
    assert written.startswith("---\n")
    return yaml.safe_load(re.split(r"(?m)^---$", written)[1])


def test_the_front_matter_has_the_keys_of_the_hub():
    more = {"configs": [{"config_name": "a: [b", "data_files": "x"}]}
    lines = [*front_matter('Faces: "a" --- | b', 1_500, 500, more=more), "", "# T"]
    card = DatasetCard("\n".join(lines))
    assert card.text.strip() == "# T"
    data = card.data.to_dict()
    assert data == front(lines)
    assert data["pretty_name"] == 'Faces: "a" --- | b'
    assert (data["license"], data["license_name"]) == ("other", "terms-of-the-source-corpora")
    assert data["size_categories"] == ["1K<n<10K"]
    assert {"synthetic", "micro-expression"} <= set(data["tags"])
    assert data["task_categories"] == ["video-classification"]
    assert data["configs"] == more["configs"]


def test_real_clips_alone_are_not_called_synthetic():
    assert "synthetic" not in front(front_matter("T", 3, 0))["tags"]
    assert "No expression of a synthetic clip" not in "".join(consent(synthetic=False))
    assert "No expression of a synthetic clip" in "".join(consent(synthetic=True))


@pytest.mark.parametrize(("clips", "size"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**8, "n>10M")])
def test_sizes(clips, size):
    assert front(front_matter("T", clips, 0))["size_categories"] == [size]


def test_a_known_corpus_has_its_terms_and_its_paper():
    sources = sources_of([clip(licence=CASME2)])
    assert sources == (Source("casme2", CASME2),)
    table = "\n".join(terms(sources))
    assert "| casme2: CASME II | signed, with the Institute of Psychology" in table
    assert "not known here" not in table
    written = "\n".join(citation(sources))
    assert "yan2014casme2" in written
    assert "zhang2021facial" in written
    assert "@software{me_augment," in written
    assert "No publication" not in written


def test_a_corpus_under_other_terms_is_not_taken_for_the_published_one():
    sources = sources_of([clip(licence="Invented. Free to use.")])
    assert "| casme2 | as stated below |" in "\n".join(terms(sources))
    assert "* casme2: Invented. Free to use." in "\n".join(terms(sources))
    written = "\n".join(citation(sources))
    assert "yan2014casme2" not in written
    assert "No publication is known here for casme2" in written


def test_a_synthetic_clip_brings_in_whoever_had_a_part_in_it():
    one = clip(licence=CASME2)
    two = clip(clip_id="clip-2", corpus="samm-lv", person_id="samm:091", licence=SAMM)
    made = synthetic(one, two, licence=f"Derived from two sources. Motion: {CASME2} Face: {SAMM}",
                     generator_training_subjects=("smic:*",))  # fmt: skip
    alone = sources_of([made])
    assert [source.corpus for source in alone] == ["casme2", "samm", "smic"]
    assert [source.about is not None for source in alone] == [True, True, False]
    assert {"yan2014casme2", "davison2018samm"} <= set(re.findall(r"@\w+{(\w+),", "\n".join(citation(alone))))
    # Where their own clips are there, these say more.
    assert [source.corpus for source in sources_of([made, one, two])] == ["casme2", "samm-lv", "smic"]


def test_text_is_neither_markup_nor_html_nor_the_end_of_a_cell():
    hostile = "a|b\n# c <script>x</script> [d](javascript:e) `f` *g* _h_ ![i](j) &lt; \\| $k$ ~~l~~"
    shown = text(hostile)
    assert "\n" not in shown
    assert "<" not in shown
    assert "&amp;lt;" in shown
    for letter in "|#[]`*_!~$":
        assert not re.search(rf"(?<!\\)(?:\\\\)*{re.escape(letter)}", shown)
    rows = [line for line in terms([Source(hostile, hostile)]) if line.startswith("| a")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6
