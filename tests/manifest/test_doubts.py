"""What is doubted in a manifest, and what is not."""

from dataclasses import replace

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.manifest import Issue
from me_augment.manifest.doubts import doubts


def checks(*clips, **fields):
    row = recording(n_frames=1000, **fields)
    return [doubt.check for doubt in doubts(manifest(recordings=(row,), clips=clips))]


@pytest.mark.parametrize(
    ("frames", "rate", "doubted"),
    [(100, 200, 0), (101, 200, 1), (15, 30, 0), (16, 30, 1), (900, None, 0), (0, 200, 1)],
)
def test_a_micro_expression_lasts_half_a_second_at_most(frames, rate, doubted):
    row = clip(apex_index=None, offset_index=frames)
    fps = {"fps_num": rate, "fps_den": rate and 1}
    assert checks(row, **fps) == ["duration"] * doubted
    assert checks(replace(row, expression="macro"), **fps) == []
    assert checks(replace(row, offset_index=None), **fps) == []


def test_a_nominal_rate_is_said():
    row = recording(fps_num=30, issues=(Issue(code="unverified-nominal", detail="x"),), n_frames=100)
    (doubt,) = doubts(manifest(recordings=(row,), clips=(clip(offset_index=30),)))
    assert "sub91/EP01_01 (clip-1) lasts 1.00 s at 30 frames a second, nominally" in doubt.text


def test_rows_that_seem_to_be_there_twice():
    again = clip(clip_id="clip-2")
    assert checks(clip(), again) == ["duplicate-event", "duplicate-name"]
    assert checks(clip(), replace(again, name="x")) == ["duplicate-event"]
    assert checks(clip(), replace(again, offset_index=8)) == ["duplicate-name"]
    assert checks(clip(), replace(again, corpus="samm", recording_id="rec-2")) == []
    assert checks(clip(), replace(again, name="x", expression="macro")) == []
    assert checks(clip(), synthetic(clip(), clip()), synthetic(clip(), clip(), clip_id="syn-2")) == []
