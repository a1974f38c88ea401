"""Manifests as one: what shares a name is kept apart, what is the same is kept once."""

from dataclasses import replace
from pathlib import Path

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.manifest import Manifest
from me_augment.manifest.merge import doubled, merged
from me_augment.manifest.validate import findings


def other(path="/nowhere/SAMM", **fields):
    person = {"person_id": "samm:091", "corpus": "samm"}
    return manifest(
        **{
            "corpus": "samm",
            "roots": {"": Path(), "samm": Path(path)},
            "licence": "ask",
            "recordings": (recording(recording_id="rec-s", root="samm", path="091/x", subject="091", **person),),
            "clips": (clip(clip_id="clip-s", recording_id="rec-s", name="091/x", **person),),
            **fields,
        }
    )


def test_two_corpora_lie_side_by_side():
    first, second = manifest(provenance={"labels": "a.xlsx"}), other(provenance={"labels": "b.xlsx"})
    both = merged([first, second])
    assert both.corpus == "casme2+samm"
    assert both.licence == "none ask"
    assert both.provenance == {"casme2 labels": "a.xlsx", "samm labels": "b.xlsx"}
    assert both.recordings == (*first.recordings, *second.recordings)
    assert both.clips == (*first.clips, *second.clips)
    assert both.roots == {"": Path(), "casme2": Path("/nowhere/CASME2"), "samm": Path("/nowhere/SAMM")}
    assert findings(both) == doubled([first, second]) == []
    assert merged([first]) is first


def test_one_key_for_two_folders_becomes_two(tmp_path):
    first = manifest(roots={"": Path(), "casme2": tmp_path / "a"})
    second = replace(first, roots={"": Path(), "casme2": tmp_path / "b"}, clips=(clip(clip_id="clip-2"),))
    third = replace(first, roots={"": Path(), "casme2": tmp_path / "c"}, clips=(clip(clip_id="clip-3"),))
    both = merged([first, second, third])
    assert {key: path.name for key, path in both.roots.items() if key} == {
        "casme2": "a",
        "casme2-2": "b",
        "casme2-3": "c",
    }
    assert [row.root for row in both.recordings] == ["casme2", "casme2-2", "casme2-3"]
    assert len({row.recording_id for row in both.recordings}) == 3
    for row, name in zip(both.clips, "abc", strict=True):  # every clip is still in its own folder
        assert both.roots[both.recording_of[row.recording_id].root].name == name
    assert findings(both) == []


def test_the_same_clip_twice_is_kept_once_and_said(tmp_path):
    first = manifest(roots={"": Path(), "casme2": tmp_path / "a"})
    second = replace(first, roots={"": Path(), "casme2": tmp_path / "b"})
    both = merged([first, second])
    assert both.clips == first.clips
    assert both.recordings == first.recordings
    assert doubled([first, second]) == [
        "1 clip in several of the manifests, kept once: sub91/EP01_01.",
    ]
    relabelled = replace(second, clips=(clip(emotion="disgust"),))
    assert merged([first, relabelled]).clips == first.clips
    assert "1 of these with other labels" in doubled([first, relabelled])[1]


def test_two_clips_of_one_name_are_said():
    raw, cropped = manifest(), manifest(clips=(clip(clip_id="clip-2"),))
    (line,) = doubled([raw, cropped])
    assert line.startswith("1 clip with the name of another one of their corpus")
    assert line.endswith("raw and cropped ones of one event: sub91/EP01_01.")


def test_a_recording_of_both_that_is_needed_stays(tmp_path):
    first = manifest(roots={"": Path(), "casme2": tmp_path / "a"})
    more = (clip(), clip(clip_id="clip-2", name="sub91/EP01_02"))
    both = merged([first, replace(first, clips=more)])
    assert both.recordings == first.recordings
    assert [row.clip_id for row in both.clips] == ["clip-1", "clip-2"]
    unlabelled = recording(recording_id="rec-9", path="Cropped/sub99/EP01_01")
    assert merged([first, replace(first, recordings=(recording(), unlabelled))]).recordings[1] == unlabelled


def test_a_run_gets_a_root_of_its_own(tmp_path):
    driver, target = clip(), clip(clip_id="clip-2", person_id="casme2:sub92")
    made = synthetic(driver, target, recording_id="rec-syn")
    run = manifest(
        recordings=(recording(), recording(recording_id="rec-syn", corpus="synthetic", root="", path="clips/x.mkv")),
        clips=(driver, target, made),
    )
    written = [run.write(tmp_path / name / "run") for name in "ab"]
    both = merged([manifest(), *written])
    own = [row for row in both.recordings if row.corpus == "synthetic"]
    assert [row.root for row in own] == ["run"]  # the second run's clip is the first's
    assert both.path_of(own[0]) == (tmp_path / "a" / "run" / "clips/x.mkv").resolve()
    assert findings(both) == []


@pytest.mark.parametrize(("corpora", "said"), [(("samm", "samm-lv"), 1), (("smic-hs", "smic-nir"), 1), (("samm",), 0)])
def test_views_of_one_event_are_said(corpora, said):
    each = [manifest(clips=(clip(clip_id=name, corpus=name),)) for name in corpora]
    assert sum("same events" in line for line in doubled(each)) == said


def test_a_merged_manifest_survives_writing(tmp_path):
    both = merged([manifest(), other()])
    both.write(tmp_path / "m")
    assert Manifest.open(tmp_path / "m") == both


def test_a_merged_manifest_can_be_merged_again():
    both = merged([manifest(provenance={"labels": "a.xlsx"}), other(provenance={"labels": "b.xlsx"})])
    again = merged([both, manifest(corpus="casme2", provenance={"labels": "a.xlsx"})])
    assert again.corpus == "casme2+samm"
    assert again.clips == both.clips
    assert again.provenance == both.provenance
