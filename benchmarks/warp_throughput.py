"""Frames per second and core of the `warp` generator, with the driver's motion given and with it measured.

    python benchmarks/warp_throughput.py [--sizes 256x256,640x480] [--frames 40] [--repeats 5] [--against REVISION]

One process at a time, one thread; seconds are those of the processor, which other work on the machine disturbs less.
With --against, another revision of this repository is checked out into a temporary git worktree and measured in
alternation with this one, so that both suffer alike from whatever else the machine does; what is printed then is
before, after and their ratio. Peak memory is the measuring process' own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Figures:
    """One measurement of one revision at one size.

    Attributes:
        code: folder that `me_augment` was imported from.
        eyes: interocular distance of the target, pixels.
        measuring, rendering, encoding: processor seconds for the clip.
        peak_mb, held_mb: memory at its peak, and before the generator began.
    """

    code: str
    eyes: float
    measuring: float
    rendering: float
    encoding: float
    peak_mb: float
    held_mb: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="256x256,640x480", help="of the frames, width x height, comma between")
    parser.add_argument("--frames", type=int, default=40, help="frames of the driver")
    parser.add_argument("--repeats", type=int, default=5, help="the median of this many is printed")
    parser.add_argument("--against", metavar="REVISION", help="measure that revision too, in alternation")
    parser.add_argument("--once", action="store_true", help="measure the first size once and print JSON")
    arguments = parser.parse_args()
    sizes = [tuple(int(side) for side in size.split("x")) for size in arguments.sizes.split(",")]
    if arguments.once:
        print(json.dumps(asdict(measure(sizes[0], arguments.frames))))
    elif arguments.against:
        with checked_out(arguments.against) as before:
            for size in sizes:
                compare(before, size, arguments.frames, arguments.repeats, arguments.against)
    else:
        for size in sizes:
            report(
                [of_revision(HERE, size, arguments.frames) for _ in range(arguments.repeats)], size, arguments.frames
            )


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A folder with that revision of this repository, removed again whatever happens."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "before"
        git = ["git", "-C", str(HERE), "worktree"]
        if subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision]).returncode:
            sys.exit(f"{revision!r} could not be checked out: name a commit, tag or branch of this repository.")
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def of_revision(root: Path, size: tuple[int, ...], frames: int) -> Figures:
    """Measured by a process of its own, which imports the code below `root`."""
    command = [sys.executable, __file__, "--once", "--sizes", "x".join(map(str, size)), "--frames", str(frames)]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures = Figures(**json.loads(done.stdout))
    if not Path(figures.code).is_relative_to(root):
        sys.exit(
            f"me_augment was imported from {figures.code} and not from {root}: the figures would be of other code."
        )
    return figures


def measure(size: tuple[int, ...], frames: int) -> Figures:
    """In this process, once warm. Only defaults are used, so that revisions with other options can be measured."""
    import me_augment
    from me_augment.demo.faces import Performance, subjects
    from me_augment.face.geometry import interocular
    from me_augment.generation import create_generator
    from me_augment.video import write_lossless

    cv2.setNumThreads(1)
    driver, target = subjects()[:2]
    performance = Performance(driver, {6: 0.5, 12: 0.7})
    clip = [framed(performance.frame(a), size) for a in np.sin(np.linspace(0, np.pi, frames)) ** 2]
    picture = framed(Performance(target, {}).frame(0), size)
    points, target_points = (
        (p.landmarks @ placed(size)[:, :2].T + placed(size)[:, 2]).astype(np.float32) for p in (driver, target)
    )
    held = forget_peak()
    generator = create_generator("warp")
    short = generator.observe(clip[:3], points)
    list(generator.animate(short, picture, target_points))  # first calls load and allocate
    measuring, observed = timed(lambda: generator.observe(clip, points))
    rendering, made = timed(lambda: list(generator.animate(observed, picture, target_points)))
    peak = memory_mb("VmHWM")
    with tempfile.TemporaryDirectory() as folder:
        encoding, _ = timed(lambda: write_lossless(Path(folder) / "clip.mkv", made, Fraction(200)))
    code = str(Path(me_augment.__file__).resolve())
    return Figures(code, interocular(target_points), measuring, rendering, encoding, peak, held)


def report(figures: list[Figures], size: tuple[int, ...], n: int) -> None:
    """Medians of one revision."""
    measuring, rendering, encoding, peak = (
        median(figures, f) for f in ("measuring", "rendering", "encoding", "peak_mb")
    )
    print(f"{n} frames of {size[0]}x{size[1]}, eyes {figures[0].eyes:.0f} px apart, one thread")
    print(f"  motion given     {n / rendering:7.1f} frames/s")
    print(f"  motion measured  {n / (rendering + measuring):7.1f} frames/s   (measuring alone {n / measuring:.1f})")
    print(
        f"  ratio            {(rendering + measuring) / rendering:7.1f}   what reusing a driver for many targets saves"
    )
    print(f"  FFV1 encoding    {n / encoding:7.1f} frames/s   (comes on top of either)")
    print(
        f"  peak memory      {peak:7.0f} MB, {median(figures, 'held_mb'):.0f} MB of it held before the generator began"
    )


def compare(before: Path, size: tuple[int, ...], n: int, repeats: int, revision: str) -> None:
    """Medians of two revisions measured in turn."""
    old: list[Figures] = []
    new: list[Figures] = []
    for k in range(repeats):
        for root, figures in ((before, old), (HERE, new))[:: -1 if k % 2 else 1]:
            figures.append(of_revision(root, size, n))
    print(f"{n} frames of {size[0]}x{size[1]}, eyes {new[0].eyes:.0f} px apart, one thread; before is {revision}")
    print(f"  {'':24} {'before':>8} {'after':>8}   after/before")
    for label, seconds in (
        ("motion given, frames/s", lambda f: f.rendering),
        ("motion measured, frames/s", lambda f: f.rendering + f.measuring),
        ("measuring alone, frames/s", lambda f: f.measuring),
    ):
        a, b = (n / statistics.median(seconds(f) for f in figures) for figures in (old, new))
        print(f"  {label:25} {a:7.1f} {b:8.1f} {b / a:8.2f}")
    a, b = median(old, "peak_mb"), median(new, "peak_mb")
    print(f"  {'peak memory, MB':25} {a:7.0f} {b:8.0f} {b / a:8.2f}", flush=True)


def median(figures: list[Figures], name: str) -> float:
    """Of one figure."""
    return statistics.median(getattr(f, name) for f in figures)


def framed(frame: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """A demo frame as a picture of another size, the face in the middle."""
    moved = cv2.warpAffine(frame, placed(size), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def placed(size: tuple[int, ...]) -> np.ndarray:
    """(2, 3): the demo frame's width fills the shorter side; top and bottom are cut."""
    from me_augment.demo.faces import FRAME_SHAPE

    height, width = FRAME_SHAPE
    scale = min(size) / width
    return np.array([[scale, 0, (size[0] - scale * width) / 2], [0, scale, (size[1] - scale * height) / 2]])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds that a call takes, and its result."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def forget_peak() -> float:
    """Restart the kernel's record of this process' peak memory (Linux); returns what is held now, MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory_mb("VmRSS")


def memory_mb(field: str) -> float:
    """A memory figure of this process in MB, from /proc."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


if __name__ == "__main__":
    main()
