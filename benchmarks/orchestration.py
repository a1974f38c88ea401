"""What it costs to have clips made, beside making them: seconds per clip and memory, in one process and on Dask.

    python benchmarks/orchestration.py MANIFEST [--milliseconds 20] [--clips 1000 20000]

MANIFEST is any manifest, such as demo-out/manifest; it lends its faces to a plan. The clips are simulated: each waits
the given time and leaves a file of one kilobyte. Everything around them is the real thing: plan, shards, hashes,
completion records, executors, and the merging of all rows at the end. Each figure comes from a process of its own.

Cost is the time that an executor's processes were there (from the first shard's completion to the last) less the time
that clips waited, per clip.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from me_augment.manifest import Clip, Recording
from me_augment.manifest.ids import content_id
from me_augment.synthesis.clip_maker import MadeClip
from me_augment.synthesis.dask_cluster import OwnWorkers
from me_augment.synthesis.dask_executor import DaskExecutor
from me_augment.synthesis.executor import InProcess
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.shard import ShardResult

_WAIT = "ME_AUGMENT_SIMULATED_SECONDS"
_CHILD = "import sys; from orchestration import measure; measure(sys.argv[1], int(sys.argv[2]))"
_SPECIFICATIONS = ("12B+6A", "4B+7", "1+2", "L14C", "9B", "15B", "20A", "23A", "24A", "17B")


def main() -> None:
    """Print one line per executor and number of clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--milliseconds", type=float, default=20.0)
    parser.add_argument("--clips", type=int, nargs=2, default=(1000, 20000))
    arguments = parser.parse_args()
    few, many = arguments.clips
    print(f"{'clips':>6} {'ms each':>8} {'executor':>10} {'wall s':>7} {'cost ms a clip':>14}", end="")
    print(f" {'main CPU ms a clip':>18} {'main MB':>8} {'at its end':>10} {'worker MB':>9}")
    peaks: dict[int, list[Measured]] = {0: [], 1: [], 2: []}
    with tempfile.TemporaryDirectory() as scratch:
        for clips, milliseconds in ((few, arguments.milliseconds), (few, 0.0), (many, 0.0)):
            begun = Path(scratch) / str(clips)
            if not begun.exists():
                plan(arguments.manifest, begun, clips)
            for workers in (0, 1, 2):
                run = Path(scratch) / "run"
                shutil.copytree(begun, run)
                found = measured(run, workers, milliseconds / 1000)
                shutil.rmtree(run)
                print(
                    f"{found.clips:6} {milliseconds:8.0f} {_named(workers):>10} {found.wall:7.1f} "
                    f"{found.cost * 1e3:14.2f} {found.cpu * 1e3:18.2f} {found.main:8.0f} {found.end:10.0f} "
                    f"{found.worker:9.0f}",
                    flush=True,
                )
                if milliseconds == 0:
                    peaks[workers].append(found)
    for workers, (first, last) in peaks.items():
        print(
            f"{_named(workers)}: {last.clips / first.clips:.0f} times the clips, peak memory of the main process "
            f"{last.main / first.main:.2f} times"
            + (f", of a worker {last.worker / first.worker:.2f} times" if workers else "")
        )


def _named(workers: int) -> str:
    return f"dask {workers}" if workers else "in process"


@dataclass(frozen=True)
class Measured:
    """Seconds (wall; cost and CPU of the main process per clip) and peak memory in MB (`end`: after merging)."""

    clips: int
    wall: float
    cost: float
    cpu: float
    main: float
    end: float
    worker: float


def plan(manifest: Path, run: Path, clips: int) -> None:
    """Begin a run of about so many clips."""
    from me_augment.synthesis.prepare import prepare
    from me_augment.synthesis.sources import open_sources

    sources = open_sources(manifest, None, None)
    faces = len({clip.person_id for clip in sources.targets.clips})
    per_target = max(1, round(clips / faces / len(_SPECIFICATIONS)))
    begin(prepare(sources, action_units=_SPECIFICATIONS, per_target=per_target), run)


