"""Verdicts: what was found, anywhere, written by part beside the splits that it judges."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
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
from curation.tables import write_file
from schemas.drop_reason import DropReason
from schemas.manifest import MANIFEST
from schemas.pair import PAIR
from schemas.verdict import VERDICT

COLUMNS = (
    *("position", "high", "low", "reason", "keeper_high", "keeper_low", "keeper_position"),
    "similarity",
)
"""What of a page that goes moves to where its verdict is written."""


def send(rows: pa.Table, parts: Parts) -> Sent:
    """Those of `rows` (`COLUMNS`) that have a reason, to the task that writes their verdicts."""
    gone = rows.select(COLUMNS).filter(pc.not_equal(rows["reason"], 0))
    return Sent(gone, parts.of(gone["position"].to_numpy()))


def write(sent: DataFrame, parts: Broadcast[Parts]) -> list[dict[str, Any]]:
    """Writes verdicts, and pairs of equal texts; returns the manifest rows."""
    arrived = exchange(sent, len(parts.value))
    written = arrived.mapInArrow(partial(_write, parts=parts), MANIFEST.spark)
    return [row.asDict() for row in written.collect()]


def _write(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts]
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    rows = rows.sort_by("position")
    part = int(parts.value.of(rows["position"].to_numpy()[:1])[0])
    name = f"{parts.value.name(part)}-{uuid.uuid4().hex}"
    files = [write_file(parts.value.folder, name, VERDICT, _verdicts(rows, parts.value))]
    equal = rows.filter(pc.equal(rows["reason"], number_of(DropReason.EXACT_DUPLICATE)))
    if equal.num_rows:
        files.append(write_file(parts.value.folder, name, PAIR, _pairs(equal)))
    yield MANIFEST.batch(files)


def _verdicts(rows: pa.Table, parts: Parts) -> pa.Table:
    splits = split_of(rows["position"].to_numpy())
    told = pa.RecordBatch.from_pydict(
        {
            "position": rows["position"].combine_chunks(),
            "doc_id": hexes(_ids(rows)),
            "input": pa.array([parts.inputs[split] for split in splits.tolist()], pa.string()),
            "drop_reason": reason_names(rows["reason"].to_numpy()),
            "keeper": hexes(_ids(rows, "keeper_")),
            "similarity": rows["similarity"].combine_chunks(),
        }
    )
    return pa.Table.from_batches([VERDICT.conform(told)])


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
