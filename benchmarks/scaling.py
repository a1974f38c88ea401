"""How much faster two worker processes make real clips than one, and how busy they keep their cores.

    python benchmarks/scaling.py MANIFEST [--targets MANIFEST] [--per-driver 5] [--clips-per-shard 4] [--workers 0 1 2]

MANIFEST is any manifest, such as demo-out/manifest. The run is made in this order: by one process without Dask, by one
worker, by two workers; each in a process of its own, with `warp`, on the same plan. Rates and efficiency are taken
between the completion of the first shard and that of the last, so that they say what a long run says; a run has the
start of its workers besides (its wall time is printed too). Efficiency is the CPU time that all processes used over
the wall time of that many cores. Other programs on the machine take from it: the load before each run is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from orchestration import worker_processes

from me_augment.synthesis.dask_cluster import OwnWorkers
from me_augment.synthesis.dask_executor import DaskExecutor
from me_augment.synthesis.executor import InProcess
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.shard import ShardResult
from me_augment.synthesis.sources import open_sources

_CHILD = "import sys; from scaling import measure; measure(sys.argv[1], int(sys.argv[2]))"


def main() -> None:
    """Print one line for each number of workers, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--targets", type=Path, help="Manifest of other faces: six demo people are few.")
    parser.add_argument("--per-driver", type=int, default=5)
    parser.add_argument("--clips-per-shard", type=int, default=4)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2], help="0 is one process without Dask.")
    arguments = parser.parse_args()
    plan = prepare(
        open_sources(arguments.manifest, arguments.targets, None),
        per_driver=arguments.per_driver,
        clips_per_shard=arguments.clips_per_shard,
        strength=(0.9, 1.1),
    )
    print(f"{len(plan.plan)} clips ({len(plan.plan) / 48:.1f} times the demo's plan)")
    rates = {}
    with tempfile.TemporaryDirectory() as scratch:
        for workers in arguments.workers:
            run = Path(scratch) / "run"
            begin(plan, run)
            load = os.getloadavg()[0]
            started = time.perf_counter()
            found = measured(run, workers)
            wall = time.perf_counter() - started
            shutil.rmtree(run)
            rates[workers] = found["rate"]
            print(
                f"{f'dask {workers}' if workers else 'in process':>10}: {wall:6.1f} s, {found['rate']:.2f} clips/s, "
                f"{found['cpu']:.2f} CPU s a clip, CPU efficiency {found['efficiency']:.0%} (load before {load:.1f})",
                flush=True,
            )
    if {0, 1} <= rates.keys():
        print(f"one worker: {rates[1] / rates[0]:.2f} times the rate of one process")
    if {1, 2} <= rates.keys():
        ratio = rates[2] / rates[1]
        print(f"two workers: {ratio:.2f} times the rate of one worker, {ratio / 2:.0%} of twice")


def measured(run: Path, workers: int) -> dict[str, float]:
    """Make a run in a process of its own; clips per second, CPU seconds per clip, and efficiency."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(run), str(workers)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(here.parent), str(here)))},
        check=True,
        stdout=subprocess.PIPE,
    )
    return dict(json.loads(done.stdout))


def measure(folder: str, workers: int) -> None:
    """Make the run in `folder`, and print what it took as JSON."""
    moments: list[tuple[float, float, int]] = []

    def note(result: ShardResult) -> None:
        cpu = sum(_cpu_seconds(pid) for pid in (os.getpid(), *worker_processes()))
        moments.append((time.perf_counter(), cpu, result.clips))

    if workers:
        with DaskExecutor(OwnWorkers(workers), Path(folder) / "shards") as executor:
            execute(Path(folder), Session(executor, note))
    else:
        execute(Path(folder), Session(InProcess(), note))
    wall, cpu = (last - first for first, last in zip(moments[0][:2], moments[-1][:2], strict=True))
    clips = sum(count for _, _, count in moments[1:])
    found = {"rate": clips / wall, "cpu": cpu / clips, "efficiency": cpu / wall / max(workers, 1)}
    print(json.dumps(found))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
