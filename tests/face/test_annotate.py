"""Landmarks on a manifest, and clips that have none."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from rows import clip, manifest, recording

from me_augment.face.annotate import annotate
from me_augment.video import write_lossless


def test_every_clip_of_the_corpus_gets_points(tiny_manifest):
    assert all(row.landmarks is not None and len(row.landmarks) == 136 for row in tiny_manifest.clips)
    assert tiny_manifest.provenance["landmarks"].startswith("dlib")


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
