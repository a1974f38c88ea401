"""Face images as targets: who is seen, and that every picture is one neutral frame."""

import numpy as np
import pytest
from PIL import Image

from me_augment.corpora import read_corpus
from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings
from me_augment.video import open_frames


@pytest.fixture
def folder(tmp_path):
    """Pictures in the folder and in one folder per person, of every type, among other files."""
    root = tmp_path / "faces"
    for level, name in enumerate(["anna.JPG", "bo.png", "bo.bmp", "çelik/1.jpeg", "çelik/left.png", "anna/2.jpg"], 1):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20 + level, 30, 3), level, np.uint8)).save(root / name)
    Image.fromarray(np.full((9, 8), 77, np.uint8)).save(root / "gray.png")
    (root / "read me.txt").write_text("x")
    (root / "._anna.JPG").write_bytes(b"x")
    (root / "deep/er").mkdir(parents=True)
    (root / "broken.jpg").write_bytes(b"x")
    return root


EXPECTED = {
    "anna": "anna",
    "bo": "bo",
    "bo#2": "bo",
    "broken": "broken",
    "gray": "gray",
    "anna/2": "anna",
    "çelik/1": "çelik",
    "çelik/left": "çelik",
}


def test_every_picture_is_a_neutral_clip(folder, tmp_path):
    manifest = read_corpus("faces", folder).manifest
    assert {clip.name: clip.subject for clip in manifest.clips} == EXPECTED
    for clip in manifest.clips:
        assert clip.person_id == f"faces:{clip.subject}"
        assert clip.forbidden_subjects == (clip.person_id,)
        assert (clip.expression, clip.emotion, clip.label_megc3) == ("neutral", None, None)
        place = None if clip.name == "broken" else 0
        assert (clip.onset_index, clip.apex_index, clip.offset_index) == (place, None, place)
    assert findings(manifest, check_files=True) == []
    assert Manifest.open(manifest.write(tmp_path / "m").folder) == manifest


def test_only_what_is_odd_is_noted(folder):
    ingested = read_corpus("faces", folder)
    odd = {clip.name: [issue.code for issue in clip.issues] for clip in ingested.manifest.clips if clip.issues}
    assert odd == {"bo#2": ["duplicate-name"], "broken": ["unreadable"]}
    assert ingested.warnings == ("1 of 8 clips cannot be used, see their reason: broken.",)


def test_recordings_open_as_single_images(folder):
    manifest = read_corpus("faces", folder).manifest
    gray = next(row for row in manifest.recordings if row.subject == "gray")
    assert (gray.storage, gray.path, gray.n_frames, gray.gray) == ("image", "gray.png", 1, True)
    assert (gray.height, gray.width, gray.fps_num, gray.issues) == (9, 8, None, ())
    assert open_frames(manifest.path_of(gray)).read([0]).max() == 77


def test_a_picture_linked_from_outside_is_a_failed_row(folder, tmp_path):
    (folder / "bo.png").rename(tmp_path / "bo.png")
    (folder / "bo.png").symlink_to(tmp_path / "bo.png")
    clip = next(clip for clip in read_corpus("faces", folder).manifest.clips if clip.name == "bo#2")
    assert clip.reason == "bo.png is a link that leads out of the corpus folder; put the file itself there"


def test_a_folder_without_pictures_is_one_sentence(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "a/b/too deep.png")
    with pytest.raises(UsageError, match=r"holds no picture: give a folder of \.jpg, \.png or \.bmp pictures"):
        read_corpus("faces", tmp_path)
