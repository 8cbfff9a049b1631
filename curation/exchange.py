"""The exchange: rows to the task that they belong to, as Arrow batches rather than row by row.

Spark shuffles rows one at a time, at a cost of some microseconds and some twenty bytes each. Where
rows are many and small (fourteen band keys per document), a task packs all rows for one other task
into one binary value (Arrow IPC, compressed), and Spark moves these.

Between tasks: `scatter` on one side, `.repartitionById(parts, "to")`, `gather` on the other. What a
task gathers has no order: who needs one sorts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame

from curation.arrow_text import Ints
from curation.tables import cuts_of

PACKED = "to int, rows binary"
_PACKED = pa.schema([("to", pa.int32()), ("rows", pa.binary())])
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")
_HALF = np.uint64(32)


class Sent(NamedTuple):
    """Rows, and the task that each is for."""

    rows: pa.RecordBatch | pa.Table
    to: Ints


def scatter(sent: Iterable[Sent]) -> Iterator[pa.RecordBatch]:
    """Packs rows by the task that they are for; all of a task's are held until then."""
    pieces = [piece for piece in sent if piece.rows.num_rows]
    if not pieces:
        return
    rows = pa.concat_tables([_table(piece.rows) for piece in pieces]).combine_chunks()
    to = np.concatenate([piece.to for piece in pieces]).astype(np.int64)
    order = np.argsort(to, kind="stable")
    rows, to = rows.take(pa.array(order)), to[order]
    for start, end in pairwise(cuts_of(to)):
        packed = pack(rows.slice(start, end - start))
        yield pa.RecordBatch.from_arrays(
            [pa.array([to[start]], pa.int32()), pa.array([packed], pa.binary())], schema=_PACKED
        )


def gather(batches: Iterable[pa.RecordBatch]) -> pa.Table | None:
    """All rows that a task got; None where it got none."""
    packed = [value for batch in batches for value in batch.column("rows")]
    if not packed:
        return None
    return pa.concat_tables([unpack(value.as_buffer()) for value in packed]).combine_chunks()


def pack(rows: pa.Table) -> bytes:
    """Rows as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_OPTIONS) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


def unpack(packed: pa.Buffer) -> pa.Table:
    """The rows that were packed."""
    with pa.ipc.open_stream(packed) as stream:
        return stream.read_all()


def _table(rows: pa.RecordBatch | pa.Table) -> pa.Table:
    return rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])


def spread(hashes: npt.NDArray[np.uint64], parts: int) -> Ints:
    """A task, 0 to `parts` - 1, for each hash: equal ones meet."""
    return ((hashes >> _HALF) * np.uint64(parts) >> _HALF).astype(np.int64)


def exchange(packed: DataFrame, parts: int) -> DataFrame:
    """What was scattered, at the task that it is for."""
    return packed.repartitionById(parts, "to")
