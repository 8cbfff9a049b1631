"""Rows of a table in an SQL dump: pieces of bytes in, batches of columns out.

Which columns there are, and in which order, is read from the dump's own CREATE TABLE (or from an
INSERT that names them): MediaWiki has changed its tables more than once. What is held is one piece
and the row that goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Bytes, Ints, join_spans
from curation.errors import UserError
from curation.wikipedia.dump import LONGEST_BYTES, Dump
from curation.wikipedia.sql_kernel import BROKEN, ENDED, ESCAPED, NULL, scan_rows

Pick = Callable[[Sequence[str]], Sequence[str]]
_INSERT = re.compile(rb"INSERT (?:IGNORE )?INTO `?\w+`?\s*(?:\(([^()]*)\)\s*)?VALUES\s*")
_COLUMN = re.compile(rb"\s+`(\w+)` ")
_COLUMNS_END = re.compile(rb"\s*\)")
_ESCAPE = re.compile(rb"\\(.)|''", re.DOTALL)
_MEANT = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}


def read_rows(dump: Dump, pick: Pick) -> Iterator[pa.RecordBatch]:
    """The columns that `pick` chooses of the table's, as strings; null for NULL.

    Raises `UserError` where the dump is clipped or is no SQL.
    """
    held, reader = b"", _Reader(dump, pick)
    for piece in dump.pieces():
        held += piece
        at = yield from reader.read(held)
        held = held[at:]
        if len(held) > LONGEST_BYTES:
            raise dump.broken(f"no dump of SQL: {LONGEST_BYTES >> 20} MiB without the end of a row")
    reader.line(held)
    if reader.inside:
        raise dump.broken("clipped: it ends inside an INSERT statement")
    if reader.open:
        raise dump.broken("clipped: it has no last line '-- Dump completed'")
    if not reader.columns:
        raise dump.broken("no whole dump of SQL: it has no CREATE TABLE")


class _Reader:
    """Where in a dump reading is: `inside` the rows of an INSERT, or between statements.

    `open` is whether a last line must come, as the first one promises.
    """

    def __init__(self, dump: Dump, pick: Pick) -> None:
        self._dump, self._pick = dump, pick
        self._order: list[str] = []
        self.columns: list[str] = []
        self.inside, self._complete, self.open = False, False, False

    def read(self, held: bytes) -> Generator[pa.RecordBatch, None, int]:
        """The whole rows of what is held; returns how much of it is done with."""
        at = 0
        while True:
            if self.inside:
                batch, at, why = self._rows(held, at)
                if batch.num_rows:
                    yield batch
                self.inside = why != ENDED
                if self.inside:
                    return at
            elif found := _INSERT.match(held, at):
                named = re.findall(rb"\w+", found[1] or b"")
                self._order = [name.decode() for name in named] or self.columns
                at, self.inside = found.end(), True
            elif (end := held.find(b"\n", at)) < 0:
                return at
            else:
                self.line(held[at:end])
                at = end + 1

    def line(self, line: bytes) -> None:
        """A line between rows; those of CREATE TABLE name the columns."""
        if line.startswith(b"INSERT"):
            raise self._dump.broken(f"no whole dump of SQL: {line[:60].decode('utf-8', 'replace')}")
        if line.startswith((b"-- MySQL dump", b"-- MariaDB dump")):
            self.open = True
        elif line.startswith(b"-- Dump completed"):
            self.open = False
        elif line.startswith(b"CREATE TABLE"):
            self.columns, self._complete = [], False
        elif _COLUMNS_END.match(line):
            self._complete = True
        elif not self._complete and (column := _COLUMN.match(line)):
            self.columns.append(column[1].decode())

    def _rows(self, held: bytes, at: int) -> tuple[pa.RecordBatch, int, int]:
        wanted = self._pick(self._order)
        places = np.array([wanted.index(c) if c in wanted else -1 for c in self._order], np.int64)
        if not len(places):
            raise self._dump.broken("no whole dump of SQL: rows come before CREATE TABLE")
        most = (len(held) - at) // (2 * len(places)) + 1
        spans = np.empty((2, most, len(wanted)), np.int64)
        kinds = np.empty((most, len(wanted)), np.uint8)
        data = np.frombuffer(held, np.uint8)
        rows, at, why = scan_rows(data, at, places, spans, kinds)
        if why == BROKEN:
            seen = held[at : at + 60].decode("utf-8", "replace")
            raise self._dump.broken(f"damaged: no row of {len(places)} values: {seen!r}")
        found = {
            name: _values(data, spans[:, :rows, i], kinds[:rows, i])
            for i, name in enumerate(wanted)
        }
        return pa.RecordBatch.from_pydict(found), at, why


def _values(data: Bytes, spans: Ints, kinds: Bytes) -> pa.StringArray:
    starts, ends = (np.ascontiguousarray(side) for side in spans)
    values = join_spans(data, starts, ends, np.arange(len(kinds) + 1)).cast(pa.binary())
    if len(escaped := np.flatnonzero(kinds == ESCAPED)):
        meant = [_unescape(value) for value in values.take(pa.array(escaped)).to_pylist()]
        values = pc.replace_with_mask(values, pa.array(kinds == ESCAPED), pa.array(meant))
    return as_text(pc.if_else(pa.array(kinds == NULL), None, values))


def _unescape(value: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]) if found[1] else b"'", value)


def as_text(values: pa.BinaryArray) -> pa.StringArray:
    """Bytes as UTF-8; a value that is none has U+FFFD in place of what is broken."""
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        texts = (value and value.decode("utf-8", "replace") for value in values.to_pylist())
        return pa.array(texts, pa.string())


def columns_of(dump: Dump, *wanted: Sequence[str]) -> Pick:
    """Picks the first of the sets of names of which the table has all.

    What is picked raises `UserError` where it has none.
    """

    def pick(names: Sequence[str]) -> Sequence[str]:
        for some in wanted:
            if set(some) <= set(names):
                return some
        raise _no_columns(dump, wanted[-1], names)

    return pick


def _no_columns(dump: Dump, wanted: Sequence[str], names: Sequence[str]) -> UserError:
    expected, has = ", ".join(wanted), ", ".join(names) or "none"
    return dump.broken(f"of another version: expected the columns {expected} (it has {has})")
