"""One declaration per table: columns with Arrow types, from which every other form derives.

In: `Column` literals. Out: a `Table` with its Arrow schema, its Spark schema and a strict
conversion to it. Invariant: nothing is written or handed to Spark that has not passed `conform`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

UTC_TIME = pa.timestamp("us", tz="UTC")


class SchemaError(ValueError):
    """Data does not have the columns or types that its table declares: a fault of the program."""


def with_columns(batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """`batch` with these columns: in place of those with their names, or behind all others.

    A column that another one replaces keeps its field, and so its type.
    """
    every = dict(zip(batch.schema.names, batch.columns, strict=True)) | dict(columns)
    new = [pa.field(n, values.type) for n, values in columns.items() if n not in batch.schema.names]
    return pa.RecordBatch.from_arrays(list(every.values()), schema=pa.schema([*batch.schema, *new]))


@dataclass(frozen=True)
class Column:
    """A column: its name, Arrow type, meaning, and whether it may be null."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """A table: its name (also its folder in a run) and its columns in order.

    `row_group_rows` is how many rows its files can be read by: few where readers want stretches.
    """

    name: str
    columns: tuple[Column, ...]
    row_group_rows: int = 4096

    @cached_property
    def arrow(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.type, c.nullable) for c in self.columns])

    @property
    def spark(self) -> StructType:
        """The Spark schema (needs pyspark)."""
        from pyspark.sql.pandas.types import from_arrow_schema

        return from_arrow_schema(self.arrow, prefer_timestamp_ntz=False)

    def conform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with exactly this table's columns, in its order.

        A column that the batch lacks becomes null where it may be null; columns of other tables
        are left out. Raises `SchemaError` for a wrong type, or a null that is not allowed.
        """
        columns = [self._column(batch, column) for column in self.columns]
        return pa.RecordBatch.from_arrays(columns, schema=self.arrow)

    def _column(self, batch: pa.RecordBatch, column: Column) -> pa.Array:
        index = batch.schema.get_field_index(column.name)
        values = pa.nulls(batch.num_rows, column.type) if index < 0 else batch.column(index)
        if values.type != column.type:
            raise SchemaError(
                f"{self.name}.{column.name}: expected {column.type}, got {values.type}"
            )
        if values.null_count and not column.nullable:
            raise SchemaError(f"{self.name}.{column.name}: {values.null_count} nulls")
        return values

    def batch(self, rows: Iterable[dict[str, Any]]) -> pa.RecordBatch:
        """Literal rows as a batch of this table; an unknown key raises `SchemaError`."""
        rows = list(rows)
        known = {column.name for column in self.columns}
        for row in rows:
            if unknown := row.keys() - known:
                raise SchemaError(f"{self.name}: unknown columns {sorted(unknown)}")
        return self.conform(pa.RecordBatch.from_pylist(rows, schema=self.arrow))
