"""Completion records: which shards of a run are whole, what is in them and what their files hash to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from me_augment.manifest.store import write_text
from me_augment.synthesis.shard import shard_name


@dataclass(frozen=True)
class Record:
    """What is known of a complete shard.

    Attributes:
        shard: its number.
        rows: digest of what it holds, see `Shard.digest`; a record of other rows counts for nothing.
        made, rejected, failed: clips.
        frames: in its clips.
        bytes, sha256: of each of its files, by name.
    """

    shard: int
    rows: str
    made: int
    rejected: int
    failed: int
    frames: int
    bytes: Mapping[str, int]
    sha256: Mapping[str, str]

    @property
    def clips(self) -> int:
        """Made, rejected or failed."""
        return self.made + self.rejected + self.failed


def folder_of(run: Path, shard: int) -> Path:
    """Where a shard's files lie once it is complete."""
    return run / "shards" / shard_name(shard)


def file_of(run: Path, shard: int) -> Path:
    """The record of a shard."""
    return run / "completions" / f"{shard_name(shard)}.json"


def write_record(run: Path, record: Record) -> None:
    """Make a shard count as complete; its files are in place."""
    write_text(file_of(run, record.shard), json.dumps(asdict(record), indent=1) + "\n")


def read_records(run: Path, digests: Mapping[int, str]) -> Iterator[Record]:
    """The records of shards that are complete, by number.

    A record that is damaged, of other rows than the plan has, or whose files are not all there in full size counts for
    nothing: that shard is made again.

    Args:
        run: the run's folder.
        digests: shard number → digest of its rows, from the plan.
    """
    for number in sorted(digests):
        record = read_record(run, number, digests[number])
        if record is not None:
            yield record


def read_record(run: Path, shard: int, digest: str) -> Record | None:
    """The record of one shard, as `read_records` judges it."""
    try:
        content = json.loads(file_of(run, shard).read_bytes())
        record = _record(content)
        if (record.shard, record.rows) != (shard, digest):
            return None
        folder = folder_of(run, shard)
        # A million of these are looked at when a large run goes on: paths as text take half the time.
        if all(os.stat(f"{folder}/{name}").st_size == size for name, size in record.bytes.items()):  # noqa: PTH116
            return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def damage(run: Path, record: Record) -> list[str]:
    """The files of a shard that are not what they were, as sentences; reads every byte."""
    folder = folder_of(run, record.shard)
    found = [
        sentence
        for name, expected in sorted(record.sha256.items())
        for sentence in _damage(run, folder / name, expected)
    ]
    known = set(record.sha256)
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in known) if folder.is_dir() else []
    return found + [f"{(folder / name).relative_to(run)} belongs to no clip." for name in strangers]


# What a run holds beside its shards once it is finished, but for what says where corpus and checkpoints lie.
_OF_RUN = (
    *("plan.parquet", "config.yaml", "environment.json", "stats.json", "README.md"),
    *("clips.parquet", "recordings.parquet", "manifest.json"),
    *("inputs/roles.json", "inputs/basis.npz", "inputs/manifest/clips.parquet", "inputs/manifest/recordings.parquet"),
)
_FINISH = Path("completions") / "run.json"


def write_finish(run: Path) -> None:
    """Make the run count as finished; all its files are in place."""
    hashes = {name: file_sha256(run / name) for name in _OF_RUN if (run / name).is_file()}
    write_text(run / _FINISH, json.dumps({"sha256": hashes}, indent=1) + "\n")


def is_finished(run: Path) -> bool:
    """Whether the run was finished, and has not grown or been mended since."""
    return (run / _FINISH).is_file() and (run / "manifest.json").is_file()


def unfinish(run: Path) -> None:
    """Before anything changes in a finished run."""
    (run / _FINISH).unlink(missing_ok=True)
    (run / "manifest.json").unlink(missing_ok=True)


def damage_of_finish(run: Path) -> list[str]:
    """The files of a finished run beside its shards that are not what they were, as sentences."""
    try:
        hashes = json.loads((run / _FINISH).read_bytes())["sha256"]
        return [sentence for name, expected in hashes.items() for sentence in _damage(run, run / name, expected)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{_FINISH} is damaged ({error!r})."]


def file_sha256(file: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with file.open("rb") as handle:
        hashed = sha256()
        while block := handle.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def _damage(run: Path, file: Path, expected: str) -> list[str]:
    try:
        if file_sha256(file) != expected:
            return [f"{file.relative_to(run)} holds other bytes than were written."]
    except OSError as error:
        return [f"{file.relative_to(run)}: {error.strerror or error}."]
    return []


def _record(content: dict[str, Any]) -> Record:
    values = {field.name: content[field.name] for field in fields(Record)}
    if values["bytes"].keys() != values["sha256"].keys():
        raise ValueError("sizes and hashes are of different files")
    return Record(**values)
