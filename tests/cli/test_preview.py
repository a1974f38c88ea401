"""`me-augment preview`."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from me_augment.video import open_frames, synthetic_mark, write_lossless


@pytest.fixture
def clip(tmp_path):
    """A file that says it is synthetic."""
    frames = np.random.default_rng(0).integers(0, 256, (3, 30, 40, 3)).astype(np.uint8)
    write_lossless(tmp_path / "a.mkv", frames, Fraction(50), {"comment": "synthetic clip, me-augment"})
    return tmp_path / "a.mkv"


def fails(result, code, text):
    assert result[0] == code
    assert text in result[2]


def test_a_manifest_as_a_sheet_and_moving(cli, tiny_manifest, tmp_path):
    sheet = tmp_path / "new" / "a.png"
    code, out, _ = cli("preview", tiny_manifest.folder, "--out", sheet, "--most", 2, "--size", 64)
    assert (code, out) == (0, f"2 clips, to look at and not to measure → {sheet}\n")
    assert open_frames(sheet).width >= 5 * 64
    assert synthetic_mark(sheet) is None
    named = ("--clip", tiny_manifest.clips[0].name, "--clip", tiny_manifest.clips[1].clip_id)
    options = (*named, "--view", "flow", "--slow", 20, "--size", 64, "--out", tmp_path / "a.gif")
    assert cli("preview", tiny_manifest.folder, *options)[1].startswith("2 clips, 20 times slower than filmed, ")
    assert len(open_frames(tmp_path / "a.gif")) > 2


def test_files_and_folders_and_what_they_say_of_themselves(cli, clip, tiny_manifest, tmp_path):
    recording = tiny_manifest.recordings[0]
    both = (clip, tiny_manifest.path_of(recording))
    assert cli("preview", *both, "--watermark", "--out", tmp_path / "a.webp")[0] == 0
    assert "synthetic" in synthetic_mark(tmp_path / "a.webp")
    with Image.open(tmp_path / "a.webp") as image:
        assert image.width < 2 * 180 + 3 * 12 + 1
    fails(cli("preview", clip, "--out", tmp_path / "a.webp"), 2, "pass --overwrite")
    assert cli("preview", clip, "--overwrite", "--out", tmp_path / "a.webp")[0] == 0


def test_wrong_use_is_one_sentence_and_writes_nothing(cli, clip, tiny_manifest, tmp_path):
    out = ("--out", tmp_path / "x.png")
    folder, name = tiny_manifest.folder, tiny_manifest.clips[0].name
    fails(cli("preview", folder, "--out", tmp_path / "x.bmp"), 2, "ending in .png, .gif, .webp, .mp4")
    fails(cli("preview", folder, *out, "--slow", 2), 2, "--slow is about animations")
    fails(cli("preview", folder, *out, "--view", "flow"), 2, "--view is about animations")
    fails(cli("preview", folder, *out, "--clip", name[:-1]), 2, "Did you mean 'sub9")
    fails(cli("preview", clip, *out, "--clip", name), 2, "no SOURCE is one")
    fails(cli("preview", tmp_path / "nowhere", *out), 2, "nowhere does not exist")
    fails(cli("preview", *[clip] * 25, *out), 2, "one picture holds 24")
    assert not (tmp_path / "x.png").exists()
