"""Does to runs what happens to runs, and counts what is lost, made twice or different in the end.

    python benchmarks/fault_matrix.py [--kills 60] [--seed 0] [--only WORD]

A corpus of a few short clips is invented, a run is planned and made once undisturbed. Then, for each fault, a copy of
the run as it was planned is made by the commands that users type (`me-augment resume`), in one process, on two worker
processes, or on two hosts of a Dask cluster, while the fault strikes at moments drawn at random; afterwards, where the
fault ended the command, it is given again. In the end every file below the run is compared with the undisturbed run.

Hosts are network namespaces where this may make them (root on Linux), else process groups on the loopback network.
A full disk needs permission to mount; a row that could not be tried says so. The clock is made to jump, and a decoder
to crash, by a sitecustomize.py that all Python processes of that run find first. Exit code 1 if a row is not clean.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from hosts import Hosts

from me_augment.manifest import Clip, Manifest
from me_augment.synthesis.inputs import open_real
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.progress_log import FILE as PROGRESS
from me_augment.synthesis.records import file_of
from me_augment.synthesis.run import begin

_ROOT = Path(__file__).parents[1]
_COMMAND = [sys.executable, "-c", "from me_augment.cli import main; main()"]
_LONGEST = 240.0
_IN_PROCESS: tuple[str, ...] = ()
_TWO_WORKERS = ("--workers", "2")

_JUMPS = """
import time
real, start = time.time, time.monotonic()
time.time = lambda: real() + (0, {jump}, -{jump})[min(2, int((time.monotonic() - start) / 6))]
"""
_CRASHES = """
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

