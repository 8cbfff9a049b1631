"""Keys of lines: texts in, what their lines are compared by out, as columns of `keys/`.

Two lines are the same where their normal forms are: stripped, in lower case, decimal digits as `0`,
without punctuation, control characters and placeholders of personal data, a run of white space as
one blank, accents kept; that is 64 bits of hash. 0 stands for a line that is not compared: of code,
a table or mathematics, or one of which nothing is left. Where the kinds of lines are not known, no
line is compared of a text that is code or mathematics as a whole: by its input, or by its measures.

The form is that of CCNet (Wenzek et al. 2020), but for accents, which that leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Hashes, text_view
from curation.dedup.lines.characters import characters
from curation.dedup.lines.keys_kernel import LineKeys, find_line_keys
from curation.dedup.minhash import binaries
from curation.kernels import compile_once
from curation.tokens.tokenise import Tokens, tokenise
from schemas.keys import OF_LINES

_NOT_PROSE = ("code", "math")
"""Domains, and routes of the heuristics."""


class LineKeyer:
    """Takes the tokens of a batch of documents, some rows at a time and in order."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        _compile()
        has_kinds = "line_kinds" in batch.schema.names
        kinds = batch.column("line_kinds") if has_kinds else pa.nulls(batch.num_rows, pa.string())
        self._kinds, self._is_masked = text_view(kinds), _masked_rows(batch, kinds)
        self._found: list[LineKeys] = []

    def add(self, rows: slice, tokens: Tokens) -> None:
        """The tokens of these rows."""
        kind_rows = self._kinds.offsets[rows.start : rows.stop + 1]
        found = find_line_keys(tokens, self._kinds.data, kind_rows, characters())
        found.hashes[np.repeat(self._is_masked[rows], np.diff(found.rows))] = 0
        self._found.append(found)

    def found(self) -> dict[str, pa.Array]:
        """The columns of `schemas.keys.OF_LINES`."""
        lengths = np.concatenate([np.diff(keys.rows) for keys in self._found])
        values = zip(*((keys.hashes, keys.sizes, keys.words) for keys in self._found), strict=True)
        return {
            column.name: binaries(np.concatenate(of_blocks), lengths)
            for column, of_blocks in zip(OF_LINES, values, strict=True)
        }


def _masked_rows(batch: pa.RecordBatch, kinds: pa.StringArray) -> npt.NDArray[np.bool_]:
    masked = np.zeros(batch.num_rows, bool)
    for name in {"domain", "route"} & set(batch.schema.names):
        of_rows = pc.is_in(batch.column(name), pa.array(_NOT_PROSE, pa.string()))
        masked |= of_rows.to_numpy(zero_copy_only=False)
    return masked & kinds.is_null().to_numpy(zero_copy_only=False)


def line_hashes(lines: Iterable[str]) -> Hashes:
    """The different hashes of prose lines, sorted; of those that are compared."""
    _compile()
    texts = pa.array(lines, pa.string())
    keys = find_line_keys(
        tokenise(texts), text_view(texts).data[:0], np.zeros(len(texts) + 1, np.int64), characters()
    )
    found = np.unique(keys.hashes)
    return found[found != 0]


@cache
def _compile() -> None:
    """Before the first lines of a process."""
    compile_once("line_keys", lambda: _call_kernels(pa.array(["Every kernel, once."])))


def _call_kernels(texts: pa.StringArray) -> None:
    kinds = text_view(pa.array(["p"]))
    find_line_keys(tokenise(texts), kinds.data, kinds.offsets, characters())
