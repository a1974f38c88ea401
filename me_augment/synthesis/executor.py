"""Who calls the unit of work: one small protocol whose variants differ in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from me_augment.synthesis.work import Shard, ShardResult


class Executor(Protocol):
    """Runs shards, in any order and any number at once, and hands back results as they come."""

    def run(self, work: Callable[[Shard], ShardResult], shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """Yield one result per shard. What `work` raises ends the run; completed shards stay completed."""
        ...


class InProcess:
    """Shards one after the other, here."""

    def run(self, work: Callable[[Shard], ShardResult], shards: Iterable[Shard]) -> Iterator[ShardResult]:
        """See `Executor.run`."""
        return map(work, shards)
