"""The demo from end to end, as `make demo` runs it, and what it leaves behind."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest
from conftest import picture

from me_augment.cli import main
from me_augment.demo.corpus import read_truth, write_clips
from me_augment.demo.faces import Performance
from me_augment.demo.run import DemoFolders, clear_for
from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings
from me_augment.video import open_frames


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    main(["demo", "--out", str(out), "--people", "3", "--clips", "2"])
    return DemoFolders(out)


def test_the_corpus_is_large_and_varied_enough(people, tmp_path):
    clips = write_clips(tmp_path / "c", people, clips_per_subject=4, max_frames=2)
    assert len(people) == 6
    assert set(Counter(clip.subject for clip in clips).values()) == {4}
    assert len({clip.emotion for clip in clips}) == 5


def test_the_corpus_is_ingested_whole(demo):
    manifest = Manifest.open(demo.manifest)
    assert set(Counter(clip.person_id for clip in manifest.clips).values()) == {2}
    assert all(clip.landmarks and clip.apex_index and not clip.issues for clip in manifest.clips)
    assert "CASME" not in manifest.licence


def test_the_run_has_two_clips_per_driver_and_is_sound(demo):
    run = Manifest.open(demo.run)
    assert findings(run, check_files=True) == []
    made = Counter(clip.driver_clip_id for clip in run.clips if clip.is_synthetic and clip.status == "ok")
    assert set(made.values()) == {2}
    assert len(made) == 6


def test_the_export_never_shows_a_person_to_their_own_fold(demo):
    run = {clip.clip_id: clip for clip in Manifest.open(demo.run).clips}
    tree = demo.export / "norm_u_v_os"
    assert len(list(tree.iterdir())) == 3
    for fold in tree.iterdir():
        for file in (fold / "u_train").rglob("*.png"):
            if file.name.startswith("syn_"):
                made = run[file.name.removesuffix(" .png").replace("syn_", "syn-")]
                assert f"casme2:{fold.name}" not in made.forbidden_subjects
            else:
                assert not file.name.startswith(fold.name)
        assert all(file.name.startswith(fold.name) for file in (fold / "u_test").rglob("*.png"))


def test_the_contact_sheet_shows_pictures(demo):
    sheet = cv2.imread(str(demo.sheet))
    assert sheet.shape[0] > 450
    assert sheet.std() > 30


def test_a_second_demo_needs_permission(demo, tmp_path):
    with pytest.raises(UsageError, match="--overwrite"):
        clear_for(demo.out)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a demo"):
        clear_for(tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").exists()


def test_a_folder_that_only_resembles_a_demo_is_never_removed(tmp_path):
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    (tmp_path / "data" / "corpus" / "real.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a demo"):
        clear_for(tmp_path / "data", overwrite=True)
    assert (tmp_path / "data" / "corpus" / "real.txt").read_text() == "mine"


def test_the_truth_fits_the_sheet(demo):
    clips = {clip.name: clip for clip in Manifest.open(demo.manifest).clips}
    for true in read_truth(demo.corpus / "truth.json"):
        clip = clips[f"{true.subject}/{true.video}"]
        assert (clip.onset, clip.apex, clip.offset, clip.emotion) == (true.onset, true.apex, true.offset, true.emotion)
        assert true.amplitude[clip.apex_index] == pytest.approx(1)
        assert true.amplitude[0] == true.amplitude[-1] == pytest.approx(0)


def test_the_corpus_is_the_same_every_time(people, tmp_path):
    for name in ("a", "b"):
        write_clips(tmp_path / name, people[:2], clips_per_subject=1, max_frames=3)
    files = [file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*.jpg")]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_true_motion_is_what_the_frames_show(people):
    """The closed form against a brute-force search in the rendered maps."""
    person, units = people[5], {12: 0.8}
    points = person.landmarks[[48, 54, 57]]
    moved = points + person.true_displacement(points, units)
    arrives = person.base_position(moved) + person.backward_motion(person.base_position(moved), units)
    np.testing.assert_allclose(arrives, person.base_position(points), atol=1e-6)
    assert np.abs(moved - points).max() > 1


def test_people_look_different(people):
    faces = [picture(Performance(person, {}).frame(0)).astype(float) for person in people]
    for i, first in enumerate(faces):
        for second in faces[:i]:
            assert np.abs(first - second).mean() > 15


def test_json_truth_is_plain(demo):
    assert len(json.loads((demo.corpus / "truth.json").read_text())) == 6


def test_clips_are_lossless_videos(demo):
    run = Manifest.open(demo.run)
    recording = next(r for r in run.recordings if r.corpus == "synthetic")
    frames = open_frames(run.path_of(recording))
    assert (frames.height, frames.width, frames.bit_depth) == (340, 280, 8)
    assert frames.fps == 200
