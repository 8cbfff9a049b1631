"""The batch function of the stage `scores`: texts and languages in, scores and topics out.

No page is dropped. A score is null where its model is not named in the recipe, or does not know
the page's language or any of its words.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from classifiers.model import Model, Scores, Texts
from curation.quality.config import ScoresConfig
from curation.quality.models import load_model
from schemas.arrow import with_columns

_COLUMN = {"quality": "quality", "code": "code_score", "math": "math_score"}
"""Of each model with one label."""


def score_batch(batch: pa.RecordBatch, *, config: ScoresConfig) -> pa.RecordBatch:
    """`batch`, which has `text`, with those of the columns `schemas.document.SCORES` appended.

    Without a column `language`, only models that are for any language score.
    """
    texts, languages = Texts(batch.column("text")), _languages(batch)
    columns: dict[str, pa.Array] = {}
    for name, of_recipe in config.named():
        model = load_model(of_recipe)
        found = model.probabilities(texts, languages)
        columns |= _topics(model, found) if name == "topics" else _score(_COLUMN[name], found[:, 0])
    return with_columns(batch, columns)


def _languages(batch: pa.RecordBatch) -> pa.StringArray:
    if "language" in batch.schema.names:
        return batch.column("language")
    return pa.nulls(batch.num_rows, pa.string())


def _score(name: str, found: Scores) -> dict[str, pa.Array]:
    return {name: pa.array(found, mask=np.isnan(found))}


def _topics(model: Model, found: Scores) -> dict[str, pa.Array]:
    """The most probable label of each text, of equal ones the first."""
    unknown = np.isnan(found).any(axis=1)
    best = np.where(unknown, 0, np.nan_to_num(found).argmax(axis=1))
    labels = pa.array(model.labels, pa.string()).take(pa.array(best))
    labels = pa.array(np.where(unknown, None, labels.to_numpy(zero_copy_only=False)), pa.string())
    return {"topic": labels, **_score("topic_score", found[np.arange(len(found)), best])}