class Poison(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "me_augment.video.recording":
            return None
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def exec_module(module):
            import os, signal
            execute(module)
            opened = module.open_recording
            def open_recording(manifest, recording):
                if recording.recording_id == "{recording}":
                    os.kill(os.getpid(), signal.SIGSEGV)
                return opened(manifest, recording)
            module.open_recording = open_recording
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Poison())
"""


@dataclass
class Scene:
    """What all rows share.

    Attributes:
        scratch: a temporary folder.
        planned: the run as it was begun.
        expected: file of the undisturbed run → SHA-256.
        ids: of the planned clips.
        rng: draws the moments.
        seconds: how long an undisturbed run takes, by the options that say who makes it.
        environment: of every process.
    """

    scratch: Path
    planned: Path
    expected: dict[str, str]
    ids: list[str]
    rng: random.Random
    seconds: dict[tuple[str, ...], float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def fresh(self) -> Path:
        """A copy of the planned run."""
        run = Path(tempfile.mkdtemp(dir=self.scratch)) / "run"
        shutil.copytree(self.planned, run)
        return run

    def start(self, run: Path, *options: str, **environment: str) -> subprocess.Popen[str]:
        """`me-augment resume` in a process group of its own, as a shell starts it."""
        return subprocess.Popen(
            [*_COMMAND, "resume", str(run), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**self.environment, **environment},
            start_new_session=True,
        )

    def moment(self, options: tuple[str, ...]) -> float:
        """A moment of a run; early rather than late, since a run that was resumed is shorter."""
        return self.rng.uniform(0.0, 0.7 * self.seconds[options])


@dataclass
class Row:
    """One line of the table; `problems` says what else went wrong."""

    fault: str
    injected: str
    times: int = 0
    kills: int = 0
    lost: int = 0
    duplicate: int = 0
    differ: int = 0
    problems: list[str] = field(default_factory=list)

    def expect(self, child: subprocess.Popen[str], codes: set[int], words: str = "") -> None:
        """Wait for a command, and note an exit code or an output that is not what it should be."""
        try:
            printed, _ = child.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            printed, _ = child.communicate()
            self.problems.append(f"still at work after {_LONGEST:.0f} s: {printed[-300:]!r}")
            return
        if child.returncode not in codes or words not in printed or "Traceback" in printed:
            self.problems.append(f"exit code {child.returncode}, said {printed[-600:]!r}")

    def compare(self, scene: Scene, run: Path) -> None:
        """Count what is not as in the undisturbed run."""
        found = hashes(run)
        wrong = [name for name in {*scene.expected, *found} if scene.expected.get(name) != found.get(name)]
        self.differ += len(wrong)
        if wrong:
            self.problems.append(f"differ: {sorted(wrong)[:4]}")
        try:
            made = Counter(clip.clip_id for clip in Manifest.open(run).clips if clip.is_synthetic)
        except Exception as error:
            self.problems.append(repr(error))
            made = Counter()
        self.lost += sum(clip not in made for clip in scene.ids)
        self.duplicate += sum(count - 1 for count in made.values())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60, help="SIGKILLs and signals in all, about")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="rows whose function has this word in its name")
    arguments = parser.parse_args()
    share = max(1, round(arguments.kills / 10))
    with tempfile.TemporaryDirectory() as scratch:
        scene = prepared(Path(scratch), random.Random(arguments.seed))
        rows = [
            lambda: main_killed(scene, _IN_PROCESS, 2 * share),
            lambda: main_killed(scene, _TWO_WORKERS, share),
            lambda: worker_killed(scene, 2 * share),
            lambda: asked_to_stop(scene, signal.SIGINT, _IN_PROCESS, max(1, share // 3)),
            lambda: asked_to_stop(scene, signal.SIGTERM, _IN_PROCESS, max(1, share // 3)),
            lambda: asked_to_stop(scene, signal.SIGINT, _TWO_WORKERS, max(1, share // 3)),
            lambda: asked_to_stop(scene, signal.SIGTERM, _TWO_WORKERS, max(1, share // 3)),
            lambda: scheduler_killed(scene, share),
            lambda: host_killed(scene, share),
            lambda: host_cut_off(scene),
            lambda: disk_full(scene, _IN_PROCESS),
            lambda: disk_full(scene, _TWO_WORKERS),
            lambda: read_error(scene, _IN_PROCESS),
            lambda: read_error(scene, _TWO_WORKERS),
            lambda: poison(scene, _IN_PROCESS),
            lambda: poison(scene, _TWO_WORKERS),
            lambda: clock_jumps(scene, _IN_PROCESS),
            lambda: clock_jumps(scene, _TWO_WORKERS),
            lambda: two_at_once(scene, _IN_PROCESS),
            lambda: two_at_once(scene, _TWO_WORKERS),
        ]
        sys.exit(0 if report(rows, arguments.only) else 1)


def report(rows: list[Callable[[], Row]], only: str) -> bool:
    """Run the rows and print them; whether all are clean."""
    print(f"{'fault':58} {'times':>5} {'lost':>5} {'twice':>5} {'differ':>6}  injected", flush=True)
    kills, clean = 0, True
    for make in rows:
        if not any(only in name for name in make.__code__.co_names):
            continue
        row = make()
        kills += row.kills
        clean &= not (row.lost or row.duplicate or row.differ or row.problems)
        numbers = f"{row.times:5} {row.lost:5} {row.duplicate:5} {row.differ:6}" if row.times else f"{'not tried':>24}"
        print(f"{row.fault:58} {numbers}  {row.injected}", flush=True)
        for problem in row.problems:
            print(f"    {problem}", flush=True)
    print(f"{kills} kills and signals; {'all clean' if clean else 'NOT CLEAN'}")
    return clean


def prepared(scratch: Path, rng: random.Random) -> Scene:
    """Invent a corpus, plan a run, make it undisturbed in each way."""
    from me_augment.corpora import read_corpus
    from me_augment.demo.corpus import write_clips
    from me_augment.demo.faces import subjects
    from me_augment.face import create_detector
    from me_augment.face.annotate import annotate
    from me_augment.synthesis.prepare import prepare
    from me_augment.synthesis.sources import open_sources

    write_clips(scratch / "CASME2", subjects()[:3], clips_per_subject=2, max_frames=5)
    annotate(read_corpus("casme2", scratch / "CASME2").manifest, create_detector()).write(scratch / "manifest")
    plan = prepare(open_sources(scratch / "manifest", None, None), per_driver=2, clips_per_shard=2, strength=(0.9, 1.1))
    begin(plan, scratch / "planned")
    scene = Scene(scratch, scratch / "planned", {}, [row.clip_id for row in plan.plan], rng)
    scene.environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    for options in (_IN_PROCESS, _TWO_WORKERS):
        run = scene.fresh()
        started = time.monotonic()
        child = scene.start(run, *options)
        printed, _ = child.communicate(timeout=_LONGEST)
        assert child.returncode == 0, printed
        scene.seconds[options] = time.monotonic() - started
        scene.expected = scene.expected or hashes(run)
        assert hashes(run) == scene.expected
    took = ", ".join(f"{_who(options)} {seconds:.0f} s" for options, seconds in scene.seconds.items())
    shards = PlanFile.open(scene.planned / PLAN).shards
    print(f"{len(scene.ids)} clips in {shards} shards; undisturbed: {took}; {len(scene.expected)} files")
    return scene


def main_killed(scene: Scene, options: tuple[str, ...], times: int) -> Row:
    """The command is killed again and again."""
    row = Row(f"main process killed, {_who(options)}", "SIGKILL at a random moment, then the same command again")
    run = scene.fresh()
    while row.times < times:
        child = scene.start(run, *options)
        time.sleep(scene.moment(options))
        if child.poll() is not None:  # it was quicker
            child.communicate()
            row.compare(scene, run)
            run = scene.fresh()
            continue
        mine = _descendants(child.pid)
        child.kill()
        child.communicate()
        row.times, row.kills = row.times + 1, row.kills + 1
        deadline = time.monotonic() + 20
        while (left := [pid for pid in mine if _alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        if left:
            row.problems.append(f"processes {left} outlived it")
    row.expect(scene.start(run, *options), {0})
    row.compare(scene, run)
    return row


def worker_killed(scene: Scene, times: int) -> Row:
    """Worker processes are killed while the command goes on."""
    row = Row("worker killed, two workers", "SIGKILL to one of them at random moments of one run after another")
    while row.times < times:
        run = scene.fresh()
        child = scene.start(run, *_TWO_WORKERS)
        for _ in range(4):
            time.sleep(scene.moment(_TWO_WORKERS) / 3)
            workers = _descendants(child.pid)
            if child.poll() is None and workers:
                os.kill(scene.rng.choice(workers), signal.SIGKILL)
                row.times, row.kills = row.times + 1, row.kills + 1
        row.expect(child, {0})
        row.compare(scene, run)
    return row


def asked_to_stop(scene: Scene, number: signal.Signals, options: tuple[str, ...], times: int) -> Row:
    """As by Ctrl-C or a batch system: every process of the group gets the signal."""
    row = Row(f"{number.name}, {_who(options)}", "to the whole process group; ends by itself with 130; then again")
    run = scene.fresh()
    while row.times < times:
        child = scene.start(run, *options)
        while child.poll() is None and not list((run / "shards").glob(".shard-*.tmp")):
            time.sleep(0.05)
        time.sleep(scene.moment(options) / 2)
        if child.poll() is None:
            os.killpg(child.pid, number)
            row.times, row.kills = row.times + 1, row.kills + 1
            row.expect(child, {130, 0})
            if list((run / "shards").glob(".*.tmp")):
                row.problems.append("a shard was left half made")
        else:
            child.communicate()
            row.compare(scene, run)
            run = scene.fresh()
    row.expect(scene.start(run, *options), {0})
    row.compare(scene, run)
    return row


def scheduler_killed(scene: Scene, times: int) -> Row:
    """A cluster's scheduler dies; it is started anew and the command given again."""
    row = Row("scheduler killed, two hosts", "SIGKILL; ends with 1 and a sentence; another scheduler, again")
    run = scene.fresh()
    with Hosts(Path(tempfile.mkdtemp(dir=scene.scratch)) / "hosts", scene.environment) as hosts:
        while True:
            hosts.start_scheduler()
            number = [hosts.start_host(), hosts.start_host()]
            child = scene.start(run, "--scheduler", hosts.address)
            if row.times == times:
                break
            _wait_for_a_shard(run, child)
            time.sleep(scene.moment(_TWO_WORKERS) / 3)
            quicker = child.poll() is not None
            hosts.kill_scheduler()
            row.expect(child, {0, 1} if quicker else {1}, "" if quicker else "the same command again")
            if quicker:
                row.compare(scene, run)
                run = scene.fresh()
            else:
                row.times, row.kills = row.times + 1, row.kills + 1
            for host in number:
                hosts.kill_host(host)
        row.expect(child, {0})
    row.compare(scene, run)
    return row


