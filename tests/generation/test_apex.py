"""Apexes that nobody labelled, against those that are known."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from rows import clip, manifest, recording

from me_augment.errors import UsageError
from me_augment.generation.apex import apex_by_flow, estimated_apexes
from me_augment.manifest.validate import findings

RISE_AND_FALL = (0, 0.6, 1.4, 2.4, 3.0, 2.2, 1.2, 0.5, 0.0)


def picture(shift, drift=0.0, size=(160, 200)):
    """A pattern of smooth noise whose middle has moved by `shift` pixels, all of it by `drift`."""
    noise = cv2.GaussianBlur(np.random.default_rng(3).standard_normal(size).astype(np.float32), (0, 0), 2)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    bump = np.exp(-(((x - 100) / 25) ** 2) - ((y - 80) / 25) ** 2).astype(np.float32)
    moved = cv2.remap(noise, x - shift * bump - drift, y - 0.5 * drift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.clip(128 + 250 * moved, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("drift", [0.0, 0.8])
def test_a_painted_pattern_is_furthest_at_its_apex(drift):
    frames = [picture(shift, drift * t) for t, shift in enumerate(RISE_AND_FALL)]
    assert apex_by_flow(frames) == 4  # although by the end the whole picture has drifted by more
    assert apex_by_flow([np.repeat(frame[..., None], 3, axis=2) for frame in frames]) == 4
    assert apex_by_flow(frames[:3]) == 2
    assert apex_by_flow([frames[0], frames[0]]) == 1


@pytest.fixture
def painted(tmp_path):
    """A manifest of one recording of nine frames after two of something else."""
    folder = tmp_path / "corpus" / "rec"
    folder.mkdir(parents=True)
    for number, shift in enumerate((3, 3, *RISE_AND_FALL), 40):
        cv2.imwrite(str(folder / f"img{number}.png"), picture(shift))
    row = recording(
        path="rec", frame_pattern="img{n}.png", first_number=40, last_number=50, n_frames=11, height=160, width=200
    )
    unknown = clip(onset=42, apex=None, offset=50, onset_index=2, apex_index=None, offset_index=10)
    return manifest(roots={"casme2": tmp_path / "corpus"}, recordings=(row,), clips=(unknown,))


@pytest.mark.parametrize("method", ["middle", "flow"])
def test_a_missing_apex_is_estimated_and_marked(painted, method):
    seen = []
    made = estimated_apexes(painted, method, lambda *counts: seen.append(counts))
    (row,) = made.clips
    assert (row.apex, row.apex_index, row.apex_estimated) == (None, 6, True)
    assert [issue.code for issue in row.issues] == ["apex-estimated"]
    assert row.issues[0].detail.startswith("position 6: ")
    assert seen == [(1, 1)]
    assert findings(made) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"apex_index": 3},
        {"onset_index": None},
        {"offset_index": None},
        {"offset_index": 3},  # two frames have nothing between them
        {"expression": "neutral"},
        {"status": "failed", "reason": "x"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["middle", "flow"])
def test_other_clips_stay_as_they_are(painted, method, fields):
    rows = tuple(replace(row, **fields) for row in painted.clips)
    assert estimated_apexes(replace(painted, clips=rows), method).clips == rows


def test_frames_that_cannot_be_read_leave_an_issue(painted):
    (painted.roots["casme2"] / "rec" / "img45.png").write_bytes(b"x")
    (row,) = estimated_apexes(painted, "flow").clips
    assert (row.apex_index, row.apex_estimated) == (None, False)
    assert [issue.code for issue in row.issues] == ["unreadable"]


def test_an_unknown_way_names_the_known_ones(painted):
    with pytest.raises(UsageError, match=r"no way 'guess' .* choose one of middle, flow"):
        estimated_apexes(painted, "guess")


def test_the_demo_corpus_own_apexes_are_found(tiny_manifest):
    bare = replace(tiny_manifest, clips=tuple(replace(row, apex=None, apex_index=None) for row in tiny_manifest.clips))
    found = [row.apex_index for row in estimated_apexes(bare, "flow").clips]
    assert found == [row.apex_index for row in tiny_manifest.clips]
    blind = replace(bare, clips=tuple(replace(row, landmarks=None) for row in bare.clips))
    found = [row.apex_index for row in estimated_apexes(blind, "flow").clips]
    off = [abs(a - row.apex_index) for a, row in zip(found, tiny_manifest.clips, strict=True)]
    assert max(off) <= 1
