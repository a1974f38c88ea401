"""What a plan will cost, judged by making a piece of its first clip."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

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
    real = prepared.sources.merged
    short = replace(
        real,
        clips=tuple(
            replace(
                clip,
                offset_index=min(clip.offset_index or 0, (clip.onset_index or 0) + _FRAMES - 1),
                apex_index=None,
            )
            if clip.clip_id == row.driver_clip_id
            else clip
            for clip in real.clips
        ),
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "completions").mkdir()
        maker = ShardMaker(folder, short, prepared.settings.generator, prepared.fingerprint)
        shard = Shard(0, (row,))
        started = time.perf_counter()
        maker(shard)
        both = time.perf_counter() - started
        started = time.perf_counter()
        maker(shard)  # the driver is known by now
        target_only = time.perf_counter() - started
        size = sum(file.stat().st_size for file in folder.rglob("*.mkv"))
    made = min(row.n_frames, _FRAMES)
    frames = sum(planned.n_frames for planned in prepared.plan)
    driver_frames = sum({planned.driver_clip_id: planned.n_frames for planned in prepared.plan}.values())
    return Cost(
        bytes=size / made * frames,
        seconds=max(0.0, both - target_only) / made * driver_frames + target_only / made * frames,
    )