def host_killed(scene: Scene, times: int) -> Row:
    """All processes of one of two hosts die; another host comes in its place."""
    with Hosts(Path(tempfile.mkdtemp(dir=scene.scratch)) / "hosts", scene.environment) as hosts:
        where = "network namespaces" if hosts.namespaces else "process groups"
        row = Row("worker host killed, two hosts", f"SIGKILL to all of it ({where}); the command goes on")
        hosts.start_scheduler()
        hosts.start_host()
        hosts.start_host()
        while row.times < times:
            run = scene.fresh()
            child = scene.start(run, "--scheduler", hosts.address)
            _wait_for_a_shard(run, child)
            for _ in range(2):
                time.sleep(scene.moment(_TWO_WORKERS) / 4)
                if child.poll() is None:
                    hosts.kill_host(scene.rng.choice(list(hosts.workers)))
                    row.times, row.kills = row.times + 1, row.kills + 1
                    hosts.start_host()
            row.expect(child, {0})
            row.compare(scene, run)
    return row


def host_cut_off(scene: Scene) -> Row:
    """A host's network goes; it works on and writes to the shared folder, and nobody knows."""
    row = Row("worker host cut off, two hosts", "its network link taken down; the command goes on after half a minute")
    with Hosts(Path(tempfile.mkdtemp(dir=scene.scratch)) / "hosts", scene.environment) as hosts:
        if not hosts.namespaces:
            return row
        hosts.start_scheduler()
        victim = hosts.start_host()
        hosts.start_host()
        run = scene.fresh()
        child = scene.start(run, "--scheduler", hosts.address)
        _wait_for_a_shard(run, child)
        hosts.cut_off(victim)
        row.times = 1
        row.expect(child, {0})
        row.compare(scene, run)
    return row


