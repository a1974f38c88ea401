"""Frames per second and core of the `warp` generator, with the driver's motion given and with it measured.

    python benchmarks/warp_throughput.py [--size 256] [--frames 40] [--repeats 5]

One process, one thread. Both figures come from the same clips in the same run; peak memory is the process' own.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from me_augment.demo.faces import FRAME_SHAPE, Performance, subjects
from me_augment.face.geometry import apply_affine, interocular
from me_augment.generation import create_generator
from me_augment.video import write_lossless


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256, help="side of the square frames")
    parser.add_argument("--frames", type=int, default=40, help="frames of the driver")
    parser.add_argument("--repeats", type=int, default=5, help="the median of this many is printed")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)

    driver, target = subjects()[:2]
    performance = Performance(driver, {6: 0.5, 12: 0.7})
    amplitudes = np.sin(np.linspace(0, np.pi, arguments.frames)) ** 2
    frames = [square(performance.frame(a), arguments.size) for a in amplitudes]
    picture = square(Performance(target, {}).frame(0), arguments.size)
    before = forget_peak()
    generator = create_generator("warp")
    points, target_points = (on_square(p.landmarks, arguments.size) for p in (driver, target))
    observed = generator.observe(frames, points)
    made = list(generator.animate(observed, picture, target_points))

    measuring = seconds(arguments.repeats, lambda: generator.observe(frames, points))
    rendering = seconds(arguments.repeats, lambda: list(generator.animate(observed, picture, target_points)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mkv"
        encoding = seconds(arguments.repeats, lambda: write_lossless(path, made, Fraction(200)))
    n = arguments.frames
    print(
        f"{n} frames of {arguments.size}x{arguments.size}, eyes {interocular(target_points):.0f} px apart, one thread"
    )
    print(f"motion given     {n / rendering:7.1f} frames/s")
    print(f"motion measured  {n / (rendering + measuring):7.1f} frames/s   (measuring alone {n / measuring:.1f})")
    print(
        f"ratio            {(rendering + measuring) / rendering:7.1f}   what reusing one driver for many targets saves"
    )
    print(f"FFV1 encoding    {n / encoding:7.1f} frames/s   (comes on top of either)")
    print(f"peak memory      {memory_mb('VmHWM'):7.0f} MB, {before:.0f} MB of it held before the generator began")


def square(frame: np.ndarray, size: int) -> np.ndarray:
    """A demo frame as a square picture, the face in the middle."""
    matrix = to_square(size)
    moved = cv2.warpAffine(frame, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def on_square(landmarks: np.ndarray, size: int) -> np.ndarray:
    """Landmarks of a demo frame on the square picture."""
    return apply_affine(to_square(size), landmarks).astype(np.float32)


def to_square(size: int) -> np.ndarray:
    """The frame's width fills the square; top and bottom are cut."""
    height, width = FRAME_SHAPE
    scale = size / width
    return np.array([[scale, 0, 0], [0, scale, (size - scale * height) / 2]])


def seconds(repeats: int, work: Callable[[], object]) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


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
