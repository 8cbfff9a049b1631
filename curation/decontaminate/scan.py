"""Scans: the tokens of texts in, rows of `matches/` out; and the lines in which matches lie.

A document is listed with the texts of items that are found in it, those with most words first, up
to a hundred; how many more there are each row says.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes, Ints
from curation.decontaminate.build import Lookup
from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.index import load_index
from curation.decontaminate.runs_kernel import count_words, find_runs
from curation.decontaminate.scan_kernel import (
    Hits,
    Mask,
    Places,
    Scratch,
    find_hits,
    group_hits,
    mark_lines,
    place_words,
)
from curation.dedup.minhash import blocks, placeholders
from curation.kernels import compile_once
from curation.tokens.tokenise import Tokens
from schemas.match import MATCH

MOST_LISTED = 100
"""Texts of items per document."""
Floats = npt.NDArray[np.float64]
_CONTINUES, _HIGH_BITS = np.uint8(0x80), np.uint8(0xC0)


class Matches(NamedTuple):
    """What is found in row `row`: a row of `texts` for each text of the index, as `MATCH` has it.

    Those of which too little is found are not there. `lines` are those of the row that hold some
    run of theirs, of all its lines.
    """

    row: int
    texts: pa.RecordBatch
    lines: Mask


class Scanner:
    """Takes the tokens of a batch of documents, some rows at a time and in order."""

    def __init__(self, config: DecontaminateConfig) -> None:
        _compile()
        self._config, self._index = config, load_index(config)
        self._scratch: Scratch | None = None
        self.matches: list[Matches] = []

    def add(self, rows: slice, tokens: Tokens) -> None:
        """The tokens of these rows."""
        hits = find_hits(tokens, placeholders(), self._index.lookup)
        for row in np.flatnonzero(np.diff(hits.rows)).tolist():
            if found := self._match(tokens, hits, row):
                self.matches.append(found._replace(row=rows.start + row))

    def found(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of `MATCH` of a batch whose texts were added, which has `lines_hash` or not."""
        if not self.matches:
            return MATCH.batch([])
        rows = np.repeat(
            [of.row for of in self.matches], [of.texts.num_rows for of in self.matches]
        )
        texts = pa.Table.from_batches([of.texts for of in self.matches]).combine_chunks()
        of_page = [
            n for n in ("position", "doc_id", "input", "lines_hash") if n in batch.schema.names
        ]
        columns = {name: batch.column(name).take(pa.array(rows)) for name in of_page}
        columns |= {name: texts[name].chunk(0) for name in texts.schema.names}
        return MATCH.conform(pa.RecordBatch.from_pydict(columns))

    def _match(self, tokens: Tokens, hits: Hits, row: int) -> Matches | None:
        lookup = self._index.lookup
        if self._scratch is None:  # most batches have none, and it is as large as the index
            runs, texts = len(lookup.hashes), len(self._index.n_runs)
            self._scratch = Scratch(np.zeros(runs, np.int64), np.zeros(texts, np.int64))
        found = group_hits(hits, row, lookup, self._scratch)
        shares = found[:, 1] / self._index.n_runs[found[:, 0]]
        enough = shares >= self._config.min_share
        if not enough.any():
            return None
        found, shares = found[enough], shares[enough]
        goes = np.zeros(len(self._index.n_runs), bool)
        goes[found[:, 0]] = True
        text = tokens.data[tokens.offsets[row] : tokens.offsets[row + 1]]
        places = place_words(tokens, row, placeholders())
        lines = np.zeros(1 + np.count_nonzero(text == ord("\n")), bool)
        mark_lines(hits, row, lookup, goes, places, lines)
        order = np.lexsort((found[:, 0], found[:, 3], -found[:, 2]))[:MOST_LISTED]
        told = self._tell(found[order], shares[order], text, places)
        more = pa.array(np.full(len(order), len(found) - len(order), np.int32))
        return Matches(row, told.append_column("n_more", more), lines)

    def _tell(self, found: Ints, shares: Floats, text: Bytes, places: Places) -> pa.RecordBatch:
        texts, first, last = pa.array(found[:, 0]), found[:, 3], found[:, 4] - 1
        characters_before = np.concatenate([[0], np.cumsum(text & _HIGH_BITS != _CONTINUES)])
        numbers = {
            "n_words": found[:, 2],
            "first_word": first,
            "last_word": last,
            "start": characters_before[places.starts[first]],
            "end": characters_before[places.ends[last]],
            "first_line": places.lines[first],
            "last_line": places.lines[last],
        }
        index = self._index
        columns = {
            "benchmark": index.benchmark.take(texts),
            "item": index.item.take(texts),
            "column": index.column.take(texts),
            "share": pa.array(shares.astype(np.float32)),
            **{name: pa.array(of.astype(np.int32)) for name, of in numbers.items()},
        }
        return pa.RecordBatch.from_pydict(columns)


def scan(texts: pa.StringArray, config: DecontaminateConfig) -> list[Matches]:
    """What is found in each of the texts that have something."""
    scanner = Scanner(config)
    for rows, tokens in blocks(texts):
        scanner.add(rows, tokens)
    return scanner.matches


@cache
def _compile() -> None:
    """Before the first texts of a process."""
    compile_once("decontaminate", lambda: _call_kernels(pa.array(["Every kernel, once.", ""])))


def _call_kernels(texts: pa.StringArray) -> None:
    for _, tokens in blocks(texts):
        lengths = np.minimum(count_words(tokens, placeholders()), 2)
        runs = find_runs(tokens, placeholders(), lengths, 2)
        one = np.ones(len(runs.hashes), np.int64)
        order = np.argsort(runs.hashes)
        lookup = Lookup(
            np.array([2]),
            ~np.zeros(1, np.uint64),
            runs.hashes[order],
            2 * one,
            np.arange(len(one) + 1),
            np.zeros(len(one), np.int64),
        )
        lookup = Lookup(*(_unwritable(values) for values in lookup))
        hits = find_hits(tokens, placeholders(), lookup)
        group_hits(hits, 0, lookup, Scratch(one * 0, one * 0))
        places = place_words(tokens, 0, placeholders())
        mark_lines(hits, 0, lookup, np.ones(1, bool), places, np.zeros(1, bool))


def _unwritable(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As what is mapped from a file is: kernels are compiled for one of the two."""
    values.flags.writeable = False
    return values
