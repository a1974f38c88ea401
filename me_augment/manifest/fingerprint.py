"""The hash of a table's content, taken batch by batch, the same however the table is cut into chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from me_augment.manifest.ids import digest


class TableDigest:
    """Hashes the rows of a table as they come.

    For each column, and each part of a nested one, three streams are hashed, each of which batches of any size only
    prolong: which cells are filled, how long they are, and the bytes of the filled ones. So equal tables have equal
    digests, and any other cell, a null against an empty one too, makes another.

    Args:
        schema: of all batches.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns = [_Column(field.type) for field in schema]

    def update(self, batches: pa.Table | Iterable[pa.RecordBatch]) -> None:
        """Take in further rows; ValueError where they have other columns."""
        for batch in batches.to_batches() if isinstance(batches, pa.Table) else batches:
            if not batch.schema.equals(self._schema):
                raise ValueError("the batch has other columns than the table")
            for column, cells in zip(self._columns, batch.columns, strict=True):
                column.update(cells)

    def hexdigest(self) -> str:
        """64 hexadecimal digits for all rows so far."""
        named = zip(self._schema, self._columns, strict=True)
        return digest([[field.name, column.found()] for field, column in named])


class _Column:
    def __init__(self, kind: pa.DataType) -> None:
        self._filled, self._lengths, self._bytes = (hashlib.blake2b(digest_size=32) for _ in range(3))
        self._kind = kind
        self._children: list[_Column] = []
        if pa.types.is_list(kind):
            self._children = [_Column(kind.value_type)]
        elif pa.types.is_struct(kind):
            self._children = [_Column(field.type) for field in kind]
        elif not (pa.types.is_string(kind) or pa.types.is_primitive(kind)):
            raise TypeError(f"columns of type {kind} have no fingerprint")

    def update(self, cells: pa.Array) -> None:
        self._filled.update(_little(cells.is_valid().cast(pa.uint8())))
        if pa.types.is_struct(self._kind):
            for child, part in zip(self._children, cells.flatten(), strict=True):
                child.update(part)
            return
        cells = cells.drop_null()
        if pa.types.is_list(self._kind):
            self._lengths.update(_little(pc.list_value_length(cells)))
            self._children[0].update(cells.flatten())
        elif pa.types.is_string(self._kind):
            self._lengths.update(_little(pc.binary_length(cells)))
            _, _, text = cells.buffers()
            if len(cells) and text is not None:
                offsets = np.frombuffer(cells.buffers()[1], np.int32)
                self._bytes.update(memoryview(text)[offsets[cells.offset] : offsets[cells.offset + len(cells)]])
        else:
            numbers = cells.cast(pa.uint8()) if pa.types.is_boolean(self._kind) else cells
            self._bytes.update(_little(numbers))

    def found(self) -> list[object]:
        # Arrow calls the elements of a list `item` or `element`, depending on who wrote them.
        kind = "list" if pa.types.is_list(self._kind) else str(self._kind)
        own = [stream.hexdigest() for stream in (self._filled, self._lengths, self._bytes)]
        return [kind, *own, [child.found() for child in self._children]]


def _little(numbers: pa.Array) -> memoryview:
    values = np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False))
    return values.astype(values.dtype.newbyteorder("<"), copy=False).data
