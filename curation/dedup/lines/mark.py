"""Marking: the lines of a part that occur too often in, verdicts on its documents out.

A document that loses lines gets a verdict, which has a bit per line; where too few words are left,
or none, it goes as a whole. Blank lines, and others that are not compared, stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast

from curation.arrow_text import Hashes, Ints
from curation.dedup.groups import first_of_each
from curation.dedup.lines.audit import candidates
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.count import KEY_COLUMNS, Lines, lines_of, unpack
from curation.dedup.minhash import binaries
from curation.exchange import gather
from curation.left import count_dropped
from curation.parts import Parts
from curation.receipts import CUT_LINES, SHORTENED, Counts, Receipt
from schemas.drop_reason import DropReason
from schemas.keys import KEYS, OF_LINES
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT

RULE = "frequent_lines"
"""How the ledger calls what is done here."""
Mask = npt.NDArray[np.bool_]
_OF_PAGE = ("position", "doc_id", "input")
_COLUMNS = (*_OF_PAGE, *KEY_COLUMNS, "cheap_quality", *(column.name for column in OF_LINES))


class Marked(NamedTuple):
    """The rows of `keys/` whose documents lose lines, as verdicts, and the lines that go."""

    verdicts: pa.RecordBatch
    removed: pa.RecordBatch


def mark(
    batches: Iterator[pa.RecordBatch],
    *,
    parts: Broadcast[Parts],
    config: LinesConfig,
    buckets: int,
    allowed: Broadcast[Hashes],
) -> Iterator[pa.RecordBatch]:
    """Writes the verdicts of a part, and what of it may be in `line_audit/`; gives a receipt."""
    frequent = gather(batches)
    if frequent is None:
        return
    frequent = frequent.take(np.argsort(frequent["key"].to_numpy())).combine_chunks()
    part = frequent["part"][0].as_py()
    kept = parts.value.kept(part, KEYS, _COLUMNS)
    every = [mark_rows(keys, frequent, allowed.value, config, buckets) for keys in kept]
    verdicts = pa.Table.from_batches([marked.verdicts for marked in every])
    removed = pa.Table.from_batches([marked.removed for marked in every])
    tables = {VERDICT: verdicts, **candidates(removed, config.audit_lines)}
    files = [file for of in tables.items() for file in parts.value.write(part, *of)]
    yield RECEIPT.batch([Receipt(f"part-{part}", "lines", files, _counts(verdicts)).to_row()])


def mark_rows(
    keys: pa.RecordBatch, frequent: pa.Table, allowed: Hashes, config: LinesConfig, buckets: int
) -> Marked:
    """Of some rows of `keys/`; `frequent` is sorted by its column `key`."""
    lines = lines_of(keys, buckets)
    at = np.searchsorted(frequent["key"].to_numpy(), lines.keys)
    at = np.minimum(at, frequent.num_rows - 1)
    goes = (frequent["key"].to_numpy()[at] == lines.keys) & (lines.hashes != 0)
    goes[goes] = ~np.isin(lines.hashes[goes], allowed)
    if config.keep == "first":
        first = frequent["first"].to_numpy()[at] == keys.column("order_key").to_numpy()[lines.rows]
        goes[_first_in_row(lines, np.flatnonzero(goes & first))] = False
    return Marked(
        _verdicts(keys, lines, goes, config.min_words),
        _removed(keys, lines, np.flatnonzero(goes), frequent.take(at[goes])),
    )


def _first_in_row(lines: Lines, some: Ints) -> Ints:
    """Of these lines those whose key no line before them in their row has."""
    order = some[np.lexsort((some, lines.keys[some], lines.rows[some]))]
    return order[first_of_each(lines.rows[order], lines.keys[order])]


def _verdicts(
    keys: pa.RecordBatch, lines: Lines, goes: Mask, min_words: int | None
) -> pa.RecordBatch:
    number = keys.num_rows
    rows = np.unique(lines.rows[goes])
    sizes, words = (unpack(keys.column(column.name), kind)[0] for column, kind in _MEASURED)
    left = np.bincount(lines.rows, ~goes, number).astype(np.int64)
    bytes_left = np.bincount(lines.rows, sizes * ~goes, number).astype(np.int64)
    words_left = np.bincount(lines.rows, words * ~goes, number).astype(np.int64)[rows]
    short = words_left < (min_words or 1)  # without any word there is no text
    told = {name: keys.column(name).take(pa.array(rows)) for name in _OF_PAGE} | {
        "drop_reason": pc.if_else(
            pa.array(short), pa.scalar(str(DropReason.LEFT_TOO_SHORT)), pa.scalar(None, pa.string())
        ),
        "dropped_lines": _bitmaps(lines, goes, rows),
        "text_bytes": pa.array((bytes_left + np.maximum(left - 1, 0))[rows]),
        "n_words_left": pa.array(words_left.astype(np.int32)),
    }
    return VERDICT.conform(pa.RecordBatch.from_pydict(told))


_MEASURED = tuple(zip(OF_LINES[1:], ("<u4", "<u2"), strict=True))


def _bitmaps(lines: Lines, goes: Mask, rows: Ints) -> pa.BinaryArray:
    """A bit per line of each of `rows`, the lowest first."""
    lengths = (np.bincount(lines.rows)[rows] + 7) // 8
    starts = np.cumsum(lengths) - lengths
    numbers = lines.numbers[goes]
    at = starts[np.searchsorted(rows, lines.rows[goes])] + numbers // 8
    bits = np.zeros(lengths.sum(), np.uint8)
    np.bitwise_or.at(bits, at, (1 << numbers % 8).astype(np.uint8))
    return binaries(bits, lengths)


def _removed(keys: pa.RecordBatch, lines: Lines, gone: Ints, of: pa.Table) -> pa.RecordBatch:
    """A row for each line that goes; `of` is what is known of their keys."""
    rows = pa.array(lines.rows[gone])
    pages = ("language", "cheap_quality", "order_key", "position")
    return pa.RecordBatch.from_pydict(
        {
            "key": pa.array(lines.keys[gone].view(np.int64)),
            **{name: of[name].combine_chunks() for name in ("count", "documents")},
            **{name: keys.column(name).take(rows) for name in pages},
            "line": pa.array(lines.numbers[gone].astype(np.int32)),
        }
    )


def _counts(verdicts: pa.Table) -> Counts:
    """The pages that stay without some lines, and these lines, of each input."""
    counts, stay = Counts(), verdicts.filter(verdicts["drop_reason"].is_null()).combine_chunks()
    lost: Any = count_dropped(stay["dropped_lines"].combine_chunks())
    for source, lines in zip(stay["input"].to_pylist(), lost.tolist(), strict=True):
        counts["dedup", source, SHORTENED + RULE] += 1
        counts["dedup", source, CUT_LINES + RULE] += lines
    return counts
