"""What a loader reads, in which order and as what: values that its processes share."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.errors import UserError
from curation.mixing.loading.era import Era
from curation.mixing.loading.folder import ShardFolder
from curation.mixing.loading.order import PassOrder
from curation.mixing.loading.reader import Reader

_CHUNK_ROWS = 2048  # what workers deal among themselves; they read each row group's edge twice


@dataclass(frozen=True)
class Settings:
    """An item is a row as a dict; with `batch_rows` a list of them, or with `arrow` a batch."""

    folder: ShardFolder
    columns: tuple[str, ...]
    batch_rows: int | None
    arrow: bool
    seed: int | None

    @property
    def item_rows(self) -> int:
        """How many rows an item has, but for the last one."""
        return self.batch_rows or 1

    def chunks(
        self, era: Era, *, rank: int, taken: int, part: tuple[int, int] = (0, 1)
    ) -> Iterator[pa.Table]:
        """The rest of the rank's pass, whole items at a time; of `n` parts the chunks `i::n`."""
        number, done = era.at(rank, taken)
        share = era.deal(number).share(rank)
        order = PassOrder(
            [file.rows for file in self.folder.files], seed=self.seed, pass_number=number
        )
        reader = Reader(self.folder, self.columns)
        step = -(-_CHUNK_ROWS // self.item_rows) * self.item_rows
        for start in range(done + part[0] * step, share, part[1] * step):
            spans = era.spans(rank, number, start=start, stop=min(start + step, share))
            pieces = [piece for span in spans for piece in order.pieces(*span)]
            yield reader.read(pieces)

    def items(self, rows: pa.Table) -> list[Any]:
        """The items of a chunk."""
        starts = range(0, rows.num_rows, self.item_rows)
        if self.arrow:
            return [_batch(rows.slice(start, self.item_rows)) for start in starts]
        dicts = as_dicts(rows)
        if self.batch_rows is None:
            return dicts
        return [dicts[start : start + self.batch_rows] for start in starts]


def _batch(rows: pa.Table) -> pa.RecordBatch:
    (batch,) = rows.combine_chunks().to_batches()
    return batch


def packed(rows: pa.Table | pa.RecordBatch) -> bytes:
    """For another process. A pickle would hold all that the rows were cut from."""
    sink = io.BytesIO()  # gives its bytes without another copy
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write(rows)
    return sink.getvalue()


def unpacked(content: bytes) -> pa.Table:
    """Without a copy."""
    return pa.ipc.open_stream(content).read_all()


def as_dicts(rows: pa.Table) -> list[dict[str, Any]]:
    """A dict of Python values per row."""
    names = rows.column_names
    columns = [_values(column) for column in rows.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_string(column.type):
        # Several times as fast as `to_pylist`, which makes an Arrow scalar of each first.
        values: list[Any] = column.to_numpy().tolist()
        return values
    return list(column.to_pylist())


def rank_of(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Rank and number of ranks that a launcher such as torchrun tells of; (0, 1) without one."""
    try:
        return int(environment.get("RANK", "0")), int(environment.get("WORLD_SIZE", "1"))
    except ValueError as error:
        raise UserError(f"RANK and WORLD_SIZE in the environment: {error}") from error
