"""Provisional."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from me_augment.errors import UsageError
from me_augment.manifest.columns import from_table, to_table
from me_augment.manifest.store import write_parquet
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.shard import Shard

PLAN = "plan.parquet"


class PlanFile:
    def __init__(self, plan, settings):
        self._plan, self.settings = plan, settings
        self.rows = len(plan)
        self.shards = len({r.shard for r in plan})

    @classmethod
    def open(cls, path: Path) -> PlanFile:
        if not path.is_file():
            raise UsageError(f"{path.parent} is not a run: it holds no plan.parquet.")
        try:
            t = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{path} cannot be read ({error})") from error
        return cls(from_table(PlannedClip, t), t.schema.metadata[b"settings"].decode())

    def read_shards(self, skip: Container[int] = ()) -> Iterator[Shard]:
        for n, rows in groupby(self._plan, key=lambda r: r.shard):
            if n not in skip:
                yield Shard(n, tuple(rows))

    def digests(self) -> dict[int, str]:
        return {s.number: s.digest for s in self.read_shards()}

    def find(self, clip_id):
        return next((r for r in self._plan if r.clip_id == clip_id), None)


def write_plan(path: Path, rows: Iterable[PlannedClip], settings: str) -> None:
    t = to_table(PlannedClip, rows)
    write_parquet(path, t.replace_schema_metadata({"settings": settings}))


def extended(old, new, clips_per_shard):
    have = {r.clip_id for r in old._plan}
    yield from old._plan
    from dataclasses import replace

    n = old.shards
    for i, r in enumerate(r for r in new if r.clip_id not in have):
        yield replace(r, shard=n + i // clips_per_shard)
