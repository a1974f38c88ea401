"""Frames per second of the `fpb-fomm` networks: the reference's loop against `Renderer`, same weights, one process.

    python benchmarks/fpb_fomm_throughput.py [--device cpu] [--batches 1] [--precisions fp32] [--threads 1]
                                             [--frames 32] [--naive-frames 4] [--rounds 3] [--mended] [--compiled]
                                             [--tiny]

The loop does what the reference's does: plain modules, one frame at a time, the target encoded anew for each, key
points of each driving frame. The renderer makes the whole clip, with the target's encoding and the driver's key points
in its time. Both in turn, `--rounds` times; the median is printed. Weights are random (seeded), the published sizes,
with the statistics of a few pictures in the normalisations. Multiply-adds are counted from the operations that run, so
that a share of the matrix rate is of work really done; the matrix rate is that of a large product, measured between
the rounds. Peak memory is the process' own on a CPU, torch's on a GPU; both hold the weights.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE, Architecture, Pyramid
from me_augment.generation.fpb_fomm.inference import Renderer, choose_device
from me_augment.generation.fpb_fomm.model import Model, new_model
from me_augment.generation.fpb_fomm.motion_prediction import KeyPoints, relative

SMALL = Architecture(
    detector=Pyramid(expansion=8, most=32, blocks=5),
    dense_motion=Pyramid(expansion=8, most=32, blocks=3),
    generator=Pyramid(expansion=8, most=32, blocks=2),
    bottleneck_blocks=2,
)


@dataclass(frozen=True)
class Clip:
    """Target (1, 3, H, W) and driver (N, 3, H, W) in [0, 1], and their points in pixels."""

    target: Tensor
    target_points: Tensor
    frames: Tensor
    points: Tensor


@dataclass(frozen=True)
class Figures:
    """Of one way to make frames: seconds per frame in each round, multiply-adds per frame, peak memory in MB."""

    seconds: list[float]
    operations: float
    peak_mb: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batches", default="", help="frames at once, comma between; the device's own choice if empty")
    parser.add_argument("--precisions", default="fp32", help="fp32, bf16, fp16, comma between")
    parser.add_argument("--threads", type=int, default=1, help="of a CPU")
    parser.add_argument("--frames", type=int, default=32, help="of the clip")
    parser.add_argument("--naive-frames", type=int, default=4, help="of these, made by the loop in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mended", action="store_true", help="the conventions of newly trained models")
    parser.add_argument("--compiled", action="store_true", help="the renderer by torch.compile")
    parser.add_argument("--tiny", action="store_true", help="small networks, to see that this runs")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    conventions = MENDED if arguments.mended else REFERENCE
    shape = replace(SMALL if arguments.tiny else Architecture(), conventions=conventions)
    model, clip = a_model(shape).to(device), a_clip(shape, arguments.frames)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{arguments.threads} thread(s)"
    print(f"{shape.size} x {shape.size}, {'mended' if arguments.mended else 'reference'} conventions, {device}, {name}")
    print(f"a clip of {arguments.frames} frames, {arguments.naive_frames} of them by the loop; median of rounds")
    print(f"{'':16} {'frames/s':>9} {'ratio':>7} {'GMAC/frame':>11} {'of rate':>8} {'peak MB':>8} {'difference':>11}")
    for precision in arguments.precisions.split(","):
        for batch in arguments.batches.split(","):
            renderer = Renderer(
                model, device=str(device), precision=precision, compiled=arguments.compiled,
                batch=int(batch) if batch else None,
            )  # fmt: skip
            compare(model, renderer, clip, arguments.naive_frames, arguments.rounds)


def compare(model: Model, renderer: Renderer, clip: Clip, naive_frames: int, rounds: int) -> None:
    """Both ways in turn."""
    device = renderer.device
    ways: tuple[Callable[[], Tensor], ...] = (
        lambda: naive(model, clip, device, naive_frames),
        lambda: rendered(renderer, clip),
    )
    counts, made = (naive_frames, len(clip.frames)), []
    operations, peaks, rates = [], [0.0, 0.0], []
    seconds: tuple[list[float], list[float]] = ([], [])
    of_processor: tuple[list[float], list[float]] = ([], [])
    for way, count in zip(ways, counts, strict=True):  # the first calls load, allocate and compile
        with torch.no_grad(), Counter() as counter:
            made.append(way())
        operations.append(counter.operations / count)
    for turn in range(rounds):
        for which in (0, 1)[:: -1 if turn % 2 else 1]:
            forget_peak(device)
            wall, processor = timed(ways[which], device)
            seconds[which].append(wall / counts[which])
            of_processor[which].append(processor / counts[which])
            peaks[which] = max(peaks[which], peak_mb(device))
        rates.append(matrix_rate(device))
    rate = statistics.median(rates)
    difference = float((made[0] - made[1][:naive_frames]).abs().max())
    rows = [Figures(*row) for row in zip(seconds, operations, peaks, strict=True)]
    slow = statistics.median(rows[0].seconds)
    for label, row in zip(("loop", f"{renderer.precision}, batch {renderer.batch}"), rows, strict=True):
        taken = statistics.median(row.seconds)
        print(
            f"{label:16} {1 / taken:9.3f} {slow / taken:7.2f} {row.operations / 1e9:11.2f} "
            f"{row.operations / taken / rate:8.2f} {row.peak_mb:8.0f} {'' if row is rows[0] else f'{difference:11.1e}'}"
        )
    each, each_processor = (
        ", ".join(f"{a / b:.2f}" for a, b in zip(*taken, strict=True)) for taken in (seconds, of_processor)
    )
    print(f"  ratio in each round {each}; of processor time, which other work disturbs less, {each_processor}")
    print(f"  matrix rate {rate / 1e9:.1f} GMAC/s in float32", flush=True)


@torch.inference_mode()
def naive(model: Model, clip: Clip, device: torch.device, count: int) -> Tensor:
    """The first frames as the reference makes them."""
    target, target_points, points = (values.to(device) for values in (clip.target, clip.target_points, clip.points))
    source = model.kp_detector(target, target_points)
    onset = model.kp_detector(clip.frames[:1].to(device), points)
    made = []
    for k in range(count):
        driving = model.kp_detector(clip.frames[k : k + 1].to(device), points)
        made.append(model.generator(target, source, relative(source, driving, onset))[0].cpu())
    return torch.cat(made)


def rendered(renderer: Renderer, clip: Clip) -> Tensor:
    """The whole clip."""
    target = renderer.encode(clip.target, clip.target_points)
    driving = renderer.key_points(clip.frames, clip.points)
    return torch.cat(
        [
            drawn.pictures
            for drawn in renderer.frames(target, driving, KeyPoints(driving.value[:1], driving.jacobian[:1]))
        ]
    )


class Counter(TorchDispatchMode):
    """Adds up the multiply-adds of convolutions and matrix products as they run."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::")
        if name in ("convolution", "conv2d", "_convolution"):
            self.operations += out.numel() * args[1][0].numel()
        elif name in ("mm", "bmm"):
            self.operations += out.numel() * args[0].shape[-1]
        elif name == "addmm":
            self.operations += out.numel() * args[1].shape[-1]
        return out


