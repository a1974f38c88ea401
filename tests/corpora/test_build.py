"""Hostile and damaged folders: a failed row or a warning each, never an abort, never a file from outside."""

import pytest
from PIL import Image

from me_augment.corpora import read_corpus
from me_augment.manifest.validate import findings

HEADER = [
    "Subject",
    "Filename",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action Units",
    "Estimated Emotion",
]


@pytest.fixture
def corpus(tmp_path, frames, workbook):
    """Two clips of ten frames with the same labels."""
    root = tmp_path / "corpus"
    rows = [["91", name, 2, 4, 8, 12, "happiness"] for name in ("EP01_01", "EP01_02")]
    workbook(root / "CASME2-coding-20190701.xlsx", {"Sheet1": [HEADER, *rows]})
    for name in ("EP01_01", "EP01_02"):
        frames(root / "Cropped/sub91" / name, range(1, 11), "reg_img{n}.jpg")
    return root


def damage(case, folder, outside, paint):
    if case == "first":
        (folder / "reg_img1.jpg").write_bytes(b"no image")
    if case == "apex":
        file = folder / "reg_img4.jpg"
        file.write_bytes(file.read_bytes()[:200])
    if case == "twice":
        paint(folder, [4], "reg_img04.jpg")
    if case == "two sequences":
        paint(folder, [4], "img{n}.jpg")
    if case == "huge number":
        paint(folder, [2], "reg_img99999999999.jpg")
    if case == "empty":
        for file in folder.iterdir():
            file.unlink()
    if case == "other size":
        Image.new("RGB", (10, 10)).save(folder / "reg_img8.jpg")
    if case == "linked frame":
        paint(outside, [5], "{n}.jpg")
        (folder / "reg_img5.jpg").unlink()
        (folder / "reg_img5.jpg").symlink_to(outside / "5.jpg")


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("first", "Cropped/sub91/EP01_01/reg_img1.jpg is damaged"),
        ("apex", "Cropped/sub91/EP01_01/reg_img4.jpg is damaged"),
        ("twice", "holds two files of frame 4, reg_img04.jpg and reg_img4.jpg"),
        ("two sequences", "holds several sequences"),
        ("huge number", "holds a frame number 99999999999"),
        ("empty", "holds no numbered image"),
        ("other size", "reg_img8.jpg is 10x10"),
        ("linked frame", "reg_img5.jpg is a link that leads out of the corpus folder"),
    ],
)
def test_a_damaged_clip_is_a_failed_row(corpus, tmp_path, frames, case, reason):
    damage(case, corpus / "Cropped/sub91/EP01_01", tmp_path / "outside", frames)
    ingested = read_corpus("casme2", corpus)
    bad, good = ingested.manifest.clips
    assert (bad.status, [issue.code for issue in bad.issues]) == ("failed", ["unreadable"])
    assert reason in bad.reason
    assert str(tmp_path) not in bad.reason
    assert (good.status, good.n_frames) == ("ok", 7)
    assert ingested.manifest.usable_clips() == [good]
    assert findings(ingested.manifest, check_files=True) == []
    assert any("1 of 2 clips cannot be used" in warning for warning in ingested.warnings)


def test_a_folder_linked_from_outside_is_left_out(corpus, tmp_path):
    folder = corpus / "Cropped/sub91/EP01_01"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    ingested = read_corpus("casme2", corpus)
    assert "Cropped/sub91/EP01_01 is left out: it is a link that leads out of" in ingested.warnings[1]
    assert ingested.manifest.clips[0].issues[0].code == "folder-missing"


def test_a_subject_linked_from_outside_is_left_out_at_once(corpus, tmp_path):
    (tmp_path / "home").mkdir()
    for name in "abc":
        (tmp_path / "home" / name).mkdir()
    (corpus / "Cropped/sub99").symlink_to(tmp_path / "home")
    about = [warning for warning in read_corpus("casme2", corpus).warnings if "leads out of" in warning]
    assert about == [f"Cropped/sub99 is left out: it is a link that leads out of {corpus}."]


def test_a_link_within_the_corpus_is_followed(corpus):
    (corpus / "Cropped").rename(corpus / "storage")
    (corpus / "Cropped").symlink_to(corpus / "storage")
    manifest = read_corpus("casme2", corpus).manifest
    assert manifest.recordings[0].path == "Cropped/sub91/EP01_01"
    assert findings(manifest, check_files=True) == []


def test_a_tree_linked_from_outside_is_named(corpus, tmp_path):
    (corpus / "Cropped").rename(tmp_path / "Cropped")
    (corpus / "Cropped").symlink_to(tmp_path / "Cropped")
    with pytest.raises(Exception, match=r"Links that lead out of it are not followed \(Cropped\)"):
        read_corpus("casme2", corpus)


def test_labels_never_become_paths(corpus, workbook):
    names = ["../../outside", "/etc", "EP01_01/..", "EP01_01", "EP01_01"]
    rows = [["91", name, 2, 4, 8, 12, "happiness"] for name in names]
    workbook(corpus / "CASME2-coding-20190701.xlsx", {"Sheet1": [HEADER, *rows]})
    ingested = read_corpus("casme2", corpus)
    assert [clip.name for clip in ingested.manifest.clips] == ["sub91/EP01_01", "sub91/EP01_01#2"]
    assert [issue.code for issue in ingested.manifest.clips[1].issues] == ["duplicate-name"]
    assert "row 2 is no data row (Filename '../../outside'), skipped" in ingested.warnings[0]
    assert findings(ingested.manifest) == []


def test_equal_clips_of_other_names_have_other_ids(corpus):
    first, second = read_corpus("casme2", corpus).manifest.clips
    assert first.content_sha256 == second.content_sha256
    assert first.clip_id != second.clip_id


def test_progress_counts_every_folder(corpus):
    seen = []
    read_corpus("casme2", corpus, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_an_unreadable_folder_without_row_is_a_warning(corpus):
    (corpus / "Cropped/sub91/landmarks").mkdir()
    warnings = read_corpus("casme2", corpus).warnings
    assert any("without label row cannot be read: Cropped/sub91/landmarks holds no" in line for line in warnings)
