"""What is left of documents that lose lines: texts and bitmaps in, texts without the lines out.

A bitmap has a bit per line, the lowest of the first byte first; a line whose bit is set goes, with
one line break. Null is a document that keeps all. Lines that are blank are lines like others.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints, TextView, join_spans, text_view
from curation.kernels import compile_once
from curation.left_kernel import spans_left
from schemas.arrow import with_columns
from schemas.verdict import LEFT

_OF_VERDICTS = [column.name for column in LEFT]
_LINES_READ = "lines_read"
CHANGED = frozenset({"text", "line_kinds", *_OF_VERDICTS})
"""The columns of documents and keys that `leave` makes or changes."""
LENGTHS = ("text_bytes", "n_dropped_lines")
"""What `add_lengths` tells of documents."""


def last_lines(shortened: pa.Table) -> pa.Table:
    """Of verdicts that shorten documents those that say what is left in the end, by position.

    The later one of a document has the lines of the earlier one too, and so fewer bytes left. What
    `lines_read` tells comes to the columns.
    """
    order = [("position", "ascending"), ("text_bytes", "descending")]
    rows = shortened.sort_by(order).combine_chunks()
    positions = rows["position"].to_numpy()
    first, last = (np.ones(len(positions), bool) for _ in range(2))
    first[1:] = last[:-1] = positions[1:] != positions[:-1]
    nothing = pa.scalar(None, pa.binary())
    read = pc.if_else(rows["lines_reason"].is_null(), rows["dropped_lines"], nothing)
    ends = rows.filter(pa.array(last))
    return ends.append_column(_LINES_READ, read.filter(pa.array(first))).combine_chunks()


def lines_read(batch: pa.RecordBatch, left: pa.Table) -> pa.BinaryArray:
    """The lines that had gone of each document when an encoder was to read it; null for none.

    What holds items of benchmarks goes after that. `left` is of `last_lines`.
    """
    at = pc.index_in(batch.column("position"), value_set=left["position"].combine_chunks())
    return left[_LINES_READ].combine_chunks().take(at)


def leave(batch: pa.RecordBatch, left: pa.Table) -> pa.RecordBatch:
    """Documents or keys, with what is left of them by the verdicts `left`, sorted by position.

    `text` and `line_kinds` lose lines, `text_bytes` and `n_words_left` are those of the verdicts;
    other measures stay those of the whole text. `dropped_lines` comes to the columns.
    """
    at = pc.index_in(batch.column("position"), value_set=left["position"].combine_chunks())
    found = {name: left[name].combine_chunks().take(at) for name in _OF_VERDICTS}
    dropped = found.pop("dropped_lines")
    new = {"dropped_lines": dropped}
    if dropped.null_count == len(dropped):
        return with_columns(batch, new)
    if "text" in batch.schema.names:
        new["text"] = drop_lines(batch.column("text"), dropped)
    if "line_kinds" in batch.schema.names:
        new["line_kinds"] = drop_letters(batch.column("line_kinds"), dropped)
    for name in found.keys() & set(batch.schema.names):
        new[name] = pc.coalesce(found[name], batch.column(name))
    return with_columns(batch, new)


def add_lengths(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Documents that `leave` made, with `text_bytes` and `n_dropped_lines`."""
    sizes = pc.binary_length(batch.column("text")).cast(pa.int64())
    lost = pa.array(count_dropped(batch.column("dropped_lines")), pa.int32())
    return with_columns(batch, {"text_bytes": sizes, "n_dropped_lines": lost})


def count_dropped(bitmaps: pa.BinaryArray) -> Ints:
    """How many lines each bitmap drops."""
    view = _view(bitmaps)
    bits = np.concatenate([[0], np.cumsum(np.bitwise_count(view.data), dtype=np.int64)])
    counts: Ints = bits[view.offsets[1:]] - bits[view.offsets[:-1]]
    return counts


def drop_lines(texts: pa.StringArray, dropped: pa.BinaryArray) -> pa.StringArray:
    """Texts without the lines that go."""
    return _edit(texts, dropped, by_letter=False)


def drop_letters(line_kinds: pa.StringArray, dropped: pa.BinaryArray) -> pa.StringArray:
    """Strings of a letter per line, in step with `drop_lines`; null stays null."""
    return _edit(line_kinds, dropped, by_letter=True)


def _edit(values: pa.StringArray, dropped: pa.BinaryArray, *, by_letter: bool) -> pa.StringArray:
    _compile()
    edited = pc.and_(values.is_valid(), dropped.is_valid())
    texts, bitmaps = text_view(values.filter(edited)), _view(dropped.filter(edited))
    left = spans_left(texts.data, texts.offsets, bitmaps.data, bitmaps.offsets, by_letter)
    return pc.replace_with_mask(values, edited, join_spans(texts.data, *left))


def _view(bitmaps: pa.BinaryArray) -> TextView:
    """The bytes of bitmaps as those of texts, which they are not."""
    buffers, offset = bitmaps.buffers(), bitmaps.offset
    return text_view(pa.Array.from_buffers(pa.string(), len(bitmaps), buffers, offset=offset))


@cache
def _compile() -> None:
    """Before the first texts of a process."""
    compile_once("left", lambda: _call_kernels(pa.array(["One\nline."]), pa.array([b"\1"])))


def _call_kernels(texts: pa.StringArray, dropped: pa.BinaryArray) -> None:
    view, bitmaps = text_view(texts), _view(dropped)
    left = spans_left(view.data, view.offsets, bitmaps.data, bitmaps.offsets, False)
    join_spans(view.data, *left)
