"""Each kind of unsound row is found and named."""

from dataclasses import replace

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.errors import MeAugmentError
from me_augment.manifest import Issue
from me_augment.manifest.validate import findings, require_sound, require_sound_rows, row_findings


def test_a_sound_manifest_has_no_findings():
    other = clip(clip_id="clip-2", person_id="casme2:sub92")
    assert findings(manifest(clips=(clip(), other, synthetic(clip(), other)))) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (clip(expression="nano"), ["sub91/EP01_01", "expression", "'nano'"]),
        (clip(status="lost"), ["status", "'lost'"]),
        (clip(status="failed"), ["gives no reason"]),
        (clip(recording_id=None), ["names no recording"]),
        (clip(recording_id="rec-9"), ["rec-9", "recordings.parquet"]),
        (clip(offset_index=10), ["offset_index 10", "10 frames"]),
        (clip(apex_index=9, offset_index=5), ["apex_index 9 lies after offset_index 5"]),
        (clip(landmarks=(1.0, 2.0)), ["landmarks has 2 numbers"]),
        (clip(forbidden_subjects=()), ["forbidden_subjects lacks casme2:sub91"]),
        (
            synthetic(clip(), clip(person_id="casme2:sub92"), forbidden_subjects=("casme2:sub92",)),
            ["forbidden_subjects lacks casme2:sub91"],
        ),
        (
            synthetic(clip(), clip(person_id="casme2:sub92"), generator_training_subjects=("casme2:*",)),
            ["forbidden_subjects lacks casme2:*,"],
        ),
        (synthetic(clip(), clip(person_id="casme2:sub92"), driver_clip_id=None), ["driver_clip_id is empty"]),
        (clip(clip_id=None), ["clip_id has empty cells"]),
    ],
)
def test_an_unsound_clip_is_named(row, words):
    found = findings(manifest(clips=(row,)))
    assert found
    assert all(word in " ".join(found) for word in words)


def test_a_whole_corpus_stands_for_everybody_in_it():
    made = synthetic(
        clip(), clip(person_id="casme2:sub92"), generator_training_subjects=("casme2:*", "casme2:sub93"),
        forbidden_subjects=("casme2:*",),
    )  # fmt: skip
    assert not [line for line in findings(manifest(clips=(clip(), made))) if "forbidden" in line]


def test_an_order_that_the_reader_noted_is_no_finding():
    noted = clip(apex_index=9, offset_index=5, issues=(Issue(code="order", detail="the sheet says so"),))
    assert findings(manifest(clips=(noted,))) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (recording(storage="tape"), "'tape'"),
        (recording(n_frames=0), "at least one frame"),
        (recording(first_number=30), "lies after"),
        (recording(path="../x"), "leaves its root"),
    ],
)
def test_an_unsound_recording_is_named(row, words):
    assert words in " ".join(findings(manifest(recordings=(row,))))


def test_ids_are_unique():
    found = findings(manifest(clips=(clip(), clip()), recordings=(recording(), recording())))
    assert sum("ids are unique" in line for line in found) == 2


def test_missing_files_are_found(tmp_path):
    whole = replace(manifest(), roots={"casme2": tmp_path})
    assert "does not exist" in findings(whole, check_files=True)[0]


def test_require_sound_raises_with_the_first_findings():
    with pytest.raises(MeAugmentError, match="1 problem"):
        require_sound(manifest(clips=(clip(expression="nano"),)))


def test_some_rows_are_checked_against_recordings_known_before():
    rows, known = (clip(recording_id="rec-1"), clip(clip_id="clip-2", recording_id="rec-2")), recording()
    assert row_findings((recording(recording_id="rec-2"),), rows, {"rec-1": known}) == []
    assert "rec-1 is not in recordings" in row_findings((recording(recording_id="rec-2"),), rows)[0]
    shorter = {"rec-1": replace(known, n_frames=5), "rec-2": known}
    assert "outside the recording's 5 frames" in row_findings((), rows, shorter)[0]
    require_sound_rows((), rows, {"rec-1": known, "rec-2": known})
    with pytest.raises(MeAugmentError, match="2 problem"):
        require_sound_rows((), rows)
