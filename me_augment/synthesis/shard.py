"""A shard: some rows of the plan, made and completed together, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from me_augment.synthesis.plan import PlannedClip

# What making a clip consists of: measuring the driver, drawing, encoding, judging, and putting shards in place.
STAGES = ("observe", "draw", "encode", "judge", "write")


@dataclass(frozen=True)
class Shard:
    """Some rows of the plan."""

    number: int
    rows: tuple[PlannedClip, ...]

    @property
    def name(self) -> str:
        """`shard-00007`."""
        return shard_name(self.number)

    @property
    def digest(self) -> str:
        """What it holds, see `rows_digest`."""
        return rows_digest(row.clip_id for row in self.rows)


def rows_digest(clip_ids: Iterable[str]) -> str:
    """SHA-256 (hex) of a shard's clip ids, one a line. The ids are hashes of all that a clip depends on."""
    return sha256("\n".join(clip_ids).encode()).hexdigest()


def shard_name(number: int) -> str:
    """Folder and record of a shard."""
    return f"shard-{number:05d}"


@dataclass(frozen=True)
class ShardResult:
    """What became of a shard.

    Attributes:
        shard: its number.
        made, rejected, failed: clips made, rejected for their quality, and failed.
        frames: written.
        seconds: by stage, see `STAGES`; what was taken over from an earlier try took none.
    """

    shard: int
    made: int
    rejected: int
    failed: int
    frames: int
    seconds: Mapping[str, float]

    @property
    def clips(self) -> int:
        """All of them."""
        return self.made + self.rejected + self.failed