def disk_full(scene: Scene, options: tuple[str, ...]) -> Row:
    """The run lies on a file system that is too small, and is enlarged afterwards."""
    row = Row(f"disk full, {_who(options)}", "a tmpfs with too little room; ends with 1; enlarged, again")
    mount = Path(tempfile.mkdtemp(dir=scene.scratch))
    size = sum(file.stat().st_size for file in scene.planned.rglob("*")) + (1 << 20)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", mount]).returncode:
        return row
    try:
        run = mount / "run"
        shutil.copytree(scene.planned, run)
        row.times = 1
        row.expect(scene.start(run, *options), {1}, "o space left")
        subprocess.run(["mount", "-o", "remount,size=1g", mount], check=True)
        row.expect(scene.start(run, *options), {0})
        row.compare(scene, run)
    finally:
        subprocess.run(["umount", "-l", mount], check=True)
    return row


def read_error(scene: Scene, options: tuple[str, ...]) -> Row:
    """A driver's frames are cut short for a while: its clips fail, with a reason, until they are tried again."""
    row = Row(f"read error in the middle, {_who(options)}", "frames truncated while the run goes on; --retry-failed")
    run = scene.fresh()
    victim = _last_driver(run)
    real = open_real(run)
    frames = sorted(real.path_of(real.recording_of[victim.recording_id or ""]).iterdir())
    content = {file: file.read_bytes() for file in frames}
    child = scene.start(run, *options)
    _wait_for_a_shard(run, child)
    try:
        for file, data in content.items():
            file.write_bytes(data[:100])
        row.times = 1
        row.expect(child, {0})
    finally:
        for file, data in content.items():
            file.write_bytes(data)
    failed = [clip for clip in Manifest.open(run).clips if clip.status == "failed"]
    if not failed or not all(clip.reason for clip in failed):
        row.problems.append(f"{len(failed)} clips failed: the fault did not strike, or without a reason")
    row.expect(scene.start(run, "--retry-failed", *options), {0})
    row.compare(scene, run)
    return row


