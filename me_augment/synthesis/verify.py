"""Whether a run still is what was written: every byte of every shard against its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from me_augment.lock import only_one
from me_augment.synthesis.inputs import open_real, read_roles, read_settings
from me_augment.synthesis.records import damage, damage_of_finish, file_of, is_finished, read_record, unfinish
from me_augment.synthesis.run import require_plan
from me_augment.synthesis.shard import shard_name


@dataclass(frozen=True)
class Verdict:
    """What was looked at and what is wrong.

    Attributes:
        shards, files, bytes: whole ones, and what they hold.
        shards_missing: not made yet; that is no fault of a run that is not finished.
        problems: sentences.
        damaged: numbers of the shards that have to be made again.
    """

    shards: int
    files: int
    bytes: int
    shards_missing: int
    problems: tuple[str, ...]
    damaged: tuple[int, ...]


def verify(run: Path, progress: Callable[[int], None] = lambda _: None) -> Verdict:
    """Read everything that a run holds.

    Args:
        run: the run's folder.
        progress: told the number of clips of each shard once that was looked at.

    Raises:
        UsageError: the folder is no run, its plan is damaged, or its files cannot be read as what they are.
    """
    plan = require_plan(run, read_settings(run))
    problems, damaged, whole, files, size, missing = [], [], 0, 0, 0, 0
    for number, digest in sorted(plan.digests().items()):
        record = read_record(run, number, digest)
        if record is None and not file_of(run, number).exists():
            missing += 1
            continue
        found = (
            [f"{shard_name(number)}: its record is damaged or of other clips, or a file is missing or of another size."]
            if record is None
            else damage(run, record)
        )
        if found:
            damaged.append(number)
            problems += found
        elif record is not None:
            whole, files, size = whole + 1, files + len(record.bytes), size + sum(record.bytes.values())
        progress(0 if record is None else record.clips)
    open_real(run)
    read_roles(run)
    if is_finished(run):
        problems += damage_of_finish(run)
    return Verdict(whole, files, size, missing, tuple(problems), tuple(damaged))


def forget(run: Path, shards: tuple[int, ...]) -> None:
    """Make shards count as missing, so that they are made again when the run goes on."""
    with only_one(run):
        unfinish(run)
        for number in shards:
            file_of(run, number).unlink(missing_ok=True)
