"""Rows that stay in their Arrow table until somebody asks for one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from me_augment.manifest.columns import from_table, to_table

Row = TypeVar("Row")
# So few rows are kept once they were made: they cost less than to make them again.
_FEW = 4096
# Rows made at once by whoever goes through many.
_BATCH = 1024


class Rows(Sequence[Row], Generic[Row]):
    """The rows of a table, or some of them, as a sequence of data classes that are made when they are asked for.

    It equals every sequence with equal rows.

    Args:
        kind: data class of a row.
        table: with the columns of `arrow_schema(kind)`.
        chosen: indices of the rows, in order; None for all.
    """

    def __init__(self, kind: type[Row], table: pa.Table, chosen: np.ndarray | None = None) -> None:
        self._kind, self._table, self._chosen = kind, table, chosen
        self._batches = table.to_batches()
        self._ends = np.cumsum([len(batch) for batch in self._batches], dtype=np.int64)
        self._made: tuple[Row, ...] | None = None

    @property
    def table(self) -> pa.Table:
        """The rows as a table; of some rows a copy."""
        return self._table if self._chosen is None else self._taken(self._chosen)

    def columns(self, *names: str) -> pa.Table:
        """Some columns of the rows."""
        table = self._table.select(list(names))
        return table if self._chosen is None else table.take(pa.array(self._chosen))

    def where(self, mask: pa.Array | pa.ChunkedArray) -> Rows[Row]:
        """The rows for which the mask, (len,) booleans, is true."""
        return self.at(np.flatnonzero(mask.to_numpy(zero_copy_only=False)))

    def at(self, places: np.ndarray) -> Rows[Row]:
        """The rows at these places of the sequence, (n,) integers from 0, in their order."""
        return Rows(self._kind, self._table, places if self._chosen is None else self._chosen[places])

    def __len__(self) -> int:
        return len(self._table) if self._chosen is None else len(self._chosen)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Rows[Row]:
        if isinstance(index, slice):
            return self.at(np.arange(*index.indices(len(self))))
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        if len(self) <= _FEW:
            return self._all()[place]
        return from_table(self._kind, self._taken(self._indices(place, place + 1)))[0]

    def __iter__(self) -> Iterator[Row]:
        if len(self) <= _FEW:
            yield from self._all()
            return
        for start in range(0, len(self), _BATCH):
            yield from from_table(self._kind, self._taken(self._indices(start, min(start + _BATCH, len(self)))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self)} rows {self._kind.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Rows, (self._kind, self._table, self._chosen)

    def _all(self) -> tuple[Row, ...]:
        if self._made is None:
            self._made = tuple(from_table(self._kind, self.table))
        return self._made

    def _indices(self, start: int, end: int) -> np.ndarray:
        return np.arange(start, end) if self._chosen is None else self._chosen[start:end]

    def _taken(self, indices: np.ndarray) -> pa.Table:
        """Rows of the table. Arrow's own `take` copies whole columns of many chunks for each call."""
        if not len(indices):
            return self._table.slice(0, 0)
        batch_of = np.searchsorted(self._ends, indices, side="right")
        order = np.argsort(batch_of, kind="stable")
        numbers, starts = np.unique(batch_of[order], return_index=True)
        parts = []
        for number, places in zip(numbers, np.split(order, starts[1:]), strict=True):
            first = self._ends[number] - len(self._batches[number])
            parts.append(_of_batch(self._batches[number], indices[places] - first))
        table = pa.Table.from_batches(parts, schema=self._table.schema)
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return table if len(parts) < 2 else table.take(pa.array(back))


def _of_batch(batch: pa.RecordBatch, indices: np.ndarray) -> pa.RecordBatch:
    if (np.diff(indices) == 1).all():
        return batch.slice(indices[0], len(indices))
    return batch.take(pa.array(indices))


class RowsById(Mapping[str, Row], Generic[Row]):
    """Id → row, found by bisection: a few bytes per row in place of an entry in a dictionary.

    Args:
        rows: whose ids are unique.
        name: column of the ids.
    """

    def __init__(self, rows: Rows[Row], name: str) -> None:
        self._rows = rows
        self._ids = rows.columns(name).column(0).combine_chunks()
        self._order = pc.sort_indices(self._ids).to_numpy()

    def __getitem__(self, key: str) -> Row:
        index = self._place(key)
        if index is None:
            raise KeyError(key)
        return self._rows[index]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._place(key) is not None

    def _place(self, key: str) -> int | None:
        place = bisect_left(self._order, key, key=lambda index: self._ids[int(index)].as_py())
        if place == len(self._order):
            return None
        index = int(self._order[place])
        return index if self._ids[index].as_py() == key else None

    def __iter__(self) -> Iterator[str]:
        for batch in pa.table([self._ids], ["id"]).to_batches(_BATCH):
            yield from batch.column(0).to_pylist()

    def __len__(self) -> int:
        return len(self._order)


def by_id(rows: Iterable[Row], name: str) -> Mapping[str, Row]:
    """Id → row.

    Args:
        rows: of a manifest.
        name: field that holds the id.
    """
    if isinstance(rows, Rows) and len(rows) > _FEW:
        return RowsById(rows, name)
    return {getattr(row, name): row for row in rows}


def table_of(kind: type[Row], rows: Iterable[Row] | pa.Table) -> pa.Table:
    """The rows as a table, without a copy where they are one."""
    if isinstance(rows, pa.Table):
        return rows
    return rows.table if isinstance(rows, Rows) else to_table(kind, rows)
