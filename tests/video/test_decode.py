"""Every frame that cannot be read is named, and nothing else."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from invented.files import write_frames
from rows import manifest, recording

from me_augment.video import write_lossless
from me_augment.video.decode import unreadable


@pytest.fixture
def frames(tmp_path):
    """A manifest of two folders of three frames."""
    rows = []
    for name in "ab":
        write_frames(tmp_path / name, range(5, 8), "img{n}.png")
        rows.append(
            recording(
                recording_id=name, path=name, frame_pattern="img{n}.png", first_number=5, last_number=7, n_frames=3
            )
        )
    return manifest(roots={"casme2": tmp_path}, recordings=tuple(rows), clips=())


def test_sound_frames_are_all_read(frames):
    counted = []
    assert list(unreadable(frames, counted.append)) == []
    assert sum(counted) == 6


def test_each_damaged_frame_is_named(frames, tmp_path):
    whole = (tmp_path / "a" / "img6.png").read_bytes()
    (tmp_path / "a" / "img6.png").write_bytes(whole[:60])
    (tmp_path / "b" / "img7.png").write_bytes(b"")
    counted = []
    found = list(unreadable(frames, counted.append))
    assert [line.split(":")[0] for line in found] == ["a, position 1", "b, position 2"]
    assert sum(counted) == 6


def test_a_missing_or_changed_folder_is_named_once(frames, tmp_path):
    (tmp_path / "a" / "img7.png").unlink()
    counted = []
    found = list(unreadable(replace(frames, recordings=(*frames.recordings, recording(path="c"))), counted.append))
    assert len(found) == 2
    assert "a holds 2 frames" in found[0]
    assert sum(counted) == 6 + 10


def test_a_truncated_video_is_named(frames, tmp_path):
    video = np.random.default_rng(0).integers(0, 255, (6, 32, 32), dtype=np.uint8)
    write_lossless(tmp_path / "v.mkv", video, Fraction(25))
    row = recording(path="v.mkv", storage="video", frame_pattern=None, first_number=0, last_number=5, n_frames=6)
    only = replace(frames, recordings=(row,))
    assert list(unreadable(only)) == []
    assert len(list(unreadable(replace(only, recordings=(replace(row, n_frames=7),))))) == 1
    whole = (tmp_path / "v.mkv").read_bytes()
    (tmp_path / "v.mkv").write_bytes(whole[: len(whole) // 2])
    assert len(list(unreadable(only))) == 1
