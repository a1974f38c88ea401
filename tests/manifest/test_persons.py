"""A person under several ids becomes one, in every column that names people."""

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.errors import UsageError
from me_augment.manifest.folds import may_train
from me_augment.manifest.persons import Persons, about_people


@pytest.fixture
def read(tmp_path):
    """Read a person map of this text."""

    def call(text):
        (tmp_path / "map.csv").write_text(text, encoding="utf-8")
        return Persons.read(tmp_path / "map.csv")

    return call


def test_a_map_with_and_without_header(read):
    lines = "samm:006,casme2:sub01\n\n dfme:sub0003 , casme2:sub02 \n"
    expected = {"samm:006": "casme2:sub01", "dfme:sub0003": "casme2:sub02"}
    assert read(lines).same_as == read(f"\ufeffperson,same_as\n{lines}").same_as == expected


def test_chains_end_at_the_last(read):
    assert read("a:1,b:1\nb:1,c:1\nd:1,b:1\n").same_as == {"a:1": "c:1", "b:1": "c:1", "d:1": "c:1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:1,b:1\nb:1,a:1", "a:1 is b:1 is a:1, a circle"),
        ("a:1,b:1\nb:1,c:1\nc:1,b:1", "b:1 is c:1 is b:1, a circle"),
        ("a:1,a:1", "a:1 is a:1, a circle"),
        ("a:1,b:1\na:1,c:1", "line 2: a:1 is c:1, and b:1 in an earlier line"),
        ("a:1,b1", "line 1: 'a:1,b1' is not two person ids"),
        ("a:*,b:1", "not two person ids"),
        ("a:1;b:1", "not two person ids"),
        ("a:1,b:1,c:1", "not two person ids"),
    ],
)
def test_what_is_no_map_is_refused(read, text, words):
    with pytest.raises(UsageError, match=words.replace("*", r"\*")):
        read(text)


def test_unreadable_files_are_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Persons.read(tmp_path / "absent.csv")
    (tmp_path / "map.csv").write_bytes(b"a:\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        Persons.read(tmp_path / "map.csv")


def test_a_file_that_csv_cannot_split_is_one_sentence(read):
    with pytest.raises(UsageError, match=r"the person map .* cannot be read as CSV: field larger"):
        read('a:1,"' + "x" * 200_000)


def test_every_column_is_rewritten(read):
    mine, also_mine = "casme2:sub91", "samm:091"
    one, two = clip(), clip(clip_id="clip-2", person_id=also_mine, corpus="samm")
    three = clip(clip_id="clip-3", person_id="casme2:sub93")
    made = synthetic(two, three, generator_training_subjects=(also_mine, mine, "casme2:sub92"))
    rows = manifest(recordings=(recording(), recording(recording_id="rec-2", person_id=also_mine)))
    changed = read(f"{also_mine},{mine}").applied(
        manifest(recordings=rows.recordings, clips=(one, two, three, made))
    )  # fmt: skip
    assert also_mine not in repr(changed.clips) + repr(changed.recordings)
    assert [row.person_id for row in changed.recordings] == [mine, mine]
    assert changed.clips[0] == one
    assert changed.clips[3].forbidden_subjects == ("casme2:sub93", mine)
    assert changed.clips[3].generator_training_subjects == (mine, "casme2:sub92")
    assert [row.clip_id for row in changed.clips] == [one.clip_id, two.clip_id, three.clip_id, made.clip_id]


def test_whoever_leaves_a_corpus_stays_forbidden(read):
    made = synthetic(
        clip(), clip(person_id="casme2:sub92"), generator_training_subjects=("samm:*",),
        forbidden_subjects=("casme2:sub91", "casme2:sub92", "samm:*"),
    )  # fmt: skip
    assert not may_train(made, "samm:091")
    (changed,) = read("samm:091,smic:s91\nsamm:092,samm:093").applied(manifest(clips=(made,))).clips
    assert not may_train(changed, "smic:s91")
    assert changed.generator_training_subjects == ("samm:*", "smic:s91")


def test_one_subject_under_two_ids_is_said(read):
    mapped = clip(corpus="samm", subject="091", person_id="casme2:sub91")
    other = clip(clip_id="l", corpus="samm-lv", subject="091", person_id="samm:091")
    (line,) = about_people((mapped, other, clip(clip_id="c")))
    assert line.startswith("091 of samm is casme2:sub91 and samm:091, whom no fold keeps together")
    both = read("samm:091,casme2:sub91").applied(manifest(clips=(mapped, other)))
    assert about_people(both.clips) == []
    labs = [clip(clip_id=lab, corpus="generic", subject="1", person_id=f"{lab}:1") for lab in ("a", "b")]
    assert about_people((*labs, synthetic(mapped, other))) == []


def test_unknown_ids_are_named(read):
    named = read("casme2:sub91,casme2:sub99\nsamm:1,casme2:sub91")
    assert [line.split(" names ")[1] for line in named.unknown(manifest())] == [
        "casme2:sub99, who is not in the manifest.",
        "samm:1, who is not in the manifest.",
    ]
