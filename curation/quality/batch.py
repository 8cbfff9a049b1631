"""The batch function of the stage `scores`: texts and languages in, scores and topics out.

No page is dropped. A score is null where its model is not named in the recipe, or does not know
the page's language or any of its words.
"""

from __future__ import annotations

import pyarrow as pa

from classifiers.model import Texts
from curation.quality.columns import best_labels, floats
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
        if name == "topics":
            columns["topic"], columns["topic_score"] = best_labels(model.labels, found)
        else:
            columns[_COLUMN[name]] = floats(found[:, 0])
    return with_columns(batch, columns)


def _languages(batch: pa.RecordBatch) -> pa.StringArray:
    if "language" in batch.schema.names:
        return batch.column("language")
    return pa.nulls(batch.num_rows, pa.string())
