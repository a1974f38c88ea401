"""Runs: complete, resumable, the same bytes whatever happened on the way."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from runs import StopsAfter, hashes
from simulated import open_threads

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.gates import Gates
from me_augment.generation import motion_cache
from me_augment.generation.motion_cache import MotionCache
from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings
from me_augment.synthesis.inputs import RememberingClipMaker, open_clip_maker
from me_augment.synthesis.lock import only_one
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.records import folder_of
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.shard_maker import ShardMaker
from me_augment.synthesis.sources import open_sources
from me_augment.synthesis.status import status, unused
from me_augment.video import open_frames
from me_augment.video.recording import open_recording


def prepared(manifest, **options):
    # Small shards, so that a handful of clips makes several.
    options = {"per_driver": 2, "clips_per_shard": 3, **options}
    return prepare(open_sources(manifest.folder, None, None), **options)


@pytest.fixture(scope="module")
def finished(tiny_manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    plan = prepared(tiny_manifest)
    begin(plan, folder)
    assert execute(folder).finished
    return folder


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


def test_an_interrupted_run_goes_on_where_it_stopped(finished, tiny_manifest, tmp_path):
    plan = prepared(tiny_manifest)
    begin(plan, tmp_path / "r")
    with pytest.raises(KeyboardInterrupt):
        execute(tmp_path / "r", Session(executor=StopsAfter(2)))
    state = status(tmp_path / "r")
    assert (state.shards_done, state.finished) == (2, False)
    with pytest.raises(UsageError, match="not finished"):
        Manifest.open(tmp_path / "r")
    made = []
    begin(plan, tmp_path / "r")
    execute(tmp_path / "r", Session(progress=made.append))
    assert [result.shard for result in made] == [2, 3, 4, 5]
    assert hashes(tmp_path / "r") == hashes(finished)


def test_a_half_written_shard_is_made_again(finished, tiny_manifest, tmp_path):
    copy = tmp_path / "r"
    shutil.copytree(finished, copy)
    for name in ("manifest.json", "completions/shard-00001.json"):
        (copy / name).unlink()
    next((copy / "shards" / "shard-00001").glob("*.mkv")).write_bytes(b"half")
    (copy / "shards" / ".shard-00002.tmp").mkdir()
    (copy / "shards" / ".shard-00002.tmp" / "x.mkv").write_bytes(b"left over")
    (copy / "completions" / "shard-00002.json").unlink()
    plan = prepared(tiny_manifest)
    begin(plan, copy)
    execute(copy)
    assert hashes(copy) == hashes(finished)


_CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_run import Manifest, begin, execute, prepared
plan = prepared(Manifest.open(sys.argv[2]))
folder = Path(sys.argv[3])
print("ready", flush=True)
begin(plan, folder)
execute(folder)
"""


def test_killed_at_random_moments_it_ends_with_the_same_bytes(finished, tiny_manifest, tmp_path):
    folder = tmp_path / "r"
    command = [sys.executable, "-c", _CHILD, str(Path(__file__).parent), str(tiny_manifest.folder), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    rng = random.Random(3)
    for _ in range(4):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert child.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 0.6))
        child.send_signal(signal.SIGKILL)
        child.communicate()
    subprocess.run(command, check=True, timeout=120, env=environment, stdout=subprocess.DEVNULL)
    assert hashes(folder) == hashes(finished)


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


def test_a_bad_clip_becomes_a_row_and_the_rest_goes_on(tiny_manifest, tmp_path):
    """A driver whose frames went bad after ingest."""
    copy = tmp_path / "corpus"
    shutil.copytree(tiny_manifest.roots["casme2"], copy)
    moved = replace(tiny_manifest, roots={"": Path(), "casme2": copy}).write(tmp_path / "m")
    victim = moved.clips[0]
    for file in (copy / moved.recording_of[victim.recording_id].path).iterdir():
        file.write_bytes(file.read_bytes()[:200])
    plan = prepared(moved)
    begin(plan, tmp_path / "r")
    state = execute(tmp_path / "r")
    failed = list(unused(tmp_path / "r"))
    expected = {r.clip_id for r in plan.plan if victim.clip_id in (r.driver_clip_id, r.target_clip_id)}
    assert {row.clip_id for row in failed} == expected
    assert state.failed == len(expected)
    assert state.made == state.planned - state.failed
    assert all(row.reason and row.recording_id is None for row in failed)
    whole = Manifest.open(tmp_path / "r")
    assert findings(whole) == []
    assert not {row.clip_id for row in whole.usable_clips()} & expected


