"""Who calls the unit of work: one small protocol whose variants differ in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from me_augment.synthesis.work import Shard, ShardResult

# Makes one shard. It can be pickled, opens what it needs once in each process, and may be called again for a shard that
# is done, half done, or being made elsewhere at this moment: the bytes are the same.
Work = Callable[[Shard], ShardResult]


class Executor(Protocol):
    """Runs shards, in any order and any number at once, and hands back results as they come."""

    def run(self, work: Work, shards: Iterable[Shard], stop: Callable[[], bool]) -> Iterator[ShardResult]:
        """Yield one result per shard; shards are drawn only as fast as they are worked on.

        Once `stop()` is true no further shard is begun, and the results end with those of the shards that were begun.
        What `work` raises ends the run: nothing more is begun and it is raised here. Completed shards stay completed.
        """
        ...


class InProcess:
    """Shards one after the other, here."""

    def run(self, work: Work, shards: Iterable[Shard], stop: Callable[[], bool]) -> Iterator[ShardResult]:
        """See `Executor.run`."""
        shards = iter(shards)
        while not stop():
            shard = next(shards, None)
            if shard is None:
                return
            yield work(shard)
