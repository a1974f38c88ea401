"""The end of a run: what its shards say, merged from disk into its manifest, statistics and card."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from me_augment.card import Sources
from me_augment.manifest import Clip, Recording
from me_augment.manifest.columns import from_table
from me_augment.manifest.store import ManifestWriter, write_text
from me_augment.manifest.validate import require_sound_rows
from me_augment.synthesis.card import dataset_card
from me_augment.synthesis.inputs import open_real, read_roles, read_settings
from me_augment.synthesis.plan import Unusable
from me_augment.synthesis.records import folder_of, write_finish

# Clips that the statistics name with their reasons; the rows name all.
_NAMED = 1000


@dataclass
class Tally:
    """Counts over the synthetic clips of a run, added up shard by shard."""

    status: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    by_emotion: Counter[str] = field(default_factory=Counter)
    by_target: Counter[str] = field(default_factory=Counter)
    by_driver: Counter[str] = field(default_factory=Counter)
    by_action_units: Counter[str] = field(default_factory=Counter)
    videos: Counter[str] = field(default_factory=Counter)
    rejections: dict[str, str | None] = field(default_factory=dict)
    failures: dict[str, str | None] = field(default_factory=dict)

    def add(self, clips: Sequence[Clip], recordings: Sequence[Recording]) -> None:
        """Count the rows of a shard."""
        self.frames += sum(recording.n_frames for recording in recordings)
        for clip in clips:
            if clip.status == "ok" and clip.expression == "neutral":
                self.videos["long videos" if clip.au_verbatim is None else f"unit {clip.au_verbatim}"] += 1
                continue
            self.status[clip.status] += 1
            if clip.status == "ok":
                self.by_emotion[str(clip.emotion)] += 1
                self.by_target[clip.person_id] += 1
                if clip.driver_person_id:
                    self.by_driver[clip.driver_person_id] += 1
                if clip.action_units:
                    self.by_action_units[clip.action_units] += 1
            else:
                named = self.rejections if clip.status == "rejected" else self.failures
                if len(named) < _NAMED:
                    named[clip.clip_id] = clip.reason

    def statistics(self, unusable: Sequence[Unusable]) -> dict[str, object]:
        """As `stats.json` has them."""
        counts = {
            name: dict(sorted(getattr(self, name).items()))
            for name in ("by_emotion", "by_target", "by_driver", "by_action_units")
        }
        return {
            "made": self.status["ok"],
            "rejected": self.status["rejected"],
            "failed": self.status["failed"],
            "frames": self.frames,
            **counts,
            **({"long_videos": dict(sorted(self.videos.items()))} if self.videos else {}),
            "rejections": self.rejections,
            "failures": self.failures,
            "unusable": {clip.clip_id: f"{clip.name}: {clip.reason}" for clip in unusable},
        }


def finish(run: Path, shards: Sequence[int]) -> None:
    """Merge what the shards say; the record of the whole comes last and says that the run is finished.

    Rows stand in the order of the plan, which says nothing about who made them when. Shards are read one by one: no
    more of a run is in memory than one of them.

    Args:
        run: the run's folder, with every shard complete.
        shards: their numbers, in order.
    """
    sweep(run)
    real, settings = open_real(run), read_settings(run)
    tally, sources = Tally(), Sources()
    sources.add(real.clips)
    with ManifestWriter(
        run, corpus="run", roots={"": Path(), **real.roots}, licence=real.licence, provenance=real.provenance
    ) as writer:
        writer.add(real.recordings, real.clips)
        for shard in shards:
            clips, recordings = read_shard(run, shard)
            require_sound_rows(recordings, clips, real.recording_of)
            writer.add(recordings, clips)
            tally.add(clips, recordings)
            sources.add(clips)
        statistics = tally.statistics(read_roles(run).unusable)
        write_text(run / "stats.json", json.dumps(statistics, indent=2) + "\n")
        rejected = tally.status["rejected"]
        card = dataset_card(real.clips, tally.by_emotion, rejected, settings, sources.listed())
        write_text(run / "README.md", card)
    write_finish(run)


def read_shard(run: Path, shard: int) -> tuple[tuple[Clip, ...], tuple[Recording, ...]]:
    """The rows of a complete shard."""
    folder = folder_of(run, shard)
    return (
        tuple(from_table(Clip, pq.read_table(folder / "clips.parquet"))),
        tuple(from_table(Recording, pq.read_table(folder / "recordings.parquet"))),
    )


def sweep(run: Path) -> None:
    """Take away what processes left that died; only while no other is at work."""
    for leftover in (*(run / "shards").glob(".*.tmp"), *(run / "inputs").glob(".staging-*")):
        shutil.rmtree(leftover, ignore_errors=True)
    for folder in (run, run / "completions", run / "inputs"):
        for half_written in folder.glob(".*.tmp"):
            half_written.unlink(missing_ok=True)
