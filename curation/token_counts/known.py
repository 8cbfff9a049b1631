"""How many tokens documents have, as far as that is known: keys in, with `tokens` out.

Either nothing is counted and all are estimated; or the keys have counts of whole texts, and
`token_counts/` those of texts that lost lines, or of a tokenizer that was named later. What is not
counted yet is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.scored import rows_of
from curation.token_counts.config import TokensConfig
from curation.token_counts.estimate import estimate
from schemas.arrow import with_columns

NEEDED = ("position", "dropped_lines", "tokens", "text_bytes", "language", "route")
"""The columns of keys that tell it."""


@dataclass(frozen=True)
class TokenCounts:
    """Where counts are: in `files` of `schemas.token_count.TOKEN_COUNT` below `folder`.

    `in_keys`: keys have counts of whole texts by the same tokenizer.
    """

    folder: str
    files: Sequence[Mapping[str, Any]] = ()
    in_keys: bool = False


def counts_of(
    wanted: TokensConfig, of_run: TokensConfig, folder: str, files: Sequence[Mapping[str, Any]] = ()
) -> TokenCounts | None:
    """What is known of the tokens that a mix wants, of a run whose recipe says `of_run`.

    `files` are those that are counted already. None: all are estimated.
    """
    if wanted.tokenizer is None:
        return None
    return TokenCounts(folder, files, in_keys=wanted == of_run)


def add_tokens(
    batch: pa.RecordBatch, counted: pa.Table | None, counts: TokenCounts | None
) -> pa.RecordBatch:
    """Keys with the columns `NEEDED`, with `tokens` of their texts as these are left.

    `counted` are rows of the files of `counts`, by position; None, both: tokens are estimated.
    """
    if counted is None or counts is None:
        told = (batch.column(name) for name in ("language", "text_bytes", "route"))
        return with_columns(batch, {"tokens": estimate(*told)})
    tokens = (
        counted["tokens"]
        .combine_chunks()
        .take(rows_of(batch.column("position"), batch.column("dropped_lines"), counted))
    )
    if counts.in_keys:
        lost = pc.is_valid(batch.column("dropped_lines"))
        whole = pc.if_else(lost, pa.scalar(None, pa.int32()), batch.column("tokens"))
        tokens = pc.coalesce(tokens, whole)
    return with_columns(batch, {"tokens": tokens})