def test_a_full_disk_ends_the_run_and_keeps_what_is_complete(tiny_manifest, tmp_path, monkeypatch):
    import errno

    from me_augment.synthesis import clip_maker

    plan, real, calls = prepared(tiny_manifest), clip_maker.write_lossless, []

    def write(*arguments):
        calls.append(arguments)
        if len(calls) > 3:
            raise MeAugmentError("no space left") from OSError(errno.ENOSPC, "no space left")
        return real(*arguments)

    monkeypatch.setattr(clip_maker, "write_lossless", write)
    begin(plan, tmp_path / "r")
    with pytest.raises(MeAugmentError, match="no space left"):
        execute(tmp_path / "r")
    assert status(tmp_path / "r").shards_done == 1
    assert list(unused(tmp_path / "r")) == []


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


def test_a_damaged_or_missing_clip_is_made_again(finished, tiny_manifest, tmp_path):
    copy = tmp_path / "r"
    shutil.copytree(finished, copy)
    clips = sorted((copy / "shards").rglob("*.mkv"))
    clips[0].write_bytes(b"")
    clips[-1].unlink()
    (copy / "completions" / "shard-00001.json").write_text("{")
    assert status(copy).missing > 0
    assert not status(copy).finished
    plan = prepared(tiny_manifest)
    begin(plan, copy)
    execute(copy)
    assert hashes(copy) == hashes(finished)


def test_a_run_killed_while_it_began_is_begun_again(finished, tiny_manifest, tmp_path):
    plan = prepared(tiny_manifest)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".config.yaml.tmp").write_text("half")
    (tmp_path / "b").mkdir()
    shutil.copy(finished / "config.yaml", tmp_path / "b")
    for folder in (tmp_path / "a", tmp_path / "b"):
        begin(plan, folder)
        execute(folder)
        assert hashes(folder) == hashes(finished)


def test_two_processes_do_not_work_on_one_run(tiny_manifest, tmp_path):
    plan = prepared(tiny_manifest)
    begin(plan, tmp_path / "r")
    with only_one(tmp_path / "r"):
        assert status(tmp_path / "r").running
        for attempt in (
            lambda: begin(plan, tmp_path / "r"),
            lambda: execute(tmp_path / "r"),
        ):
            with pytest.raises(UsageError, match="another process"):
                attempt()
    assert not status(tmp_path / "r").running
    assert execute(tmp_path / "r").finished


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


def test_a_link_to_nowhere_is_a_failed_row_and_not_the_end(tiny_manifest, tmp_path):
    copy = tmp_path / "corpus"
    shutil.copytree(tiny_manifest.roots["casme2"], copy)
    moved = replace(tiny_manifest, roots={"": Path(), "casme2": copy}).write(tmp_path / "m")
    victim = moved.clips[0]
    frame = sorted((copy / moved.recording_of[victim.recording_id].path).iterdir())[1]
    frame.unlink()
    frame.symlink_to(tmp_path / "nowhere.jpg")
    plan = prepared(moved)
    begin(plan, tmp_path / "r")
    state = execute(tmp_path / "r")
    assert state.finished
    assert {row.driver_clip_id for row in list(unused(tmp_path / "r"))} == {victim.clip_id}
    assert not any(str(tmp_path) in row.reason for row in list(unused(tmp_path / "r")))


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


