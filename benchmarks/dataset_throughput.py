"""Clips per second of MicroExpressionDataset and the time to its first batch, beside a plain loader of PNG folders.

    python benchmarks/dataset_throughput.py RUN [--clips 24] [--size 112] [--repeats 3]

RUN is a finished run (`me-augment demo`). The plain loader is what a training script usually does: list the folder,
open each PNG with Pillow, crop to the face, to a float tensor. Everything gives (T, 3, size, size) float32 of the same
clips, with whole clips, 8 frames and onset-apex; one process, one thread, the variants in turn, median of the repeats.
`keep=, first epoch` fills a new folder, `later` is the second epoch of a Dataset that found it filled; first batch is
opening and 8 clips, imports excluded.

What to expect: FFV1 straight, and so the first epoch, stays below the plain loader. Nine tenths of its time are the
entropy decoding of frames that are two thirds the size of their PNGs, on which nothing here can save: only the frames
asked for are decoded, each once; checksums, colour conversion and crop together take 4 % (profiled). FFmpeg's other
coder (Golomb-Rice) is no way to 5x either. Every later epoch decodes nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from PIL import Image

from me_augment import MicroExpressionDataset
from me_augment.face.geometry import aligned_crop
from me_augment.manifest import Clip, Manifest
from me_augment.video import write_png_folder
from me_augment.video.recording import open_recording

BATCH = 8


class Items(Protocol):
    """What both kinds of dataset are."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> object: ...


class PlainFolders:
    """A dataset of folders of PNG frames as training scripts write it."""

    def __init__(self, root: Path, clips: list[Clip], frames: int | str, size: int) -> None:
        self.items = [(root / clip.clip_id, clip) for clip in clips]
        self.frames, self.size = frames, size

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> torch.Tensor:
        folder, clip = self.items[index]
        files = sorted(folder.iterdir())
        if self.frames == "onset-apex":
            files = [files[0], files[(clip.apex_index or 0) - (clip.onset_index or 0)]]
        elif isinstance(self.frames, int):
            files = [files[round(p)] for p in np.linspace(0, len(files) - 1, self.frames)]
        points = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
        pictures = [np.asarray(Image.open(file).convert("RGB"), np.float32) / 255 for file in files]
        pictures = [aligned_crop(picture, points, self.size) for picture in pictures]
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    run = Manifest.open(arguments.run)
    made = [clip for clip in run.usable_clips() if clip.is_synthetic and clip.label_megc3][: arguments.clips]
    some = replace(run, clips=tuple(made))
    shapes = {run.recording_of[clip.recording_id or ""] for clip in made}
    print(
        f"{len(made)} clips of {np.mean([clip.n_frames for clip in made]):.0f} frames, "
        f"{', '.join(sorted({f'{r.width}x{r.height}' for r in shapes}))} → {arguments.size}x{arguments.size}"
    )
    print(f"{'frames':10} {'source':22} {'clips/s':>8} {'x plain':>8} {'first batch':>12}")
    kept: list[Path] = []
    with tempfile.TemporaryDirectory() as scratch:
        folders = Path(scratch) / "png"
        folders.mkdir()
        for clip in made:
            source = open_recording(run, run.recording_of[clip.recording_id or ""])
            pictures = source.read(range(clip.onset_index or 0, (clip.onset_index or 0) + clip.n_frames))
            write_png_folder(folders / clip.clip_id, pictures, "img{n}.png", 10000)
        frames: int | str
        for frames in ("all", 8, "onset-apex"):
            dataset = partial(MicroExpressionDataset, some, frames=frames, size=arguments.size)
            opened: dict[str, Callable[[], Items]] = {
                "PNG folders, plain": partial(PlainFolders, folders, made, frames, arguments.size),
                "FFV1": dataset,
                # A new folder each time; the last one is what later epochs find.
                "keep=, first epoch": lambda make=dataset: make(keep=kept[-1]),  # type: ignore[misc]
                "keep=, later": lambda make=dataset: make(keep=kept[-1]),  # type: ignore[misc]
            }
            rates: dict[str, list[float]] = {name: [] for name in opened}
            first: dict[str, list[float]] = {name: [] for name in opened}
            for _ in range(arguments.repeats):
                kept.append(Path(scratch) / f"kept-{len(kept)}")
                for name, make in opened.items():
                    begun = time.perf_counter()
                    data = make()
                    for count, _ in enumerate(passing(data), 1):
                        if count == BATCH:
                            first[name].append(time.perf_counter() - begun)
                    if name == "keep=, later":  # the epoch after the one in which contents were looked up
                        begun = time.perf_counter()
                        for _ in passing(data):
                            pass
                    rates[name].append(len(data) / (time.perf_counter() - begun))
            plain = statistics.median(rates["PNG folders, plain"])
            for name in opened:
                rate, wait = statistics.median(rates[name]), statistics.median(first[name])
                print(f"{frames!s:10} {name:22} {rate:8.1f} {rate / plain:8.2f} {1000 * wait:9.0f} ms")


def passing(data: Items) -> Iterator[object]:
    """Every item once."""
    for index in range(len(data)):
        yield data[index]


if __name__ == "__main__":
    main()
