"""How far a run is, read from its folder alone, whoever is at work on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from me_augment.lock import is_held
from me_augment.manifest import Clip
from me_augment.manifest.columns import from_table
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.records import folder_of, is_finished, read_records


@dataclass(frozen=True)
class Status:
    """How far a run is, in clips and shards, and whether a process is working on it."""

    planned: int
    made: int
    rejected: int
    failed: int
    shards: int
    shards_done: int
    finished: bool
    running: bool

    @property
    def tried(self) -> int:
        """Clips made, rejected or failed."""
        return self.made + self.rejected + self.failed

    @property
    def missing(self) -> int:
        """Clips not yet tried."""
        return self.planned - self.tried


def status(folder: Path, *, failed_is_missing: bool = False) -> Status:
    """State of a run, from its folder alone; UsageError if it is none.

    Args:
        folder: of the run.
        failed_is_missing: count shards in which clips failed as not done, since they are to be made again.
    """
    plan = PlanFile.open(folder / PLAN)
    made = rejected = failed = done = 0
    for record in read_records(folder, plan.digests()):
        if failed_is_missing and record.failed:
            continue
        made, rejected, failed = made + record.made, rejected + record.rejected, failed + record.failed
        done += 1
    return Status(
        planned=plan.rows,
        made=made,
        rejected=rejected,
        failed=failed,
        shards=plan.shards,
        shards_done=done,
        finished=done == plan.shards and is_finished(folder),
        running=is_held(folder),
    )


def unused(folder: Path) -> Iterator[Clip]:
    """The synthetic clips of a run that were rejected or could not be made, from the shards that are complete."""
    plan = PlanFile.open(folder / PLAN)
    for record in read_records(folder, plan.digests()):
        if record.failed or record.rejected:
            table = pq.read_table(folder_of(folder, record.shard) / "clips.parquet")
            yield from (clip for clip in from_table(Clip, table) if clip.status != "ok")