def poison(scene: Scene, options: tuple[str, ...]) -> Row:
    """Whoever opens one recording dies of SIGSEGV: its clips become rows, all others are made."""
    row = Row(f"poison clip, {_who(options)}", "who reads one recording dies of SIGSEGV; mended, --retry-failed")
    run = scene.fresh()
    victim = _last_driver(run)
    place = Path(tempfile.mkdtemp(dir=scene.scratch))
    (place / "sitecustomize.py").write_text(_CRASHES.replace("{recording}", victim.recording_id or ""))
    poisoned = os.pathsep.join((str(place), str(_ROOT)))
    for _ in range(1 if options else 8):  # in one process, each death ends the command
        child = scene.start(run, *options, PYTHONPATH=poisoned)
        child.communicate(timeout=_LONGEST)
        row.times += 1
        if child.returncode == 0:
            break
    if child.returncode != 0:
        row.problems.append(f"it never ended: exit code {child.returncode}")
        return row
    failed = {clip.clip_id for clip in Manifest.open(run).clips if clip.status == "failed"}
    struck = {
        clip.clip_id
        for clip in Manifest.open(run).clips
        if clip.is_synthetic and victim.clip_id in (clip.driver_clip_id, clip.target_clip_id)
    }
    if failed != struck:
        row.problems.append(f"{len(failed)} clips failed, {len(struck)} have to do with the recording")
    row.expect(scene.start(run, "--retry-failed", *options), {0})
    row.compare(scene, run)
    return row


def clock_jumps(scene: Scene, options: tuple[str, ...]) -> Row:
    """The system's time of day goes two hours ahead, then two hours back, in all Python processes."""
    row = Row(f"clock jumps, {_who(options)}", "time.time() two hours ahead after 6 s, two hours back after 12 s")
    place = Path(tempfile.mkdtemp(dir=scene.scratch))
    (place / "sitecustomize.py").write_text(_JUMPS.replace("{jump}", "7200"))
    run = scene.fresh()
    row.times = 1
    row.expect(scene.start(run, *options, PYTHONPATH=os.pathsep.join((str(place), str(_ROOT)))), {0})
    row.compare(scene, run)
    return row


def two_at_once(scene: Scene, options: tuple[str, ...]) -> Row:
    """A second command on the run is refused while the first works."""
    row = Row(f"two runs on one folder, {_who(options)}", "the second ends with 2 and a sentence; the first goes on")
    run = scene.fresh()
    first = scene.start(run, *options)
    _wait_for_a_shard(run, first)
    row.times = 1
    row.expect(scene.start(run, *options), {2}, "another process is working on")
    row.expect(first, {0})
    row.compare(scene, run)
    return row


def hashes(folder: Path) -> dict[str, str]:
    """Path below the folder → SHA-256, for every file, hidden ones included, but the log of when what was done."""
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != PROGRESS
    }


def _who(options: tuple[str, ...]) -> str:
    return "two workers" if options else "one process"


def _last_driver(run: Path) -> Clip:
    """The driver whose turn comes last."""
    rows = [row for shard in PlanFile.open(run / PLAN).read_shards() for row in shard.rows]
    return next(clip for clip in open_real(run).clips if clip.clip_id == rows[-1].driver_clip_id)


def _wait_for_a_shard(run: Path, child: subprocess.Popen[str]) -> None:
    first = file_of(run, 0).parent
    deadline = time.monotonic() + _LONGEST
    while not list(first.glob("*.json")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def _descendants(pid: int) -> list[int]:
    """Processes that a process started and that make clips or may."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return [child for child in found if b"resource_tracker" not in _command_of(child)]


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    main()
