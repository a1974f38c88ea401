"""Who calls the unit of work: one small protocol whose variants differ in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol

from me_augment.synthesis.shard import Shard, ShardResult

# Can be pickled, and opens what it needs once in each process. Two processes doing one shard at once do no harm.
Work = Callable[[Shard], ShardResult]
Results = Generator[ShardResult, None, None]


class Executor(Protocol):
    """Runs shards, in any order and any number at once, and hands back results as they come."""

    def run(self, work: Work, shards: Iterable[Shard], stop: Callable[[], bool]) -> Results:
        """Yield one result per shard, drawing shards only as fast as they can be begun.

        Once `stop()` is true no further shard is begun, and the iterator ends when those begun are complete. What
        `work` raises ends the run likewise and is raised here. A process that dies at a shard is no error of the
        run: the shard is tried again, at least three times.
        """
        ...


class InProcess:
    """Shards one after the other, here."""

    def run(self, work: Work, shards: Iterable[Shard], stop: Callable[[], bool]) -> Results:
        """See `Executor.run`."""
        for shard in shards:
            if stop():
                return
            yield work(shard)
