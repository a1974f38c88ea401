"""Landmarks on a manifest, and clips that have none."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from rows import clip, manifest, recording

from me_augment.face import pose
from me_augment.face.annotate import annotate
from me_augment.video import write_lossless


def test_every_clip_of_the_corpus_gets_points(tiny_manifest):
    assert all(row.landmarks is not None and len(row.landmarks) == 136 for row in tiny_manifest.clips)
    assert tiny_manifest.provenance["landmarks"].startswith("dlib")


def test_a_head_turned_too_far_keeps_its_landmarks_and_gets_an_issue(tmp_path, detector, portrait, monkeypatch):
    write_lossless(tmp_path / "face.mkv", np.stack([portrait] * 2), Fraction(25))
    rows = replace(
        manifest(
            recordings=(recording(path="face.mkv", storage="video", frame_pattern=None),),
            clips=(clip(onset_index=0),),
        ),
        roots={"casme2": tmp_path},
    )
    assert annotate(rows, detector).clips[0].issues == ()
    monkeypatch.setattr(pose, "YAW_LIMIT", 1.0)  # she looks about 2 degrees aside
    (row,) = annotate(rows, detector).clips
    assert [issue.code for issue in row.issues] == ["pose"]
    assert "+2 degrees of yaw" in row.issues[0].detail
    assert row.landmarks is not None


def test_a_clip_without_face_and_one_that_cannot_be_read_keep_their_rows(tmp_path, detector):
    write_lossless(tmp_path / "blank.mkv", np.full((3, 64, 64), 90, np.uint8), Fraction(25))
    (tmp_path / "junk.mkv").write_bytes(b"junk")
    whole = replace(
        manifest(
            recordings=tuple(
                recording(recording_id=name, path=f"{name}.mkv", storage="video", frame_pattern=None)
                for name in ("blank", "junk")
            ),
            clips=tuple(clip(clip_id=name, recording_id=name) for name in ("blank", "junk")),
        ),
        roots={"casme2": tmp_path},
    )
    seen = []
    rows = annotate(whole, detector, lambda done, total: seen.append((done, total))).clips
    assert [[issue.code for issue in row.issues] for row in rows] == [["no-face"], ["unreadable"]]
    assert all(row.landmarks is None and row.status == "ok" for row in rows)
    assert seen == [(1, 2), (2, 2)]
