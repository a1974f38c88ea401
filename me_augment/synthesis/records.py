"""Completion records: which shards of a run are whole, what is in them and what their files hash to."""

from __future__ import annotations

import json
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
        if all((folder / name).stat().st_size == size for name, size in record.bytes.items()):
            return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def damage(run: Path, record: Record) -> list[str]:
    """The files of a shard that are not what they were, as sentences; reads every byte."""
    folder = folder_of(run, record.shard)
    found = []
    for name, expected in sorted(record.sha256.items()):
        path = folder / name
        try:
            if file_sha256(path) != expected:
                found.append(f"{path.relative_to(run)} holds other bytes than were written.")
        except OSError as error:
            found.append(f"{path.relative_to(run)}: {error.strerror or error}.")
    known = set(record.sha256)
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in known) if folder.is_dir() else []
    return found + [f"{(folder / name).relative_to(run)} belongs to no clip." for name in strangers]


def file_sha256(file: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with file.open("rb") as handle:
        hashed = sha256()
        while block := handle.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def _record(content: dict[str, Any]) -> Record:
    values = {field.name: content[field.name] for field in fields(Record)}
    if values["bytes"].keys() != values["sha256"].keys():
        raise ValueError("sizes and hashes are of different files")
    return Record(**values)
