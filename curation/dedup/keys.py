"""Keys: pages in, with their text while it is hot, narrow rows of `keys/` out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.dedup.config import DedupConfig
from curation.dedup.lines.keys import LineKeyer
from curation.dedup.minhash import Fingerprinter, MinHashParams, blocks
from curation.ingest.urls import hash64
from curation.token_counts.config import TokensConfig
from curation.token_counts.open import load_tokenizer
from curation.tokens.tokenise import Tokens
from schemas.arrow import with_columns
from schemas.drop_reason import TECHNICAL
from schemas.keys import KEYS

_NOT_COUNTED = TokensConfig()


class TokenReader(Protocol):
    """Whatever else reads the tokens of a batch, once they are there."""

    def add(self, rows: slice, tokens: Tokens) -> None:
        """The tokens of these rows: some at a time, and in order."""


def keys_batch(
    batch: pa.RecordBatch,
    config: DedupConfig,
    tokens: TokensConfig = _NOT_COUNTED,
    readers: Sequence[TokenReader] = (),
) -> pa.RecordBatch:
    """One row of `KEYS` per row of `batch`, which is documents or rejects, all of one kind.

    Texts of rejects are compared with none, so they have neither hash nor signature; nor are their
    tokens counted. Words of documents go to `readers` too.
    """
    reasons = batch.column("drop_reason")
    technical = pc.is_in(reasons, pa.array(sorted(TECHNICAL), pa.string()))
    known = {
        "is_version": pc.invert(technical),
        "curated": pc.is_valid(batch.column("domain")),
        "row_hash": _row_hash(batch),
        "text_bytes": pc.binary_length(batch.column("text")).cast(pa.int64()),
        "cheap_quality": _cheap_quality(batch),
    }
    if reasons.null_count:
        known |= _of_texts(batch, config, readers)
        if tokens.tokenizer:
            known["tokens"] = load_tokenizer(tokens).count(batch.column("text"))
    return KEYS.conform(with_columns(batch, known))


def _of_texts(
    batch: pa.RecordBatch, config: DedupConfig, readers: Sequence[TokenReader]
) -> dict[str, pa.Array]:
    """What a text is compared by, as a whole and by lines, from one tokenisation."""
    fingerprinter = Fingerprinter(batch.num_rows, config.near or MinHashParams())
    lines = LineKeyer(batch) if config.lines else None
    for rows, tokens in blocks(batch.column("text")):
        fingerprinter.add(rows, tokens)
        for reader in (*([lines] if lines else []), *readers):
            reader.add(rows, tokens)
    texts, signatures = fingerprinter.found()
    found = {"text_hash": texts} | (lines.found() if lines else {})
    return found | ({"signature": signatures} if config.near else {})


def _row_hash(batch: pa.RecordBatch) -> pa.Array:
    """Equal for rows that would be equal in a shard: the other columns follow from these."""
    names = [name for name in ("url", "title", "text", "domain") if name in batch.schema.names]
    parts = [batch.column(name).fill_null("").to_pylist() for name in names]
    return pa.array([hash64("\0".join(row)) for row in zip(*parts, strict=True)], pa.int64())


_SHARES = ("alphabetic_words_ratio", "terminal_lines_ratio")
_LESS = ("duplicate_line_characters_ratio", "duplicate_5gram_ratio", "short_lines_ratio")


def _cheap_quality(batch: pa.RecordBatch) -> pa.Array:
    """The product of shares of what prose has: words, ends of sentences; no repeats, no menus.

    Null where the heuristics measured nothing.
    """
    if not {*_SHARES, *_LESS} <= set(batch.schema.names):
        return pa.nulls(batch.num_rows, pa.float32())
    good = [_numbers(batch, name) for name in _SHARES]
    bad = [1 - _numbers(batch, name) for name in _LESS]
    quality = np.clip(np.prod([*good, *bad], axis=0), 0, 1).astype(np.float32)
    return pa.array(quality, mask=np.isnan(quality))


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float64]:
    return batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
