"""`plan.parquet`: a plan on disk, written and read in pieces so that its size does not matter."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from me_augment.errors import UsageError
from me_augment.manifest.columns import arrow_schema, from_table, to_table
from me_augment.manifest.fingerprint import TableDigest
from me_augment.manifest.store import publish, temporary_name
from me_augment.synthesis.plan import Plan, PlannedClip
from me_augment.synthesis.shard import Shard, rows_digest
from me_augment.synthesis.sharding import Packer
from me_augment.whereabouts import not_the_folder

# Name of the file in a run.
PLAN = "plan.parquet"
# Rows written, and at most held, at once.
_BATCH = 1 << 14
# Rows made at once from a batch.
_MADE = 1 << 11
_ROWS, _SHARDS, _FINGERPRINT, _SETTINGS = (f"me_augment.{n}" for n in ("rows", "shards", "fingerprint", "settings"))


def write_plan(path: Path, rows: Iterable[PlannedClip], settings: str) -> PlanFile:
    """Write a plan row by row; the file appears complete or not at all, with the same bytes for the same rows.

    Args:
        path: the file, replaced where it is there.
        rows: in the order of their shards, which are numbered from 0 without gaps.
        settings: any text, kept beside the rows.

    Raises:
        OSError: the file cannot be written.
        ValueError: the rows' shards are not in order.
    """
    schema = arrow_schema(PlannedClip)
    temporary = temporary_name(path)
    found, count, last, rows = TableDigest(schema), 0, -1, iter(rows)
    try:
        with pq.ParquetWriter(
            temporary, schema, compression="zstd", store_schema=True, write_page_checksum=True
        ) as writer:
            while some := list(islice(rows, _BATCH)):
                for row in some:
                    if row.shard not in (last, last + 1):
                        raise ValueError(f"a row of shard {row.shard} follows one of shard {last}")
                    last = row.shard
                table = to_table(PlannedClip, some)
                writer.write_table(table, row_group_size=_BATCH)
                found.update(table)
                count += len(some)
            said = {_ROWS: str(count), _SHARDS: str(last + 1), _FINGERPRINT: found.hexdigest(), _SETTINGS: settings}
            writer.add_key_value_metadata(said)
        publish(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return PlanFile(path, count, last + 1, found.hexdigest(), settings)


@dataclass(frozen=True)
class PlanFile:
    """A plan on disk.

    Attributes:
        path: the file.
        rows, shards: how many it has.
        fingerprint: hash of all its rows.
        settings: the text kept beside them.
    """

    path: Path
    rows: int
    shards: int
    fingerprint: str
    settings: str

    @classmethod
    def open(cls, path: Path) -> PlanFile:
        """Read what the file says about itself, not its rows.

        Raises:
            UsageError: there is no such file, it is damaged, or it is not a plan or one of another version.
        """
        if not path.is_file():
            raise UsageError(
                not_the_folder(path.parent, "a run")
                or f"{path.parent} is not a run: it holds no {path.name}. Make one with `me-augment synthesize`."
            )
        with _readable(path), pq.ParquetFile(path) as file:
            said = {key.decode(): text.decode() for key, text in (file.metadata.metadata or {}).items()}
            schema, rows = file.schema_arrow, file.metadata.num_rows
        try:
            opened = cls(path, int(said[_ROWS]), int(said[_SHARDS]), said[_FINGERPRINT], said[_SETTINGS])
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"{path} is not a plan that this me-augment wrote: start the run in another folder."
            ) from error
        if not schema.equals(arrow_schema(PlannedClip)) or rows != opened.rows:
            raise UsageError(
                f"{path} has other columns or rows than this me-augment writes: start the run in another folder, or "
                "finish it with the version that began it."
            )
        return opened

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[PlannedClip]:
        """The rows in order, a few thousand in memory at a time."""
        return chain.from_iterable(shard.rows for shard in self.read_shards())

    def read_shards(self, skip: Container[int] = ()) -> Iterator[Shard]:
        """The shards in order, a few thousand rows in memory at a time.

        Args:
            skip: numbers of shards to leave out; their rows are not decoded.

        Raises:
            UsageError: the file is damaged.
        """
        rows = chain.from_iterable(from_table(PlannedClip, table) for table in self._tables(skip))
        for number, some in groupby(rows, key=lambda row: row.shard):
            yield Shard(number, tuple(some))

    def digests(self) -> dict[int, str]:
        """Shard → `rows_digest` of its clips; UsageError for a damaged file."""
        found: dict[int, str] = {}
        open_shard, ids = -1, list[str]()
        with self._opened() as file:
            for batch in file.iter_batches(_BATCH, columns=["shard", "clip_id"], use_threads=False):
                shards, names = batch.column("shard").to_numpy(), batch.column("clip_id").to_pylist()
                starts = [0, *(np.flatnonzero(np.diff(shards)) + 1).tolist(), len(shards)]
                for start, end in pairwise(starts):
                    if shards[start] != open_shard:
                        if ids:
                            found[open_shard] = rows_digest(ids)
                        open_shard, ids = int(shards[start]), []
                    ids += names[start:end]
        if ids:
            found[open_shard] = rows_digest(ids)
        return found

    def clip_ids(self) -> Iterator[str]:
        """The ids of all rows, in order; UsageError for a damaged file."""
        with self._opened() as file:
            for batch in file.iter_batches(_BATCH, columns=["clip_id"], use_threads=False):
                yield from batch.column("clip_id").to_pylist()

    def find(self, clip_id: str) -> PlannedClip | None:
        """The row of a clip, or None where the plan has no such clip; UsageError for a damaged file."""
        with self._opened() as file:
            for group in range(file.num_row_groups):
                place = pc.index(file.read_row_group(group, columns=["clip_id"]).column(0), clip_id).as_py()
                if place >= 0:
                    return from_table(PlannedClip, file.read_row_group(group).slice(place, 1))[0]
        return None

    def _tables(self, skip: Container[int]) -> Iterator[pa.Table]:
        with self._opened() as file:
            for group in range(file.num_row_groups):
                shards = file.read_row_group(group, columns=["shard"], use_threads=False).column(0).to_numpy()
                wanted = [number for number in np.unique(shards).tolist() if number not in skip]
                if not wanted:
                    continue
                table = file.read_row_group(group, use_threads=False).filter(pa.array(np.isin(shards, wanted)))
                for start in range(0, len(table), _MADE):
                    yield table.slice(start, _MADE)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        with _readable(self.path), pq.ParquetFile(self.path, page_checksum_verification=True) as file:
            yield file


def extended(old: PlanFile, new: Plan, clips_per_shard: int) -> Iterator[PlannedClip]:
    """The rows of a plan that has grown: the old ones as they are, then those that only the new plan has.

    Args:
        old: the plan so far.
        new: a plan that asks for more.
        clips_per_shard: of the shards that are added, which are numbered on.
    """
    yield from old
    known, packer = set(old.clip_ids()), Packer(clips_per_shard, old.shards)
    added = (row for row in new if row.clip_id not in known)
    for _, of_maker in groupby(added, key=lambda row: row.checkpoint):
        for _, of_driver in groupby(
            of_maker, key=lambda row: (row.driver_clip_id, None if row.driver_clip_id else row.clip_id)
        ):
            rows = list(of_driver)
            numbers = chain.from_iterable([shard] * count for shard, count in packer.place(len(rows)))
            yield from (replace(row, shard=shard) for row, shard in zip(rows, numbers, strict=True))
        packer.close()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}): it is damaged or no plan. Start the run in another folder."
        ) from error
