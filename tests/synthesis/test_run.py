"""Runs: complete, what they are made of, the same bytes however they are made."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import DatasetCard
from runs import hashes, prepared
from simulated import open_threads

from me_augment import __version__
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.gates import Gates
from me_augment.generation import motion_cache
from me_augment.generation.motion_cache import MotionCache
from me_augment.manifest import Issue, Manifest
from me_augment.manifest.validate import findings
from me_augment.synthesis.clip_maker import ClipMaker
from me_augment.synthesis.inputs import RememberingClipMaker, open_clip_maker
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.records import folder_of
from me_augment.synthesis.run import begin, execute
from me_augment.synthesis.shard_maker import ShardMaker
from me_augment.synthesis.sources import open_sources
from me_augment.synthesis.status import status, unused
from me_augment.video import open_frames, synthetic_mark
from me_augment.video.recording import open_recording


def test_a_run_is_a_manifest(finished, tiny_manifest):
    whole = Manifest.open(finished)
    assert findings(whole, check_files=True) == []
    made = [row for row in whole.clips if row.is_synthetic]
    assert len(made) == 2 * len(tiny_manifest.clips)
    by_id = {row.clip_id: row for row in whole.clips}
    for row in made:
        driver, target = by_id[row.driver_clip_id], by_id[row.target_clip_id]
        assert (row.emotion, row.label_megc3, row.aus) == (driver.emotion, driver.label_megc3, driver.aus)
        assert row.apex_index == driver.apex_index - driver.onset_index
        assert set(row.forbidden_subjects) == {driver.person_id, target.person_id}
        assert row.peak_displacement_px > 0.1
        assert row.peak_displacement_iod == pytest.approx(row.peak_displacement_px / 82, rel=0.15)
        assert row.quality_correlation > 0.9
        assert 0.7 < row.quality_gain < 1.2
        assert row.quality_identity < 0.01
        frames = open_recording(whole, whole.recording_of[row.recording_id])
        assert len(frames) == driver.n_frames
        first = frames.read([0])[0]
        source = open_recording(whole, whole.recording_of[target.recording_id])
        np.testing.assert_array_equal(first, source.read([target.onset_index])[0])


def test_completions_account_for_every_clip_and_byte(finished):
    plan = PlanFile.open(finished / PLAN)
    records = [json.loads(file.read_text()) for file in sorted((finished / "completions").glob("shard-*"))]
    files = [name for record in records for name in record["sha256"] if name.endswith(".mkv")]
    assert sorted(files) == sorted(f"{row.clip_id}.mkv" for row in plan)
    for record in records:
        for name, value in record["sha256"].items():
            assert sha256((folder_of(finished, record["shard"]) / name).read_bytes()).hexdigest() == value


def test_status_reads_the_folder_alone(finished):
    state = status(finished)
    assert (state.made, state.failed, state.missing, state.finished) == (state.planned, 0, 0, True)


def test_finishing_again_changes_nothing(finished, tiny_manifest):
    before, times = hashes(finished), {file: file.stat().st_mtime_ns for file in finished.rglob("*")}
    plan = prepared(tiny_manifest)
    begin(plan, finished)
    execute(finished)
    assert hashes(finished) == before
    assert {file: file.stat().st_mtime_ns for file in finished.rglob("*")} == times


def test_changed_settings_are_refused_before_anything_is_written(finished, tiny_manifest):
    before = hashes(finished)
    with pytest.raises(UsageError, match="seed = 0, now it is 5"):
        begin(prepared(tiny_manifest, seed=5), finished)
    assert hashes(finished) == before


def test_a_folder_with_other_things_is_refused(tiny_manifest, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not a run"):
        begin(prepared(tiny_manifest), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unwritable_folder_is_one_sentence(tiny_manifest, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MeAugmentError, match="cannot write"):
        begin(prepared(tiny_manifest), tmp_path / "file" / "r")


def test_faces_from_a_folder_of_images_are_targets(tiny_manifest, portrait, tmp_path):
    import cv2

    faces = tmp_path / "faces"
    faces.mkdir()
    cv2.imwrite(str(faces / "collins.png"), portrait[..., ::-1])
    cv2.imwrite(str(faces / "wall.png"), np.full((100, 100, 3), 90, np.uint8))
    plan = prepare(open_sources(tiny_manifest.folder, faces, None))
    assert {row.target_person_id for row in plan.plan} == {"faces:collins"}
    assert any("wall" in clip.name for clip in plan.unusable)
    begin(plan, tmp_path / "r")
    execute(tmp_path / "r")
    whole = Manifest.open(tmp_path / "r")
    assert findings(whole, check_files=True) == []
    made = next(row for row in whole.clips if row.is_synthetic)
    frames = open_frames(whole.path_of(whole.recording_of[made.recording_id]))
    np.testing.assert_array_equal(frames.read([0])[0], portrait)
    assert "faces:collins" in made.forbidden_subjects


def test_the_flag_of_who_must_never_be_shown_goes_with_face_and_motion(tiny_manifest, tmp_path):
    person, flag = "casme2:sub91", Issue(code="never-show", detail="sub91 must never be shown")
    rows = [replace(c, issues=(*c.issues, flag)) if c.person_id == person else c for c in tiny_manifest.clips]
    plan = prepared(replace(tiny_manifest, clips=tuple(rows)).write(tmp_path / "m"))
    maker = ClipMaker(plan.real, plan.settings, plan.makers)
    found = set()
    for row in plan.plan:
        concerned = person in (row.driver_person_id, row.target_person_id)
        assert maker.failed(row, "not made").clip.issues == ((flag,) if concerned else ())
        found.add((row.driver_person_id == person, row.target_person_id == person))
    assert found == {(True, False), (False, True), (False, False)}


def test_a_driver_is_observed_once_for_all_its_targets(tiny_manifest, tmp_path, monkeypatch):
    plan = prepared(tiny_manifest)
    begin(plan, tmp_path / "r")
    maker = ShardMaker(tmp_path / "r", open_clip_maker)
    observed = []
    (who,) = plan.makers
    original = who.generator().observe
    monkeypatch.setattr(who.generator(), "observe", lambda *a: observed.append(1) or original(*a))
    for shard in PlanFile.open(tmp_path / "r" / PLAN).read_shards():
        maker(shard)
    assert len(observed) == len(tiny_manifest.clips)


def test_other_versions_of_deciding_packages_are_refused(finished, tiny_manifest, tmp_path):
    copy = tmp_path / "r"
    shutil.copytree(finished, copy)
    environment = json.loads((copy / "environment.json").read_text())
    environment["packages"]["numpy"] = "1.0"
    (copy / "environment.json").write_text(json.dumps(environment))
    with pytest.raises(UsageError, match=r"numpy 1\.0, now it is"):
        begin(prepared(tiny_manifest), copy)


def test_an_unsound_manifest_is_refused_before_the_work(tiny_manifest, tmp_path):
    rows = tuple(replace(row, expression="nano") for row in tiny_manifest.clips)
    bad = replace(tiny_manifest, clips=rows).write(tmp_path / "bad")
    with pytest.raises(MeAugmentError, match="'nano'"):
        prepared(bad)


def test_a_broken_plan_is_one_sentence(tmp_path):
    (tmp_path / "plan.parquet").write_bytes(b"junk")
    with pytest.raises(UsageError, match="cannot be read"):
        status(tmp_path)


def test_a_driver_that_stands_still_gives_no_labelled_clip(tiny_manifest, tmp_path):
    copy = tmp_path / "corpus"
    shutil.copytree(tiny_manifest.roots["casme2"], copy)
    for folder in {(copy / r.path) for r in tiny_manifest.recordings}:
        frames = sorted(folder.iterdir())
        for frame in frames[1:]:
            shutil.copy(frames[0], frame)
    still = replace(tiny_manifest, roots={"": Path(), "casme2": copy}).write(tmp_path / "m")
    plan = prepared(still)
    begin(plan, tmp_path / "r")
    assert execute(tmp_path / "r").made == 0
    assert all("no motion" in row.reason for row in list(unused(tmp_path / "r")))


def test_a_corpus_that_is_not_there_fails_no_clip(tiny_manifest, tmp_path):
    corpus = shutil.copytree(tiny_manifest.roots["casme2"], tmp_path / "corpus")
    moved = replace(tiny_manifest, roots={"": Path(), "casme2": corpus}).write(tmp_path / "m")
    plan = prepared(moved)
    begin(plan, tmp_path / "r")
    corpus.rename(tmp_path / "elsewhere")
    for attempt in (lambda: execute(tmp_path / "r"), lambda: prepared(moved)):
        with pytest.raises(UsageError, match="corpus is not there: mount it, or say where it lies now with --root"):
            attempt()
    assert status(tmp_path / "r").missing == status(tmp_path / "r").planned
    begin(
        prepare(open_sources(tmp_path / "m", None, None, tmp_path / "elsewhere"), per_driver=2, clips_per_shard=3),
        tmp_path / "r",
    )
    execute(tmp_path / "r")
    assert status(tmp_path / "r").made == status(tmp_path / "r").planned


def test_targets_of_another_manifest_keep_their_frames_and_lose_their_labels(tiny_manifest, tmp_path):
    """The same relative paths below another root, in half the size."""
    import cv2

    copy = tmp_path / "half"
    shutil.copytree(tiny_manifest.roots["casme2"], copy)
    for file in copy.rglob("*.jpg"):
        cv2.imwrite(str(file), cv2.resize(cv2.imread(str(file)), None, fx=0.5, fy=0.5))
    rows = tuple(
        replace(
            c,
            clip_id=c.clip_id + "h",
            person_id=c.person_id + "h",
            subject=c.subject + "h",
            forbidden_subjects=(c.person_id + "h",),
            landmarks=tuple(v / 2 for v in c.landmarks),
        )
        for c in tiny_manifest.clips
    )
    recordings = tuple(replace(r, height=170, width=140) for r in tiny_manifest.recordings)
    half = replace(tiny_manifest, roots={"": Path(), "casme2": copy}, clips=rows, recordings=recordings)
    half.write(tmp_path / "half-manifest")
    plan = prepare(open_sources(tiny_manifest.folder, tmp_path / "half-manifest", None))
    begin(plan, tmp_path / "r")
    execute(tmp_path / "r")
    whole = Manifest.open(tmp_path / "r")
    assert findings(whole, check_files=True) == []
    made = [row for row in whole.clips if row.is_synthetic]
    assert all(open_recording(whole, whole.recording_of[row.recording_id]).height == 170 for row in made)
    assert {row.expression for row in whole.clips if row.person_id.endswith("h") and not row.is_synthetic} == {
        "neutral"
    }
    assert len([row for row in whole.usable_clips() if not row.is_synthetic and row.expression == "micro"]) == 6


def test_clips_are_made_on_one_thread(tiny_manifest, tmp_path, monkeypatch):
    import cv2

    plan = prepared(tiny_manifest)
    begin(plan, tmp_path / "r")
    maker = ShardMaker(tmp_path / "r", open_clip_maker)
    (who,) = plan.makers
    threads, original = [], who.generator().observe
    monkeypatch.setattr(who.generator(), "observe", lambda *a: threads.append(cv2.getNumThreads()) or original(*a))
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        maker(next(PlanFile.open(tmp_path / "r" / PLAN).read_shards()))
    finally:
        cv2.setNumThreads(before)
    assert set(threads) == {1}


def test_a_folder_of_faces_cannot_drive(portrait, tmp_path, detector):
    import cv2

    from me_augment.corpora import read_corpus
    from me_augment.face.annotate import annotate

    (tmp_path / "faces").mkdir()
    cv2.imwrite(str(tmp_path / "faces" / "collins.png"), portrait[..., ::-1])
    faces = annotate(read_corpus("faces", tmp_path / "faces").manifest, detector).write(tmp_path / "m")
    with pytest.raises(UsageError, match="holds faces only"):
        prepare(open_sources(faces.folder, None, None))


def test_a_plan_that_faces_do_not_suffice_for_says_so(tiny_manifest):
    assert prepare(open_sources(tiny_manifest.folder, None, None), per_driver=2).asked == 12
    many = prepare(open_sources(tiny_manifest.folder, None, None), per_driver=9)
    assert (len(many.plan), many.asked) == (24, 54)


def test_a_clip_that_fails_a_gate_is_kept_but_not_used(tiny_manifest, tmp_path):
    """The strictest limit that half of the clips keep to: the others stay as rows, with their recordings."""
    loose = prepared(tiny_manifest, gates=Gates.parse(["off"]))
    begin(loose, tmp_path / "loose")
    execute(tmp_path / "loose")
    gains = sorted(c.quality_gain for c in Manifest.open(tmp_path / "loose").clips if c.is_synthetic)
    limit = (gains[len(gains) // 2 - 1] + gains[len(gains) // 2]) / 2
    looked_at = ("casme2:sub91", "samm:*")
    strict = prepared(tiny_manifest, gates=Gates.parse(["off", f"gain_low={limit}"]), gates_chosen_on=looked_at)
    assert list(strict.plan) == list(loose.plan)  # the same clips; gates only judge them
    folder = tmp_path / "strict"
    begin(strict, folder)
    state = execute(folder)
    assert (state.made, state.rejected, state.failed, state.missing) == (6, 6, 0, 0)
    assert state.finished
    whole = Manifest.open(folder)
    assert findings(whole, check_files=True) == []
    rejected = [clip for clip in whole.clips if clip.status == "rejected"]
    assert len(rejected) == 6
    assert all(set(looked_at) < set(clip.forbidden_subjects) for clip in whole.clips if clip.is_synthetic)
    for clip in rejected:
        assert clip.quality_gain < limit
        assert clip.reason.startswith("quality: gain 0.")
        assert len(open_recording(whole, whole.recording_of[clip.recording_id])) == clip.n_frames
        assert clip not in whole.usable_clips()
    assert {clip.clip_id for clip in unused(folder)} == {clip.clip_id for clip in rejected}
    stats = json.loads((folder / "stats.json").read_text())
    assert (stats["made"], stats["rejected"], stats["failed"]) == (6, 6, 0)
    assert set(stats["rejections"]) == {clip.clip_id for clip in rejected}
    assert sum(stats["by_emotion"].values()) == 6
    card = (folder / "README.md").read_text()
    assert "\n# Synthetic micro-expressions\n\n6 clips made" in card
    assert "6 did not pass the gates" in card
    assert "\n```\nme-augment synthesize inputs/manifest --out ../again --generator warp --per-driver 2 " in card
    data = DatasetCard(card).data
    assert data.tags[-1] == "synthetic"
    assert data.size_categories == ["n<1K"]
    assert data.configs == [{"config_name": "clips", "data_files": "clips.parquet"}]
    assert "| casme2: CASME II | signed, with the Institute of Psychology" in card
    assert "@article{yan2014casme2," in card
    with pytest.raises(UsageError, match="--gate gain_low"):
        begin(prepared(tiny_manifest, gates=Gates.parse(["off"]), gates_chosen_on=looked_at), folder)


def test_clips_made_beside_each_other_have_the_same_bytes(finished, tiny_manifest, tmp_path):
    begin(prepared(tiny_manifest), tmp_path / "r")
    execute(tmp_path / "r", open_clips=open_threads)
    assert hashes(tmp_path / "r") == hashes(finished)


def test_a_cache_of_motion_changes_nothing_but_time(finished, tiny_manifest, tmp_path, monkeypatch):
    opener = RememberingClipMaker(MotionCache(tmp_path / "cache", 1 << 30))
    for name in ("first", "second"):
        begin(prepared(tiny_manifest), tmp_path / name)
        execute(tmp_path / name, open_clips=opener)
        assert hashes(tmp_path / name) == hashes(finished)
        monkeypatch.setattr(motion_cache, "measure_motion", None)  # no further measurement


def test_every_clip_says_what_it_is_and_who_made_it(finished):
    files = sorted(finished.glob("shards/*/*.mkv"))
    assert len(files) == 12
    marks = {synthetic_mark(file) for file in files}
    version = Manifest.open(finished).clips[-1].generator_version
    assert marks == {f"synthetic micro-expression, me-augment {__version__}, generator warp {version}"}
