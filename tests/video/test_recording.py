"""Frames by manifest row."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from rows import manifest, recording

from me_augment.video import VideoError
from me_augment.video.recording import open_recording


@pytest.fixture
def whole(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in (3, 4, 5):
        cv2.imwrite(str(folder / f"img{number}.png"), np.full((8, 8), number, np.uint8))
    row = recording(path="clip", frame_pattern="img{n}.png", first_number=3, last_number=5, n_frames=3)
    return replace(manifest(recordings=(row,)), roots={"casme2": tmp_path})


def test_positions_name_the_frames_of_the_row(whole):
    assert open_recording(whole, whole.recordings[0]).read([0, 2])[:, 0, 0].tolist() == [3, 5]


@pytest.mark.parametrize("change", ["added", "removed"])
def test_a_folder_that_changed_since_is_refused(whole, tmp_path, change):
    """Each position would name another frame than the label means."""
    if change == "added":
        cv2.imwrite(str(tmp_path / "clip" / "img2.png"), np.zeros((8, 8), np.uint8))
    else:
        (tmp_path / "clip" / "img4.png").unlink()
    with pytest.raises(VideoError, match="the folder changed; ingest again"):
        open_recording(whole, whole.recordings[0])
