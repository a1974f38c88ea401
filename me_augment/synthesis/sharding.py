"""How many clips make a shard, and which rows of a plan share one."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

# A shard of fewer clips costs more in files and bookkeeping than it gains; one of more is long to make again.
_FEWEST, _MOST = 4, 256
# A plan of few drivers is cut into at least so many shards, though each then measures a driver anew.
_LEAST_SHARDS = 8


def shard_size(rows: int, most_of_a_driver: int = 1) -> int:
    """Clips per shard for a plan: a quarter of the square root of its rows, or all of a driver's if those are more.

    So 48 clips come in shards of 4, a thousand in shards of about 8, a million in shards of 250. A driver's motion is
    measured once per shard and costs as much as some ten clips, hence the second rule, which gives way where it
    would leave fewer than 8 shards. Never fewer than 4 nor more than 256. It depends on the plan alone, never on who
    makes it, so that a run is the same with one worker or forty.

    Args:
        rows: of the whole plan.
        most_of_a_driver: rows of the driver that has most.
    """
    wanted = max(isqrt(rows) // 4, min(most_of_a_driver, rows // _LEAST_SHARDS))
    return min(max(wanted, _FEWEST), _MOST)


class Packer:
    """Gives groups of rows, in their order, numbered shards of at most `size` rows.

    A group (the rows of one driver) stays together where it fits; a larger one is cut into pieces as equal as possible.
    """

    def __init__(self, size: int, first: int = 0) -> None:
        self._size, self._shard, self._filled = size, first, 0

    def place(self, count: int) -> Iterator[tuple[int, int]]:
        """(shard, rows) for each piece of the next group."""
        pieces = -(-count // self._size)
        for piece in range(pieces):
            rows = count * (piece + 1) // pieces - count * piece // pieces
            if self._filled + rows > self._size:
                self.close()
            self._filled += rows
            yield self._shard, rows

    def close(self) -> None:
        """Let the next group begin a shard of its own."""
        if self._filled:
            self._shard, self._filled = self._shard + 1, 0
