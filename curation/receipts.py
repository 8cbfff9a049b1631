"""Receipts: which attempt at a piece of work counts.

A piece of work (a split, a stage, a shard) writes its files under names of its own, then puts a
receipt that names them, if none is there. The first receipt wins; files that no receipt names do
not exist. A run that was killed goes on with the work that has no receipt, and every count of the
ledger is a sum over receipts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.storage import join, storage
from schemas.arrow import Table
from schemas.receipt import RECEIPT

_READERS = 16
IN, KEPT = "in", "kept"
SKIPPED, FAILED, CUT_LINES, SHORTENED = "skipped:", "failed:", "cut:", "shortened:"
DOMAIN, REPEATS = "domain:", "rows:repeats"
READ_PAGES, READ_TOKENS, SCORED_PAGES = "read:pages", "read:tokens", "scored:pages"
"""How outcomes begin that stand beside the sums: see `schemas/ledger.py`."""
QUARANTINED = "quarantined"
"""The fault of a split whose file could not be read: its pages are missing until it is retried."""
Counts = Counter[tuple[str, str, str]]
"""Pages by (stage, input, outcome)."""
StageTimes = dict[tuple[str, str], float]
"""CPU seconds by (stage, input)."""


@dataclass(frozen=True)
class Receipt:
    """What one piece of work made. `files` and `faults` are rows of those tables."""

    work: str
    attempt: str
    files: Sequence[dict[str, Any]] = ()
    counts: Counts = field(default_factory=Counter)
    faults: Sequence[dict[str, Any]] = ()
    cpu_s: float = 0.0
    retries: int = 0
    stage_cpu_s: StageTimes = field(default_factory=dict)

    def to_row(self) -> dict[str, Any]:
        """As a row of the table `receipts`."""
        return {
            "work": self.work,
            "attempt": self.attempt,
            "files": list(self.files),
            "counts": count_rows(self.counts, self.stage_cpu_s),
            "faults": list(self.faults),
            "cpu_s": self.cpu_s,
            "retries": self.retries,
        }

    @staticmethod
    def from_row(row: dict[str, Any]) -> Receipt:
        """From a row of the table `receipts`."""
        counts = {(c["stage"], c["input"], c["outcome"]): c["pages"] for c in row["counts"]}
        timed = [c for c in row["counts"] if c["cpu_s"] is not None]
        times = {(c["stage"], c["input"]): c["cpu_s"] for c in timed}
        return Receipt(**{**row, "counts": Counter(counts), "stage_cpu_s": times})


def count_rows(counts: Counts, times: StageTimes) -> list[dict[str, Any]]:
    """As rows of the table `ledger`."""
    return [
        {
            "stage": stage,
            "input": source,
            "outcome": outcome,
            "pages": pages,
            "cpu_s": times.get((stage, source)) if outcome == IN else None,
        }
        for (stage, source, outcome), pages in sorted(counts.items())
    ]


def add_stage(
    counts: Counts, stage: str, source: str, pages: int, reasons: Iterable[str | None]
) -> None:
    """Counts `pages` that entered a stage, and what became of each: a reason, or None: kept."""
    counts[stage, source, IN] += pages
    for reason in reasons:
        counts[stage, source, reason or KEPT] += 1


def add_beside(
    counts: Counts, stage: str, source: str, prefix: str, names: Iterable[pa.Scalar]
) -> None:
    """Counts each of `names` once beside the sums, as `prefix` and the name."""
    for name in names:
        counts[stage, source, f"{prefix}{name}"] += 1


def commit(folder: str, receipt: Receipt) -> bool:
    """Puts the receipt; False when another attempt was first, whose receipt then counts."""
    RECEIPT.batch([receipt.to_row()])  # raises for a row that is not of the table
    uri = _uri(folder, receipt.work)
    return storage(uri).put_if_absent(uri, json.dumps(receipt.to_row(), indent=1).encode())


def read(folder: str, work: str) -> Receipt:
    """The receipt that counts for `work`."""
    uri = _uri(folder, work)
    return Receipt.from_row(json.loads(storage(uri).read(uri)))


def is_done(folder: str, work: str) -> bool:
    """Whether `work` has a receipt by now."""
    uri = _uri(folder, work)
    return storage(uri).find(uri) is not None


def take_back(folder: str, works: Iterable[str]) -> None:
    """Deletes the receipts for `works`, so that they are done again."""
    storage(folder).delete([_uri(folder, work) for work in works])


def done(folder: str) -> set[str]:
    """The names of all work that has a receipt."""
    files = storage(folder).walk(join(folder, RECEIPT.name))
    return {f.uri.rsplit("/", 1)[1].removesuffix(".json") for f in files}


def read_many(folder: str, works: Sequence[str]) -> pa.RecordBatch:
    """The receipts for `works` as rows of the table `receipts`."""
    with ThreadPoolExecutor(_READERS) as pool:
        return RECEIPT.batch(receipt.to_row() for receipt in pool.map(partial(read, folder), works))


def files(receipts: pa.Table, table: Table | None = None) -> pa.Table:
    """What the receipts say was written (of one table): manifest rows, with their `work`."""
    found = _rows(receipts, "files")
    return found if table is None else found.filter(pc.equal(found["table"], table.name))


def faults(receipts: pa.Table) -> pa.Table:
    """The damage that the receipts tell of, with their `work`."""
    return _rows(receipts, "faults")


def quarantined(receipts: pa.Table) -> pa.Table:
    """The faults that put a split into quarantine, with its `work`."""
    found = faults(receipts)
    return found.filter(pc.equal(found["fault"], QUARANTINED))


def counts(receipts: pa.Table) -> Counts:
    """The counts of all receipts together."""
    keys = ["stage", "input", "outcome"]
    summed = _rows(receipts, "counts").group_by(keys).aggregate([("pages", "sum")])
    return Counter(
        {tuple(row[key] for key in keys): row["pages_sum"] for row in summed.to_pylist()}
    )


def stage_times(receipts: pa.Table) -> StageTimes:
    """The CPU seconds that all receipts tell of, by stage and input."""
    timed = _rows(receipts, "counts")
    timed = timed.filter(pc.is_valid(timed["cpu_s"]))
    summed = timed.group_by(["stage", "input"]).aggregate([("cpu_s", "sum")]).to_pylist()
    return {(row["stage"], row["input"]): round(row["cpu_s_sum"], 3) for row in summed}


def _rows(receipts: pa.Table, column: str) -> pa.Table:
    lists = pa.concat_arrays(receipts.column(column).chunks or [pa.array([], _type(column))])
    rows = pa.Table.from_struct_array(lists.flatten())
    return rows.append_column("work", receipts.column("work").take(pc.list_parent_indices(lists)))


def _type(column: str) -> pa.DataType:
    return RECEIPT.arrow.field(column).type


def _uri(folder: str, work: str) -> str:
    return join(folder, RECEIPT.name, f"{work}.json")
