"""CAS(ME)^3 part B: the places where its recordings may lie."""

import shutil

import pytest
from invented import rows_of
from invented.casme3_b import CORPORA, EXPECTED, draw
from invented.files import write_video

from me_augment.corpora import read_corpus
from me_augment.errors import UsageError


def read(root):
    return read_corpus("casme3-b", root)


def test_recordings_like_those_of_part_a_read_alike(tmp_path):
    draw(tmp_path, "color")
    draw(tmp_path, "depth")
    ingested = read(tmp_path)
    assert rows_of(ingested) == EXPECTED
    assert all(row.path.endswith("/color") for row in ingested.manifest.recordings)
    assert ingested.manifest.provenance == {"frames": "part_B"}


def test_video_files_are_recordings_too(tmp_path):
    write_video(tmp_path / "part_B/spNo.918/1.avi", [41, 42, 100])
    (clip,) = read(tmp_path).manifest.clips
    (row,) = rows_of(read(tmp_path)).values()
    assert (clip.name, clip.onset_index, clip.offset_index, clip.expression) == ("spNO.918/1", 0, 0, "neutral")
    assert row.shows == (41, None, 41)


def test_nothing_is_unlabelled_and_one_damaged_recording_is_a_failed_row(tmp_path):
    corpus = CORPORA[0].write(tmp_path / "c")
    for file in (corpus / "part_B/spNo.918/2").iterdir():
        file.write_bytes(b"")
    ingested = read(corpus)
    status = {clip.name: clip.status for clip in ingested.manifest.clips}
    assert status == {"spNO.918/1": "ok", "spNO.918/2": "failed", "spNO.919/1": "ok"}
    assert not any("label" in line for line in ingested.warnings)


def test_an_empty_tree_is_one_sentence(tmp_path):
    draw(tmp_path)
    for subject in (tmp_path / "part_B").iterdir():
        for video in subject.iterdir():
            shutil.rmtree(video)
    with pytest.raises(UsageError, match="holds subject folders, but no recording in them"):
        read(tmp_path)
