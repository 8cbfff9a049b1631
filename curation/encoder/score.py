"""Tokens of documents in, rows of `scores/` out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers.encoder.model import EncoderModel
from curation.encoder.config import EncoderConfig
from curation.encoder.tokenise import tokens_of
from curation.quality.columns import best_labels, floats
from schemas.score import SCORE

_COLUMN = {"quality": "encoder_quality", "code": "encoder_code", "math": "encoder_math"}
"""Of each head with one label."""
_TOPICS = "topics"
_EMBEDDED = 127


def score(tokenised: pa.Table, model: EncoderModel, config: EncoderConfig) -> pa.Table:
    """A row of `SCORE` for each row of `TOKENISED`; what no head tells is null."""
    languages = tokenised["language"].to_pylist()
    found = model.score(
        tokens_of(tokenised),
        languages,
        long_pages=config.long_pages,
        vectors=config.semantic is not None,
    )
    columns: dict[str, pa.Array] = {
        **{name: tokenised[name] for name in ("position", "doc_id", "lines_hash")},
        "n_tokens": pa.array(found.tokens),
        **{
            column: floats(found.heads[head][:, 0])
            for head, column in _COLUMN.items()
            if head in found.heads
        },
    }
    if _TOPICS in found.heads:
        topics = best_labels(model.labels(_TOPICS), found.heads[_TOPICS])
        columns["encoder_topic"], columns["encoder_topic_score"] = topics
    if found.vectors is not None:
        columns["embedding"] = _embeddings(found.vectors, found.tokens > 0)
    rows = tokenised.num_rows
    made = [columns.get(field.name, pa.nulls(rows, field.type)) for field in SCORE.arrow]
    return pa.table(made, names=SCORE.arrow.names).cast(SCORE.arrow)


def _embeddings(vectors: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> pa.BinaryArray:
    rounded = np.rint(_EMBEDDED * vectors).astype(np.int8)
    rows = [
        row.tobytes() if is_known else None for row, is_known in zip(rounded, known, strict=True)
    ]
    return pa.array(rows, pa.binary())
