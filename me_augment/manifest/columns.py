"""Rows as data classes, tables as Arrow: a column is declared once, on the data class, and everything else derives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, TypeVar

import pyarrow as pa

Row = TypeVar("Row")


def column(arrow_type: pa.DataType, doc: str, *, default: Any = dataclasses.MISSING, item: type | None = None) -> Any:
    """Declare a column on a row data class.

    Args:
        arrow_type: type in Parquet. A column whose default is None may be null; every other may not.
        doc: one sentence for the schema, `manifests/README.md` and error messages.
        default: value of a row that does not say otherwise; without it the field is required.
        item: data class of the elements where `arrow_type` is a list of structs.
    """
    return dataclasses.field(
        default=default, metadata={"arrow": arrow_type, "doc": doc, "nullable": default is None, "item": item}
    )


def struct_of(item: type, types: dict[str, pa.DataType]) -> pa.StructType:
    """Arrow struct with one field per field of the data class `item`; `types` names each field's type."""
    return pa.struct([pa.field(f.name, types[f.name]) for f in dataclasses.fields(item)])


def arrow_schema(row_type: type) -> pa.Schema:
    """The Arrow schema of a row data class; each field carries its sentence as metadata `doc`."""
    return pa.schema(
        [
            pa.field(
                f.name,
                f.metadata["arrow"],
                nullable=f.metadata["nullable"],
                metadata={"doc": f.metadata["doc"]},
            )
            for f in dataclasses.fields(row_type)
        ]
    )


def to_table(row_type: type[Row], rows: Iterable[Row]) -> pa.Table:
    """Rows → table with exactly `arrow_schema(row_type)`; raises pyarrow errors on values that do not fit."""
    listed = list(rows)
    arrays = []
    for f in dataclasses.fields(row_type):  # type: ignore[arg-type]
        values = list(map(attrgetter(f.name), listed))
        if f.metadata["item"] is not None:
            values = [[dataclasses.asdict(element) for element in cell] for cell in values]
        arrays.append(pa.array(values, f.metadata["arrow"]))
    return pa.Table.from_arrays(arrays, schema=arrow_schema(row_type))


def from_table(row_type: type[Row], table: pa.Table) -> list[Row]:
    """Table → rows; lists come back as tuples so that rows stay hashable and immutable."""
    fields = dataclasses.fields(row_type)  # type: ignore[arg-type]
    columns = []
    for f in fields:
        values = table.column(f.name).to_pylist()
        if f.metadata["item"] is not None:
            values = [tuple(f.metadata["item"](**element) for element in cell) for cell in values]
        elif pa.types.is_list(f.metadata["arrow"]):
            values = [None if cell is None else tuple(cell) for cell in values]
        columns.append(values)
    names = [f.name for f in fields]
    return [row_type(**dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]