def test_a_run_told_to_end_leaves_nothing_half_made(tiny_manifest, tmp_path):
    """SIGTERM, as batch systems send it: exit code 130, and the same command finishes the run."""
    script = "from me_augment.cli import main; print('ready', flush=True); main()"
    command = [sys.executable, "-c", script, "synthesize", str(tiny_manifest.folder), "--out", str(tmp_path / "r")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    deadline = time.monotonic() + 60
    while not (tmp_path / "r" / "plan.parquet").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child.terminate()
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Interrupted." in err
    assert b"Traceback" not in err
    assert subprocess.run(command, check=False, timeout=120, capture_output=True).returncode == 0
    assert status(tmp_path / "r").finished


def test_a_clip_that_fails_a_gate_is_kept_but_not_used(tiny_manifest, tmp_path):
    """The strictest limit that half of the clips keep to: the others stay as rows, with their recordings."""
    loose = prepared(tiny_manifest, gates=Gates.parse(["off"]))
    begin(loose, tmp_path / "loose")
    execute(tmp_path / "loose")
    gains = sorted(c.quality_gain for c in Manifest.open(tmp_path / "loose").clips if c.is_synthetic)
    limit = (gains[len(gains) // 2 - 1] + gains[len(gains) // 2]) / 2
    strict = prepared(tiny_manifest, gates=Gates.parse(["off", f"gain_low={limit}"]))
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
    assert card.startswith("# Synthetic micro-expressions\n\n6 clips made")
    assert "6 did not pass the gates" in card
    with pytest.raises(UsageError, match="--gate gain_low"):
        begin(loose, folder)


_POISONED = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from simulated import open_poisoned
from me_augment.synthesis.run import execute
execute(Path(sys.argv[3]), open_clips=open_poisoned)
"""


def test_a_clip_that_kills_the_process_costs_only_itself(finished, tiny_manifest, tmp_path):
    plan = prepared(tiny_manifest)
    folder = tmp_path / "r"
    begin(plan, folder)
    victim = list(plan.plan)[4].clip_id
    (folder / "deadly.txt").write_text(victim)
    here = Path(__file__).parent
    command = [sys.executable, "-c", _POISONED, str(here), str(here.parent), str(folder)]
    codes = [subprocess.run(command, check=False, timeout=120, capture_output=True).returncode for _ in range(3)]
    assert codes == [-11, -11, 0]
    (failed,) = unused(folder)
    assert failed.clip_id == victim
    assert "SIGSEGV" in failed.reason
    sound = hashes(finished)
    clips = {name: value for name, value in hashes(folder).items() if name.endswith(".mkv")}
    assert clips == {n: v for n, v in sound.items() if n.endswith(".mkv") and victim not in n}
    # What killed it is gone: what failed is made again, and the run is as if nothing had been.
    (folder / "deadly.txt").unlink()
    assert execute(folder).failed == 1
    assert execute(folder, Session(retry_failed=True)).failed == 0
    assert hashes(folder) == sound


def test_too_many_failures_end_the_run(tiny_manifest, tmp_path, monkeypatch):
    from me_augment.synthesis import run

    monkeypatch.setattr(run, "_JUDGED", 3)
    copy = tmp_path / "corpus"
    shutil.copytree(tiny_manifest.roots["casme2"], copy)
    moved = replace(tiny_manifest, roots={"": Path(), "casme2": copy}).write(tmp_path / "m")
    for file in copy.rglob("*.jpg"):
        file.write_bytes(b"")
    plan = prepared(moved)
    begin(plan, tmp_path / "r")
    with pytest.raises(MeAugmentError, match=r"4 of 4 clips could not be made, more than --max-failures 50%"):
        execute(tmp_path / "r", Session(max_failures=0.5))
    assert status(tmp_path / "r").shards_done == 2
    assert execute(tmp_path / "r", Session(max_failures=1.0)).finished


def test_a_run_goes_on_from_its_folder_alone(finished, tiny_manifest, tmp_path):
    manifest = shutil.copytree(tiny_manifest.folder, tmp_path / "m")
    begin(prepared(Manifest.open(manifest)), tmp_path / "r")
    shutil.rmtree(manifest)
    stopped = []
    state = execute(tmp_path / "r", Session(progress=stopped.append, stop=lambda: len(stopped) == 2))
    assert (state.shards_done, state.finished) == (2, False)
    assert execute(tmp_path / "r").finished
    assert hashes(tmp_path / "r") == hashes(finished)


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