def a_model(shape: Architecture) -> Model:
    """Random weights, seeded, and statistics of what passes through them."""
    model, _ = new_model(shape, seed=0)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        nn.init.normal_(model.kp_detector.jacobian.weight, std=1e-3)  # else nothing would move
        nn.init.normal_(model.generator.final.weight, std=1e-2)
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    clip = a_clip(shape, 2)
    model.train()
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        points = model.kp_detector(clip.frames, clip.points.expand(2, -1, -1))
        model.generator(clip.frames, points, points)
    return model.eval()


def a_clip(shape: Architecture, count: int) -> Clip:
    """Smooth pictures and points where a face might have them."""
    generator = torch.Generator().manual_seed(2)
    seeds = torch.rand(3, 3, 12, 12, generator=generator)
    first, last, target = functional.interpolate(seeds, (shape.size,) * 2, mode="bicubic").clamp(0, 1)
    weights = torch.linspace(0, 0.3, count)[:, None, None, None]
    points, target_points = (torch.rand(2, 1, 18, 2, generator=generator) * 0.6 + 0.2) * shape.size
    return Clip(target[None], target_points, first + weights * (last - first), points)


def timed(work: Callable[[], Any], device: torch.device) -> tuple[float, float]:
    """Seconds that a call takes, by the clock and of this process' threads."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter(), time.process_time()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started[0], time.process_time() - started[1]


def matrix_rate(device: torch.device) -> float:
    """Multiply-adds per second of a large product in float32, without shortened products."""
    side = 8192 if device.type == "cuda" else 1536
    a, b = torch.rand(2, side, side, device=device)
    return max(side**3 / timed(lambda: a @ b, device)[0] for _ in range(4))


def forget_peak(device: torch.device) -> None:
    """Begin anew with what is held now (a CPU's: Linux)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb(device: torch.device) -> float:
    """The most memory that was held since, MB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
