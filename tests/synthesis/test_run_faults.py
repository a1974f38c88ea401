"""Runs that something happens to: killed, stopped, out of disk, of bad clips; the same bytes in the end."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from runs import StopsAfter, hashes, prepared

from me_augment.errors import MeAugmentError, UsageError
from me_augment.lock import only_one
from me_augment.manifest import Manifest
from me_augment.manifest.store import temporary_name
from me_augment.manifest.validate import findings
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.status import status, unused


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
from test_run_faults import Manifest, begin, execute, prepared
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


def test_a_basis_half_written_is_swept_away(tiny_manifest, tmp_path):
    begin(prepared(tiny_manifest), tmp_path / "r")
    temporary_name(tmp_path / "r" / "inputs" / "basis.npz").write_bytes(b"half")
    execute(tmp_path / "r", Session(stop=lambda: True))
    assert not list((tmp_path / "r" / "inputs").glob(".*"))
