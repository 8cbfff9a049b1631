"""Texts of a split in, their tokens out, as one Arrow table; needs no torch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.encoder.tokenise import Tokeniser
from classifiers.encoder.tokens import Tokens
from curation.encoder.work import read_texts
from curation.parts import Parts

_PIECES = pa.list_(pa.list_(pa.int32()))
TOKENISED = pa.schema(
    [
        ("position", pa.int64()),
        ("doc_id", pa.string()),
        ("language", pa.string()),
        ("lines_hash", pa.int64()),
        ("pieces", _PIECES),
    ]
)
"""A row per document: its pieces, each a list of tokens. One without pieces broke the tokeniser."""


def tokenise(
    parts: Parts, share: float, languages: frozenset[str] | None, tokeniser: Tokeniser
) -> pa.Table:
    """The documents of the only part that are to be read, in order of `position`."""
    read = read_texts(parts, share, languages)
    found = [_tokenised(batch, tokeniser) for batch in read]
    return pa.Table.from_batches(found, TOKENISED).sort_by("position").combine_chunks()


def _tokenised(batch: pa.RecordBatch, tokeniser: Tokeniser) -> pa.RecordBatch:
    tokens = tokeniser.tokens(batch.column("text").to_pylist())
    pieces = _lists(_lists(pa.array(tokens.ids), tokens.lengths), _counts(tokens))
    columns = {name: batch.column(name) for name in TOKENISED.names if name != "pieces"}
    return pa.RecordBatch.from_pydict({**columns, "pieces": pieces}, TOKENISED)


def _counts(tokens: Tokens) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(tokens.page, minlength=tokens.pages)


def _lists(values: pa.Array, lengths: np.ndarray[tuple[int], np.dtype[np.generic]]) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def tokens_of(tokenised: pa.Table) -> Tokens:
    """What an encoder reads, of rows of `TOKENISED`."""
    of_pages = pa.concat_arrays([*tokenised["pieces"].chunks, pa.array([], _PIECES)])
    pieces = of_pages.flatten()
    return Tokens(
        pieces.flatten().to_numpy(),
        pc.list_value_length(pieces).to_numpy(),
        pc.list_parent_indices(of_pages).to_numpy().astype(np.int32),
        len(of_pages),
    )