def measured(run: Path, workers: int, seconds: float) -> Measured:
    """Make a run in a process of its own."""
    here = Path(__file__).parent
    path = os.pathsep.join((str(here.parent), str(here)))
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(run), str(workers)],
        env={**os.environ, _WAIT: str(seconds), "PYTHONPATH": path},
        check=True,
        stdout=subprocess.PIPE,
    )
    return Measured(**json.loads(done.stdout))


def measure(folder: str, workers: int) -> None:
    """Make the run in `folder`, and print what it took as JSON."""
    moments: list[tuple[float, int]] = []
    memory: list[tuple[float, float]] = []

    def note(result: ShardResult) -> None:
        moments.append((time.perf_counter(), result.clips))
        if len(moments) % 10 == 1:
            memory.append((_peak(os.getpid()), max((_peak(child) for child in worker_processes()), default=0.0)))

    cpu = time.process_time()
    if workers:
        with DaskExecutor(OwnWorkers(workers), Path(folder) / "shards") as executor:
            state = execute(Path(folder), Session(executor, note), open_clips=open_simulated)
    else:
        state = execute(Path(folder), Session(InProcess(), note), open_clips=open_simulated)
    cpu = time.process_time() - cpu
    assert state.finished
    wall, clips = moments[-1][0] - moments[0][0], sum(count for _, count in moments[1:])
    at_work = wall * max(workers, 1) - clips * float(os.environ[_WAIT])
    main, worker = memory[-1]
    found = Measured(state.made, wall, at_work / clips, cpu / state.made, main, _peak(os.getpid()), worker)
    print(json.dumps(found.__dict__))


def _peak(pid: int) -> float:
    """Most memory that a process ever had, in MB."""
    if pid == os.getpid():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def worker_processes() -> list[int]:
    children = [
        child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [int(child) for child in children]


class SimulatedClips:
    """Clips that take a time and are nothing."""

    threads = 1

    def __init__(self) -> None:
        self._seconds = float(os.environ[_WAIT])

    def expect(self, rows: Iterable[PlannedClip]) -> None:
        """See `ClipMaker`."""

    def __call__(self, row: PlannedClip, path: Path, relative: str) -> MadeClip:
        """See `ClipMaker`."""
        started = time.perf_counter()
        path.write_bytes(row.clip_id.encode() * 64)
        recording = Recording(
            recording_id=content_id("rec", "synthetic", relative),
            corpus="synthetic",
            root="",
            path=relative,
            storage="video",
            first_number=0,
            last_number=row.n_frames - 1,
            n_frames=row.n_frames,
            height=320,
            width=272,
            gray=False,
            bit_depth=8,
            subject=row.target_person_id,
            person_id=row.target_person_id,
        )
        clip = self._row(row, recording_id=recording.recording_id, landmarks=(100.0,) * 136)
        # Its own work is part of the time that it is to take.
        time.sleep(max(0.0, self._seconds - (time.perf_counter() - started)))
        return MadeClip(clip, recording, {"draw": self._seconds})

    def failed(self, row: PlannedClip, reason: str) -> MadeClip:
        """See `ClipMaker`."""
        return MadeClip(self._row(row, status="failed", reason=reason), None, {})

    def _row(self, row: PlannedClip, **fields: Any) -> Clip:
        return Clip(
            clip_id=row.clip_id,
            name=f"{row.action_units} on {row.target_person_id}",
            corpus="synthetic",
            subject=row.target_person_id,
            person_id=row.target_person_id,
            onset=0,
            apex=row.apex_index,
            offset=row.n_frames - 1,
            onset_index=0,
            apex_index=row.apex_index,
            offset_index=row.n_frames - 1,
            expression="micro",
            emotion=row.emotion,
            licence="none",
            is_synthetic=True,
            action_units=row.action_units,
            target_clip_id=row.target_clip_id,
            target_person_id=row.target_person_id,
            generator="simulated",
            generator_version="1",
            forbidden_subjects=(row.target_person_id,),
            seed=row.seed,
            strength=row.strength,
            parents=(row.target_clip_id,),
            **fields,
        )


def open_simulated(run: Path) -> SimulatedClips:
    """See `ShardMaker.open_clips`."""
    return SimulatedClips()


if __name__ == "__main__":
    main()
