"""What a plan will cost, judged by making a piece of its first clip."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.synthesis.overview import Overview
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.run import Prepared
from me_augment.synthesis.work import Shard, ShardMaker

_FRAMES = 6


@dataclass(frozen=True)
class Cost:
    """Expected size on disk and time in one process."""

    bytes: float
    seconds: float


def estimate(prepared: Prepared, seen: Overview) -> Cost:
    """Make the first frames of the first planned clip in a temporary folder and scale up.

    Args:
        prepared: a run that has at least one clip to make.
        seen: `overview` of its plan.
    """
    row = next(iter(prepared.plan))
    if row.driver_clip_id is None:
        return _estimate_performance(prepared, seen, row)
    real = prepared.sources.merged
    frames_of = {clip.clip_id: clip.n_frames for clip in real.clips}
    observed = min(frames_of[row.driver_clip_id], _FRAMES)
    short = replace(
        real,
        clips=tuple(
            replace(clip, offset_index=(clip.onset_index or 0) + observed - 1, apex_index=None)
            if clip.clip_id == row.driver_clip_id
            else clip
            for clip in real.clips
        ),
    )
    row = _cut(row, observed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "completions").mkdir()
        maker = ShardMaker(folder, short, prepared.settings, prepared.fingerprint, prepared.makers, prepared.basis)
        shard = Shard(0, (row,))
        started = time.perf_counter()
        maker(shard)
        both = time.perf_counter() - started
        started = time.perf_counter()
        maker(shard)  # the driver is known by now
        target_only = time.perf_counter() - started
        size = sum(file.stat().st_size for file in folder.rglob("*.mkv"))
    driver_frames = sum(frames_of[driver] * times for driver, times in seen.observed.items())
    return Cost(
        bytes=size / row.n_frames * seen.frames,
        seconds=max(0.0, both - target_only) / observed * driver_frames + target_only / row.n_frames * seen.frames,
    )


def _estimate_performance(prepared: Prepared, seen: Overview, row: PlannedClip) -> Cost:
    """Action units have no driver to be measured: all that a clip costs goes with its frames."""
    times = row.times or tuple(map(float, range(row.n_frames)))
    count = min(row.n_frames, _FRAMES)
    row = replace(row, n_frames=count, times=times[: count - 1] + (times[row.apex_index or 0],), apex_index=None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "completions").mkdir()
        maker = ShardMaker(
            folder, prepared.sources.merged, prepared.settings, prepared.fingerprint, prepared.makers, prepared.basis
        )
        started = time.perf_counter()
        maker(Shard(0, (row,)))
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in folder.rglob("*.mkv"))
    return Cost(bytes=size / count * seen.frames, seconds=seconds / count * seen.frames)


def _cut(row: PlannedClip, observed: int) -> PlannedClip:
    """The row with only what its driver's first frames show: at least two frames, so that something moves."""
    if row.times is None:
        return replace(row, n_frames=observed, apex_index=None)
    last = float(observed - 1)
    times = tuple(t for t in row.times if t < last)[: _FRAMES - 1] + (last,)
    return replace(row, n_frames=len(times), times=times, apex_index=None)
