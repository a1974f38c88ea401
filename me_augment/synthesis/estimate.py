"""What a plan will cost, judged by making a piece of its first clip."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.manifest import Manifest
from me_augment.synthesis.clip_maker import ClipMaker
from me_augment.synthesis.overview import Overview
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.prepare import Prepared

_FRAMES = 6


@dataclass(frozen=True)
class Cost:
    """Expected size on disk and time in one process; `reason` says why nothing is known of either."""

    bytes: float
    seconds: float
    reason: str | None = None


def estimate(prepared: Prepared, seen: Overview) -> Cost:
    """Make the first frames of the first planned clip in a temporary folder and scale up.

    Args:
        prepared: a run that has at least one clip to make.
        seen: `overview` of its plan.
    """
    frames_of = {clip.clip_id: clip.n_frames for clip in prepared.real.clips}
    row, real, observed = _piece(next(iter(prepared.plan)), prepared.real)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "clip.mkv"
        made = ClipMaker(real, prepared.settings, prepared.makers, prepared.basis)(row, file, file.name)
        if made.recording is None:
            return Cost(0, 0, made.clip.reason)
        size = file.stat().st_size
    observing = made.seconds.get("observe", 0.0)
    # Action units have no driver to be measured: all that a clip costs goes with its frames.
    per_frame = (sum(made.seconds.values()) - (observing if observed else 0.0)) / row.n_frames
    driver_frames = sum(frames_of[driver] * times for driver, times in seen.observed.items())
    return Cost(
        bytes=size / row.n_frames * seen.frames,
        seconds=per_frame * seen.frames + (observing / observed * driver_frames if observed else 0.0),
    )


def _piece(row: PlannedClip, real: Manifest) -> tuple[PlannedClip, Manifest, int]:
    """The beginning of a clip, a manifest whose driver is as short, and how many frames that has."""
    if row.events:
        return replace(row, n_frames=min(row.n_frames, _FRAMES), events=()), real, 0
    if row.driver_clip_id is None:
        times = row.times or tuple(map(float, range(row.n_frames)))
        count = min(row.n_frames, _FRAMES)
        return (
            replace(row, n_frames=count, times=times[: count - 1] + (times[row.apex_index or 0],), apex_index=None),
            real,
            0,
        )
    whole = next(clip for clip in real.clips if clip.clip_id == row.driver_clip_id)
    observed = min(whole.n_frames, _FRAMES)
    short = replace(whole, offset_index=(whole.onset_index or 0) + observed - 1, apex_index=None)
    clips = tuple(short if clip.clip_id == row.driver_clip_id else clip for clip in real.clips)
    return _cut(row, observed), replace(real, clips=clips), observed


def _cut(row: PlannedClip, observed: int) -> PlannedClip:
    """The row with only what its driver's first frames show: at least two frames, so that something moves."""
    if row.times is None:
        return replace(row, n_frames=observed, apex_index=None)
    last = float(observed - 1)
    times = tuple(t for t in row.times if t < last)[: _FRAMES - 1] + (last,)
    return replace(row, n_frames=len(times), times=times, apex_index=None)
