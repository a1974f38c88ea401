"""What every export does alike: which clips enter and why the others do not, options, refusals; shown on one format."""

import json

import pyarrow.parquet as pq
import pytest

from me_augment.errors import MeAugmentError, UsageError
from me_augment.export import FORMATS, export
from me_augment.export.norm_uv_os import FOLDS, POOL
from me_augment.export.npy import NpyRows
from me_augment.manifest import Issue


def _files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_row_that_hides_a_contributor_is_left_out(small, out):
    made = small.clips[-1]
    small.change(made, forbidden_subjects=("casme2:sub02",))
    ancestor = small.synthetic(small.clips[0], small.clips[1], parents=(small.clips[3].clip_id,))
    summary = export(small.manifest(), "norm-uv-os", out)
    assert {row.clip_id: row.reason for row in summary.skipped} == {
        made.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
        ancestor.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
    }
    assert not list(out.rglob(f"*{made.clip_id.removeprefix('syn-')}*"))


def test_a_row_that_hides_a_contributor_of_its_grandparent_is_left_out(small, out):
    middle = small.synthetic(small.clips[0], small.clips[1], parents=(small.clips[3].clip_id,))
    last = small.synthetic(middle, small.clips[1])
    assert set(last.forbidden_subjects) == {"casme2:sub02"}
    reasons = {row.clip_id: row.reason for row in export(small.manifest(), "norm-uv-os", out).skipped}
    assert reasons == {
        middle.clip_id: "its forbidden_subjects lacks casme2:sub03, who contributed to it",
        last.clip_id: "its forbidden_subjects lacks casme2:sub01, casme2:sub03, who contributed to it",
    }


def test_unusable_clips_are_left_out_with_their_reason(small, out):
    person = "casme2:sub03"
    wanted = {
        small.real(person, "a", status="failed", reason="no such frame").clip_id: "no such frame",
        small.synthetic(
            small.clips[0], small.clips[1], status="rejected", reason="quality: gain 0.5 is below 0.65"
        ).clip_id: "quality: gain 0.5 is below 0.65",
        small.real(person, "b", expression="neutral").clip_id: "a face without an event",
        small.real(person, "c", expression="macro").clip_id: "a macro-expression, and the format holds "
        "micro-expressions",
        small.real(person, "d", label=None, emotion=None).clip_id: "it has no emotion",
        small.real(person, "e", apex_index=None).clip_id: "its apex frame is not known",
        small.real(person, "f", onset_index=None).clip_id: "its onset frame is not known",
        small.real(person, "g", apex_index=0).clip_id: "its apex does not lie after its onset, so there is no motion "
        "between them",
        small.real(person, "h", landmarks=None).clip_id: "it has no landmarks",
        small.real(
            person, "i", landmarks=None, issues=(Issue(code="no-face", detail="no face found"),)
        ).clip_id: "no face found",
        small.real(person, "j", landmarks=(float("nan"),) * 136).clip_id: "its landmarks are not 68 points of a face",
        small.real(person, "k", recording_id="gone").clip_id: "its recording is not in the manifest",
    }
    damaged = small.real(person, "l")
    (small.root / "casme2/sub03/l/img51.png").write_bytes(b"no picture")
    summary = export(small.manifest(), "norm-uv-os", out)
    reasons = {row.clip_id: row.reason for row in summary.skipped}
    unreadable = reasons.pop(damaged.clip_id)
    assert unreadable.startswith("casme2/sub03/l/img51.png is damaged")
    assert reasons == wanted
    assert (summary.real, summary.synthetic) == (4, 3)
    assert summary.lines()[1].startswith("13 clips left out: ")
    assert "See export.json." in summary.lines()[1]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("casme2-5", ["happiness", "surprise", "disgust", "repression", "others"]),
        ("verbatim", ["disgust", "others", "surprise"]),
    ],
)
def test_other_label_sets_number_their_own_classes(corpus, out, labels, classes):
    for i, emotion in enumerate(("disgust", "others", "surprise"), 1):
        corpus.real(f"casme2:sub{i:02d}", "EP01", label=None, emotion=emotion, label_casme2_5=emotion)
    summary = export(corpus.manifest(), "norm-uv-os", out, labels=labels)
    assert list(summary.classes) == classes
    for i, emotion in enumerate(("disgust", "others", "surprise"), 1):
        assert _files(out / FOLDS / f"sub{i:02d}" / "u_test") == [f"{classes.index(emotion)}/sub{i:02d}_EP01 .png"]


def test_a_protocol_keeps_its_clips_and_what_they_drove(corpus, out):
    inside = [corpus.real(f"casme2:sub0{i}", "EP01", protocols=("megc2019",)) for i in (1, 2, 3)]
    outside = corpus.real("casme2:sub03", "EP02")
    kept, dropped = corpus.synthetic(inside[0], outside), corpus.synthetic(outside, inside[0])
    summary = export(corpus.manifest(), "norm-uv-os", out, protocol="megc2019")
    assert {row.clip_id: row.reason for row in summary.skipped} == {
        outside.clip_id: "it is not in the protocol 'megc2019'",
        dropped.clip_id: "its driver is not in the protocol 'megc2019'",
    }
    assert (out / POOL / f"syn_{kept.clip_id.removeprefix('syn-')} .png").is_file()
    with pytest.raises(UsageError, match="no protocol 'megc': choose one of megc2019"):
        export(corpus.manifest(), "norm-uv-os", out.with_name("other"), protocol="megc")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "megc4"}, "no label set 'megc4': choose one of megc3, casme2-5"),
        ({"flow": "raft"}, "no flow method 'raft': choose one of dis, tvl1"),
    ],
)
def test_unknown_options_name_the_known_ones(small, out, options, message):
    with pytest.raises(UsageError, match=message):
        export(small.manifest(), "norm-uv-os", out, **options)
    assert not out.exists()


