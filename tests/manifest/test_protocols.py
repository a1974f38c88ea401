"""The MEGC2019 list in its forms and spellings, matched to clips; the published counts."""

from dataclasses import replace

import pytest
from rows import clip, manifest

from me_augment.errors import UsageError
from me_augment.manifest.protocols import COUNTS, about_megc2019, read_megc2019, with_megc2019

# dataset, subject, clip, label of the list; name and canonical subject here.
CLIPS = {
    ("casme2", "sub91", "EP02_01f", 1): ("casme2", "sub91/EP02_01f"),
    ("casme2", "sub92", "EP09f", 0): ("casme2", "sub92/EP09f"),
    ("smic", "s91", "s91_ne_01", 0): ("smic-hs", "s91/s91_ne_01"),
    ("smic", "s09", "s09_sur_02", 2): ("smic-hs", "s09/s9_sur_02"),
    ("samm", "6", "006_1_2", 0): ("samm", "006/006_1_2"),
}
CLASSES = ("negative", "positive", "surprise")


def corpus_rows(**fields):
    rows = []
    for (*_, label), (corpus, name) in CLIPS.items():
        subject = name.split("/")[0]
        person = f"{corpus.removesuffix('-hs')}:{subject}"
        word = CLASSES[label]
        rows.append(
            clip(
                clip_id=f"clip-{name}", name=name, corpus=corpus, person_id=person, label_megc3=word, emotion=word,
                **fields,
            )
        )  # fmt: skip
    extra = clip(clip_id="clip-x", name="sub92/EP77_77", person_id="casme2:sub92", protocols=("megc2019", "else"))
    return (*rows, extra)


def bare(*lines):
    return "".join(f"{','.join(map(str, line))}\n" for line in lines or CLIPS)


@pytest.fixture
def official(tmp_path):
    """Read a list of this text."""

    def call(text):
        (tmp_path / "combined.csv").write_text(text, encoding="utf-8")
        return read_megc2019(tmp_path / "combined.csv")

    return call


DERIVED = "dataset,sub,filename_o,label,apex,imagename,sub_filename\n" + "".join(
    f"{d},{s},{c},{n},,{s}_{c}.jpg,\n" for d, s, c, n in CLIPS
)


@pytest.mark.parametrize(
    "text",
    [
        bare(),
        bare().replace("\n", "\n,,,\n"),
        "data,subject,clip,label\n" + bare(),
        DERIVED,
        "\ufeff" + bare().replace("\n", "\r\n"),
        bare().replace(",0\n", ",negative\n"),
        bare().replace("s09,s09_sur", "s9,s9_sur").replace("6,006", "006,6").replace("sub91", "1/91/sub91"),
        bare().replace("casme2", "CASME2").replace("EP02_01f", "ep02_01F"),
    ],
    ids=["bare", "commas", "header", "derived", "bom", "words", "spellings", "case"],
)
def test_every_form_says_the_same(official, text):
    found = official(text)
    assert found.misfits == ()
    joined, findings = with_megc2019(manifest(clips=corpus_rows()), found)
    assert findings == []
    assert [row.protocols for row in joined.clips] == [("megc2019",)] * 5 + [("else",)]
    assert joined.provenance["megc2019"] == "membership by combined.csv"
    assert all(row.issues == () for row in joined.clips)


def test_without_the_list_the_readers_rule_stands():
    rows = manifest(clips=corpus_rows())
    same, findings = with_megc2019(rows, None)
    assert (same.clips, findings) == (rows.clips, [])
    assert same.provenance == {"megc2019": "membership by rule"}
    assert with_megc2019(manifest(), None)[0].provenance == {}


def test_zeros_that_tell_clips_apart_count(official):
    one, two = (clip(clip_id=n, name=f"sub91/{n}", label_megc3="surprise") for n in ("EP03_1", "EP03_01"))
    joined, findings = with_megc2019(manifest(clips=(one, two)), official("casme2,sub91,EP03_01,2\n"))
    assert findings == []
    assert [row.protocols for row in joined.clips] == [(), ("megc2019",)]
    joined, findings = with_megc2019(manifest(clips=(one, two)), official("casme2,sub91,EP03_001,2\n"))
    assert "may be sub91/EP03_1 and sub91/EP03_01; none" in findings[0]
    assert all(row.protocols == () for row in joined.clips)


def test_a_contradiction_and_a_line_without_clip_are_findings(official):
    text = bare().replace("EP09f,0", "EP09f,1") + "casme2,sub99,EP01_01,0\nsmic,s1,s1_po_1,1\n"
    text += bare(next(iter(CLIPS)))
    joined, findings = with_megc2019(manifest(clips=corpus_rows()), official(text))
    contradicted = joined.clips[1]
    assert contradicted.label_megc3 == "negative"
    assert [issue.code for issue in contradicted.issues] == ["megc2019-label"]
    assert "combined.csv, line 2 says positive" in contradicted.issues[0].detail
    assert contradicted.protocols == ("megc2019",)
    assert sorted(line.split(": ")[0] for line in findings) == [
        "combined.csv",
        "combined.csv",
        "combined.csv, line 8",
        "sub92/EP09f",
    ]
    assert any("1 lines have no clip of casme2: sub99 EP01_01." in line for line in findings)


def test_lines_of_a_corpus_that_is_not_there_are_none(official):
    only = tuple(row for row in corpus_rows() if row.corpus == "casme2")
    _, findings = with_megc2019(manifest(clips=only), official(bare()))
    assert findings == []


def test_odd_lines_are_named_and_a_wrong_file_is_refused(official, tmp_path):
    found = official(bare() + "casme9,sub91,EP1,0\ncasme2,sub91,EP1,7\nsamm\n")
    assert [line.split(":")[0] for line in found.misfits] == [f"combined.csv, line {n}" for n in (6, 7, 8)]
    _, findings = with_megc2019(manifest(clips=corpus_rows()), found)
    assert findings == list(found.misfits)
    for text in ("", "a,b\n", "data,subject,clip,label\n"):
        with pytest.raises(UsageError, match="is not the MEGC2019 list"):
            official(text)
    with pytest.raises(UsageError, match="cannot be read"):
        read_megc2019(tmp_path / "absent.csv")
    (tmp_path / "x.csv").write_bytes(b"casme2,\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_megc2019(tmp_path / "x.csv")


def composite():
    """As many clips and subjects as were published."""
    return [
        clip(clip_id=f"{corpus}-{i}", corpus=corpus, person_id=f"{corpus}:{i % people}", protocols=("megc2019",))
        for corpus, (count, people) in COUNTS.items()
        for i in range(count)
    ]


def test_the_published_counts_are_checked_where_all_three_corpora_are_there():
    rows = composite()
    assert len(rows) == 442
    assert sum(people for _, people in COUNTS.values()) == 68
    assert about_megc2019(rows) == []
    assert about_megc2019(row for row in rows if row.corpus != "samm") == []
    (said,) = about_megc2019([replace(rows[0], protocols=()), *rows[1:]])
    assert "441 clips of 68 subjects (casme2 144 of 24, samm 133 of 28" in said
    assert "published are 442 clips of 68 subjects" in said
    assert about_megc2019([replace(row, protocols=()) for row in rows])
