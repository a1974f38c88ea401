"""Work for executors that needs no face; importable by worker processes, as a test module is not."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from me_augment.errors import MeAugmentError
from me_augment.synthesis.plan import PlannedClip
from me_augment.synthesis.shard import Shard, ShardResult


def shard(number, clips=1):
    rows = (
        PlannedClip(
            clip_id=f"clip-{number}-{i}",
            shard=number,
            target_clip_id="t",
            target_person_id="p",
            n_frames=3,
            strength=1.0,
            seed=number,
        )
        for i in range(clips)
    )
    return Shard(number, tuple(rows))


@dataclass(frozen=True)
class Notes:
    """Leaves a file `begun-N` in a folder, waits, and leaves `done-N` with the process' id.

    Attributes:
        folder: where.
        seconds: how long each shard takes.
        kills: shard number → how many of the processes that make it are to die.
        wrong: shard that cannot be made.
    """

    folder: Path
    seconds: float = 0.0
    kills: tuple[tuple[int, int], ...] = ()
    wrong: int | None = None

    def __call__(self, shard):
        with (self.folder / f"begun-{shard.number}").open("a") as file:
            file.write("x")
        if (self.folder / f"begun-{shard.number}").stat().st_size <= dict(self.kills).get(shard.number, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        if shard.number == self.wrong:
            raise MeAugmentError(f"{shard.name} is wrong") from OSError(28, "full")
        time.sleep(self.seconds)
        (self.folder / f"done-{shard.number}").write_text(str(os.getpid()))
        return ShardResult(shard.number, len(shard.rows), 0, 0, 3, {})
