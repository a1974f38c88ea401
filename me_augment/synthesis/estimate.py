"""What a plan will cost, judged by making a piece of its first clip."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.run import Prepared
from me_augment.synthesis.work import Shard, ShardMaker

_FRAMES = 6


@dataclass(frozen=True)
class Cost:
    """Expected size on disk and time in one process."""

    bytes: float
    seconds: float


def estimate(prepared: Prepared) -> Cost:
    """Make the first frames of the first planned clip in a temporary folder and scale up."""
    row = prepared.plan[0]
    if row.driver_clip_id is None:
        return _estimate_performance(prepared, row)
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
    frames = sum(planned.n_frames for planned in prepared.plan)
    drivers = {planned.driver_clip_id for planned in prepared.plan}
    driver_frames = sum(frames_of[driver] for driver in drivers if driver is not None)
    return Cost(
        bytes=size / row.n_frames * frames,
        seconds=max(0.0, both - target_only) / observed * driver_frames + target_only / row.n_frames * frames,
    )


def _estimate_performance(prepared: Prepared, row: PlannedClip) -> Cost:
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
    frames = sum(planned.n_frames for planned in prepared.plan)
    return Cost(bytes=size / count * frames, seconds=seconds / count * frames)


def _cut(row: PlannedClip, observed: int) -> PlannedClip:
    """The row with only what its driver's first frames show: at least two frames, so that something moves."""
    if row.times is None:
        return replace(row, n_frames=observed, apex_index=None)
    last = float(observed - 1)
    times = tuple(t for t in row.times if t < last)[: _FRAMES - 1] + (last,)
    return replace(row, n_frames=len(times), times=times, apex_index=None)
