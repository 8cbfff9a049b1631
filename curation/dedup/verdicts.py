"""Verdicts: what was found, anywhere, written by part beside the splits that it judges.

Pages of earlier runs are not judged: those that would go are rows of `take_downs/`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame

from curation.dedup.doc_ids import Halves, binaries, hexes
from curation.dedup.found import number_of, reason_names
from curation.exchange import Sent, exchange, gather
from curation.parts import Parts
from curation.splits import split_of
from curation.tables import cuts_of, write_file
from schemas.drop_reason import DropReason
from schemas.manifest import MANIFEST
from schemas.pair import PAIR
from schemas.take_down import TAKE_DOWN
from schemas.verdict import VERDICT

COLUMNS = (
    *("position", "high", "low", "reason", "keeper_high", "keeper_low", "keeper_position"),
    "similarity",
)
"""What of a page that goes moves to where its verdict is written."""


def send(rows: pa.Table, parts: Parts) -> Sent:
    """Those of `rows` (`COLUMNS`) that have a reason, to the task that writes their verdicts."""
    gone = rows.select(COLUMNS).filter(pc.not_equal(rows["reason"], 0))
    return Sent(gone, parts.of(gone["position"].to_numpy()) % parts.own)


def write(sent: DataFrame, parts: Broadcast[Parts]) -> list[dict[str, Any]]:
    """Writes verdicts, and pairs of equal texts; returns the manifest rows."""
    arrived = exchange(sent, parts.value.own)
    written = arrived.mapInArrow(partial(_write, parts=parts), MANIFEST.spark)
    return [row.asDict() for row in written.collect()]


def _write(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts]
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    rows = rows.sort_by("position")
    of_rows = parts.value.of(rows["position"].to_numpy())
    files = [
        file
        for start, end in pairwise(cuts_of(of_rows))
        for file in _write_part(rows.slice(start, end - start), int(of_rows[start]), parts.value)
    ]
    equal = rows.filter(pc.equal(rows["reason"], number_of(DropReason.EXACT_DUPLICATE)))
    if equal.num_rows:
        files.append(write_file(parts.value.folder, uuid.uuid4().hex, PAIR, _pairs(equal)))
    yield MANIFEST.batch(files)


def _write_part(rows: pa.Table, part: int, parts: Parts) -> list[dict[str, Any]]:
    positions = rows["position"].to_numpy()
    told = {
        "position": rows["position"].combine_chunks(),
        "doc_id": hexes(_ids(rows)),
        "drop_reason": reason_names(rows["reason"].to_numpy()),
        "keeper": hexes(_ids(rows, "keeper_")),
        "keeper_run": parts.run_of(rows["keeper_position"].to_numpy()),
        "similarity": rows["similarity"].combine_chunks(),
    }
    table = VERDICT if part < parts.own else TAKE_DOWN
    if table is VERDICT:
        inputs = [parts.inputs[split] for split in split_of(positions).tolist()]
        told["input"] = pa.array(inputs, pa.string())
    else:
        told["run"] = parts.run_of(positions)
    written = pa.Table.from_batches([table.conform(pa.RecordBatch.from_pydict(told))])
    return parts.write(part, table, written)


def _pairs(rows: pa.Table) -> pa.Table:
    ones = np.ones(rows.num_rows)
    return pa.table(
        {
            "first": binaries(_ids(rows, "keeper_")),
            "first_position": rows["keeper_position"],
            "second": binaries(_ids(rows)),
            "second_position": rows["position"],
            "similarity": pa.array(ones, pa.float32()),
            "equal": ones.astype(bool),
        }
    )


def _ids(rows: pa.Table, of: str = "") -> Halves:
    ids: npt.NDArray[np.uint64] = np.column_stack(
        [rows[f"{of}{half}"].to_numpy() for half in ("high", "low")]
    )
    return ids
