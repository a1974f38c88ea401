"""One clip of a run made again from its plan, and compared with what the run holds."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from me_augment.errors import MeAugmentError, UsageError
from me_augment.manifest import Clip
from me_augment.manifest.columns import from_table, to_table
from me_augment.synthesis.finish import read_shard
from me_augment.synthesis.inputs import open_clip_maker, read_settings
from me_augment.synthesis.records import Record, file_sha256, read_record
from me_augment.synthesis.run import changed_packages, require_plan
from me_augment.synthesis.shard import shard_name


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Attributes:
        clip: the row as it comes out now.
        sha256: of the file as it comes out now; None where the clip cannot be made.
        expected: of the file in the run; None where that has none, or is not as far yet.
        differences: columns in which the two rows differ, with both values; empty where there is no row yet.
        packages: of those that decide bytes, each that is of another version now, with both.
    """

    clip: Clip
    sha256: str | None
    expected: str | None
    differences: tuple[str, ...]
    packages: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether file and row are what the run holds."""
        return self.sha256 == self.expected and not self.differences


def reproduce(run: Path, clip_id: str, out: Path | None = None) -> Reproduction:
    """Make a clip again.

    Args:
        run: the run's folder.
        clip_id: of a planned clip.
        out: where to put the .mkv; None throws it away.

    Raises:
        UsageError: the folder is no run, or has no such clip.
        MeAugmentError: `out` cannot be written.
    """
    plan = require_plan(run, read_settings(run))
    row = plan.find(clip_id)
    if row is None:
        raise UsageError(f"{run} has no clip {clip_id}: clips.parquet and plan.parquet list them (`clip_id`).")
    record = read_record(run, row.shard, plan.digests()[row.shard])
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / f"{clip_id}.mkv"
        made = open_clip_maker(run)(row, file, f"shards/{shard_name(row.shard)}/{file.name}")
        sha256 = file_sha256(file) if made.recording else None
        if out is not None and made.recording:
            try:
                shutil.copyfile(file, out)
            except OSError as error:
                raise MeAugmentError(f"cannot write {out}: {error.strerror or error}.") from error
    (clip,) = from_table(Clip, to_table(Clip, [made.clip]))  # as it is stored: some columns have single precision
    return Reproduction(
        clip=clip,
        sha256=sha256,
        expected=record.sha256.get(file.name) if record else None,
        differences=tuple(_differences(_row_of(run, record, clip_id), clip)),
        packages=tuple(changed_packages(run)),
    )


def _row_of(run: Path, record: Record | None, clip_id: str) -> Clip | None:
    if record is None:
        return None
    return next((clip for clip in read_shard(run, record.shard)[0] if clip.clip_id == clip_id), None)


def _differences(before: Clip | None, now: Clip) -> list[str]:
    if before is None:
        return []
    pairs: list[tuple[str, Any, Any]] = [(f.name, getattr(before, f.name), getattr(now, f.name)) for f in fields(Clip)]
    return [f"{name}: {old!r} in the run, {new!r} now" for name, old, new in pairs if old != new]
