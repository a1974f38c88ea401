"""SMIC: cameras beside each other, raw and cropped clips, what is missing or there twice."""

import shutil

import pytest
from invented import rows_of
from invented.files import write_frames
from invented.smic import CLIPS, COUNTER, draw, rows

from me_augment.corpora import read_corpus
from me_augment.corpora.recognise import recognise
from me_augment.errors import UsageError


@pytest.fixture
def corpus(tmp_path):
    """The clips of all cameras, raw."""
    for view in ("HS", "VIS", "NIR"):
        draw(tmp_path / "SMIC", view)
    return tmp_path / "SMIC"


@pytest.mark.parametrize("view", ["HS", "VIS", "NIR"])
def test_each_camera_is_read_alone(corpus, view):
    ingested = read_corpus(f"smic-{view.lower()}", corpus)
    assert rows_of(ingested) == rows(view)
    assert ingested.manifest.provenance == {"frames": "SMIC_all_raw"}
    assert all(row.path.startswith(f"SMIC_all_raw/{view}/") for row in ingested.manifest.recordings)
    assert "label-version-unknown: SMIC_all_raw has 7 micro events of 2 subjects" in ingested.warnings[0]


def test_cameras_beside_each_other_are_named(corpus):
    with pytest.raises(UsageError, match=r"several corpora: smic-hs .*; smic-vis .*; smic-nir "):
        recognise(corpus)


def test_rates_and_people_of_the_cameras(corpus):
    hs, vis = (read_corpus(name, corpus).manifest for name in ("smic-hs", "smic-vis"))
    assert {row.fps_num for row in hs.recordings} == {100}
    assert {row.fps_num for row in vis.recordings} == {25}
    assert (
        {row.person_id for row in hs.recordings}
        == {row.person_id for row in vis.recordings}
        == {"smic:s09", "smic:s92"}
    )


def test_a_clip_without_crops_is_there_raw(corpus):
    draw(corpus, "HS", "cropped", "reg_" + COUNTER)
    gone = "s9/micro/surprise/s9_sur_91"
    shutil.rmtree(corpus / "SMIC_all_cropped/HS" / gone)
    raw = read_corpus("smic-hs", corpus)
    assert rows_of(raw) == rows("HS")
    assert raw.manifest.provenance["frames"] == "SMIC_all_raw (not read: SMIC_all_cropped)"
    cropped = read_corpus("smic-hs", corpus, tree="cropped")
    assert rows_of(cropped) == {name: row for name, row in rows("HS").items() if name != "s09/s9_sur_91"}
    assert cropped.manifest.recordings[0].frame_pattern == "reg_image{n}.bmp"


def test_a_tree_that_lacks_half_of_the_clips_is_not_preferred(corpus):
    draw(corpus, "HS", "cropped")
    shutil.rmtree(corpus / "SMIC_all_raw/HS/s9")
    assert read_corpus("smic-hs", corpus).manifest.provenance["frames"] == "SMIC_all_cropped (not read: SMIC_all_raw)"
    assert len(read_corpus("smic-hs", corpus, tree="raw").manifest.clips) == 4


def test_a_clip_that_is_there_twice_is_named(corpus):
    write_frames(corpus / "SMIC_all_raw/HS/s09/micro/positive/s09_NE_91", range(3), COUNTER)
    ingested = read_corpus("smic-hs", corpus)
    assert len(ingested.manifest.clips) == len(CLIPS)
    assert any(
        "s9/micro/negative/s9_ne_91 is left out: SMIC_all_raw/HS/s09/micro/positive/s09_NE_91 has the same" in warning
        for warning in ingested.warnings
    )


def test_issues_name_the_folder(corpus):
    clips = {clip.name: clip for clip in read_corpus("smic-hs", corpus).manifest.clips}
    tree = "SMIC_all_raw/HS"
    assert clips["s09/s9_ne_91"].issues[0].detail == "no images between onset and offset for 12348"
    assert clips["s09/s9_ne_92"].issues[0].detail == (
        f"{tree}/s9/micro/positive/s9_ne_92: 's9_ne_92' is no positive one by its name"
    )
    assert clips["s92/s91_ne_03"].issues[0].detail.endswith("s91_ne_03: 's91_ne_03' is a clip of another subject")
    assert clips["s92/first"].issues[0].detail.endswith("first: 'first' is no name of such a clip")


def test_a_camera_without_clips_is_one_sentence(tmp_path):
    (tmp_path / "SMIC_all_raw/HS/s9").mkdir(parents=True)
    with pytest.raises(UsageError, match="SMIC_all_raw holds HS and its subject folders, but no recording in them"):
        read_corpus("smic-hs", tmp_path)
    with pytest.raises(UsageError, match="does not look like SMIC-VIS: looked for a folder SMIC_all_raw or SMIC_all_c"):
        read_corpus("smic-vis", tmp_path)
    with pytest.raises(UsageError, match="smic-hs has no option sheet: its options are tree"):
        read_corpus("smic-hs", tmp_path, sheet="x")
