"""What a plan asks for in figures, gathered in one pass over its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from me_augment.synthesis.plan import PlannedClip

# The columns whose smallest and largest values are of interest.
_RANGED = ("strength", "tempo_onset", "tempo_offset", "asymmetry", "eyes", "shading", "n_frames")


@dataclass
class Overview:
    """Counts and ranges of a plan's rows.

    Attributes:
        clips, frames, mirrored: how many.
        emotions, drivers, units, targets, checkpoints: clips for each; drivers and targets by person id.
        events: of long videos, by kind.
        rates: clips for each frame rate, (0, 1) where it is not known.
        ranges: column → smallest and largest value.
        observed: driver's clip id → shards in which its motion has to be measured.
    """

    clips: int = 0
    frames: int = 0
    mirrored: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    drivers: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    checkpoints: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    rates: Counter[tuple[int, int]] = field(default_factory=Counter)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    observed: Counter[str] = field(default_factory=Counter)


def overview(rows: Iterable[PlannedClip]) -> Overview:
    """Go through a plan once."""
    seen = Overview()
    last: tuple[int, str | None] = (-1, None)
    for row in rows:
        seen.clips += 1
        seen.frames += row.n_frames
        seen.mirrored += row.mirror
        seen.events.update(event.kind for event in row.events)
        seen.emotions[str(row.emotion)] += 1
        seen.targets[row.target_person_id] += 1
        seen.rates[row.fps_num or 0, row.fps_den or 1] += 1
        for counter, named in (
            (seen.drivers, row.driver_person_id),
            (seen.units, row.action_units),
            (seen.checkpoints, row.checkpoint),
        ):
            if named is not None:
                counter[named] += 1
        # A driver's rows lie together within a shard.
        if row.driver_clip_id is not None and (row.shard, row.driver_clip_id) != last:
            last = row.shard, row.driver_clip_id
            seen.observed[row.driver_clip_id] += 1
        for name in _RANGED:
            value = getattr(row, name)
            low, high = seen.ranges.get(name, (value, value))
            seen.ranges[name] = min(low, value), max(high, value)
    return seen
