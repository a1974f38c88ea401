"""Face images as targets: who is seen, and that every picture is one neutral frame."""

import numpy as np
import pytest
from invented.files import paint, write_frames, write_video
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
    (tmp_path / "a/b/c").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "a/b/c/too deep.png")
    with pytest.raises(UsageError, match=r"holds no picture: give a folder of \.jpg, \.png or \.bmp pictures"):
        read_corpus("faces", tmp_path)


@pytest.fixture
def clips(tmp_path):
    """Neutral clips of two people and a stranger, beside pictures."""
    root = tmp_path / "faces"
    write_frames(root / "anna/still", range(30, 36), "f{n}.png")
    write_frames(root / "anna/mixed", [1], "a{n}.png")
    write_frames(root / "anna/mixed", [2], "b{n}.png")
    write_video(root / "bo/at rest.mp4", range(40, 45))
    write_video(root / "cy.avi", range(50, 53))
    paint(root / "bo/1.png", 9)
    return root


def test_videos_and_folders_of_frames_are_neutral_clips(clips):
    manifest = read_corpus("faces", clips).manifest
    spans = {clip.name: (clip.subject, clip.onset_index, clip.apex_index, clip.offset_index) for clip in manifest.clips}
    assert spans == {
        "cy": ("cy", 0, None, 2),
        "anna/mixed": ("anna", None, None, None),
        "anna/still": ("anna", 0, None, 5),
        "bo/1": ("bo", 0, None, 0),
        "bo/at rest": ("bo", 0, None, 4),
    }
    still = next(clip for clip in manifest.clips if clip.name == "anna/still")
    assert (still.onset, still.offset, still.expression) == (30, 35, "neutral")
    assert {row.path: row.storage for row in manifest.recordings} == {
        "anna/still": "frames", "bo/1.png": "image", "bo/at rest.mp4": "video", "cy.avi": "video",
    }  # fmt: skip
    assert "holds several sequences" in next(clip.reason for clip in manifest.clips if clip.name == "anna/mixed")


TABLE = r"""File,Subject,Licence,note
anna,A1,consent A,
ANNA/still,,CC-BY 4.0,
bo\at rest,A1,,the same person
cy.avi,,CC0,
../cy.avi,x,,
/etc/passwd,x,,
C:\x.png,x,,
nobody.png,x,,
cy,x,,twice
bo,*,,

,x,,
.,x,,
"""


@pytest.mark.parametrize("given", [False, True])
def test_a_table_says_who_and_on_what_terms(clips, tmp_path, given):
    file = tmp_path / "mine.csv" if given else clips / "faces.csv"
    file.write_text(TABLE)
    ingested = read_corpus("faces", clips, sheet=file if given else None)
    own = ingested.manifest.licence
    assert {clip.name: (clip.subject, clip.licence) for clip in ingested.manifest.clips} == {
        "cy": ("cy", "CC0"),
        "anna/mixed": ("A1", "consent A"),
        "anna/still": ("A1", "CC-BY 4.0"),
        "bo/1": ("bo", own),
        "bo/at rest": ("A1", own),
    }
    assert {row.path: row.person_id for row in ingested.manifest.recordings}["bo/at rest.mp4"] == "faces:A1"
    assert ingested.manifest.provenance == {"labels": file.name}
    said = [line.removeprefix(f"{file.name}, ") for line in ingested.warnings[:-1]]
    out = "leads out of the folder that was given."
    assert said == [
        f"row 6 is not heeded: '../cy.avi' {out}",
        f"row 7 is not heeded: '/etc/passwd' {out}",
        f"row 8 is not heeded: 'C:\\\\x.png' {out}",
        "row 9 is not heeded: 'nobody.png' is not there: no nobody.png.",
        "row 10 is not heeded: another row is about 'cy'.",
        "row 11 is not heeded: the subject '*' would be everybody.",
        "row 13 is not heeded: no path is given.",
        "row 14 is not heeded: '.' is the folder that was given itself; name a path below it.",
    ]


def test_terms_for_the_rest_leave_those_of_a_row(clips):
    (clips / "faces.csv").write_text("file,licence\nanna,consent A\n")
    manifest = read_corpus("faces", clips, licence="mine").manifest
    assert {clip.name: clip.licence for clip in manifest.clips} == {
        "cy": "mine", "anna/mixed": "consent A", "anna/still": "consent A", "bo/1": "mine", "bo/at rest": "mine",
    }  # fmt: skip


def test_a_table_without_the_column_is_one_sentence(clips):
    (clips / "faces.csv").write_text("picture,subject\nanna,A1\n")
    with pytest.raises(UsageError, match="lacks the column file"):
        read_corpus("faces", clips)