def test_unknown_formats_name_the_known_ones(small, out):
    with pytest.raises(UsageError, match=f"no export format 'npy': choose one of {', '.join(FORMATS)}"):
        export(small.manifest(), "npy", out)
    assert export(small.manifest(), "norm-uv-os", out, labels="verbatim").real == 4


def test_an_option_of_another_format_is_one_sentence(small, out):
    known = "--labels, --protocol, --folds, --flow, --cache, --variant"
    with pytest.raises(UsageError, match=f"norm-uv-os has no --shape: it takes {known}"):
        export(small.manifest(), "norm-uv-os", out, shape="casme2")
    with pytest.raises(UsageError, match="--variant is 'stsnet': for norm-uv-os choose one of htnet, ststnet"):
        export(small.manifest(), "norm-uv-os", out, variant="stsnet")
    for folds, message in (
        ("k", "give loso, corpus, none, or a number"),
        (4, "cannot be made of 3 persons: choose 2 to 3"),
        ("none", "made of folds"),
    ):
        with pytest.raises(UsageError, match=message):
            export(small.manifest(), "norm-uv-os", out, folds=folds)
    assert not out.exists()


def test_a_corpus_is_held_out_with_whatever_its_people_drove(corpus, out):
    first = corpus.real("casme2:sub01", "EP01")
    other = corpus.real("samm:006", "006_1_2", "positive")
    third = corpus.real("samm:007", "007_1_2", "surprise")
    made = corpus.synthetic(first, other)
    corpus.synthetic(other, other)
    with pytest.raises(UsageError, match="takes two of them; the clips are all of samm"):
        export(corpus.manifest(clips=(other, third)), "norm-uv-os", out, folds="corpus")
    summary = export(corpus.manifest(), "norm-uv-os", out, folds="corpus")
    folds = json.loads((out / "export.json").read_text())["folds"]
    assert folds["fold1_casme2"] == {"persons": ["casme2:sub01"], "train_real": 2, "train_synthetic": 1, "test": 1}
    assert folds["fold2_samm"]["persons"] == ["samm:006", "samm:007"]
    assert summary.folds == 2
    trained = {path.name for path in (out / FOLDS).glob("*/u_train/*/*")}
    assert f"syn_{made.clip_id.removeprefix('syn-')} .png" not in trained  # either corpus had a part in it
    assert "in 2 leave-one-corpus-out folds" in (out / "README.md").read_text()


def test_no_clip_in_the_label_set(corpus, out):
    for i in (1, 2):
        corpus.real(f"casme2:sub0{i}", "EP01", label=None, emotion="others")
    message = (
        "no real clip is left for the label set 'megc3'; emotions in the manifest: others. The commonest reason: "
        "the label set 'megc3' has no class for the emotion 'others' of casme2 \\(2 clips\\)."
    )
    with pytest.raises(UsageError, match=message):
        export(corpus.manifest(), "norm-uv-os", out)
    assert not out.exists()
    assert list(out.parent.iterdir()) == []


def test_one_person_makes_no_fold(corpus, out):
    corpus.real("casme2:sub01", "EP01")
    with pytest.raises(UsageError, match="all of casme2:sub01: to hold out one person and train on others takes two"):
        export(corpus.manifest(), "norm-uv-os", out)


def test_a_corpus_without_landmarks_is_sent_back_to_ingest(small, out):
    for clip in tuple(small.clips):
        small.change(clip, landmarks=None)
    with pytest.raises(UsageError, match=r"no clip of casme2 has landmarks.*`me-augment ingest`"):
        export(small.manifest(), "norm-uv-os", out)


def test_a_corpus_that_moved_is_said_once(small, out):
    small.root.rename(small.root.with_name("elsewhere"))
    with pytest.raises(UsageError, match="is not there: mount it, or say where it lies now with --root"):
        export(small.manifest(), "norm-uv-os", out)


def test_a_folder_that_holds_something_is_left_alone(small, out):
    out.mkdir(parents=True)
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists and is not an empty folder: name another --out, or empty it"):
        export(small.manifest(), "norm-uv-os", out)
    assert _files(out.parent) == ["tree/thesis.txt"]
    (out / "thesis.txt").unlink()
    export(small.manifest(), "norm-uv-os", out)
    assert (out / "export.json").is_file()


def test_what_cannot_be_written_is_one_sentence(small, out):
    out.parent.write_text("a file where a folder should be")
    with pytest.raises(MeAugmentError, match=r"cannot write .*tree: "):
        export(small.manifest(), "norm-uv-os", out)


def test_a_full_disk_leaves_nothing_behind(small, out, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(NpyRows, "append", full)
    with pytest.raises(MeAugmentError, match=r"cannot write .*tree: No space left on device"):
        export(small.manifest(), "norm-uv-os", out)
    assert list(out.parent.iterdir()) == []


def test_the_table_names_people_as_it_calls_them(corpus, out):
    """Whoever learned from SAMM's long videos has seen SAMM's people."""
    first, *_ = (corpus.real(f"samm:{name}", f"{name}_1_2") for name in ("006", "007", "009"))
    corpus.synthetic(
        first, first, generator_training_subjects=("samm-lv:009",), forbidden_subjects=("samm:006", "samm-lv:009")
    )
    export(corpus.manifest(), "kinetics", out)
    (row,) = [row for row in pq.read_table(out / "clips.parquet").to_pylist() if row["is_synthetic"]]
    assert row["forbidden_subjects"] == ["samm-lv:009", "samm:006", "samm:009"]
    trains = [path.name for path in out.glob("fold_*_train.txt") if row["name"] in path.read_text()]
    assert trains == ["fold_samm_007_train.txt"]
