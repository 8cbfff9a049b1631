"""Language identification: `text` in, `language` and `language_score` out; no page is dropped.

Source: fastText lid.176 (Joulin et al. 2016), as in the Llama 3.1 report, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from classifiers.fasttext_model import lid176

UNDETERMINED = "und"


@dataclass(frozen=True, kw_only=True)
class LanguageConfig:
    """Below `min_score` a page's language counts as undetermined."""

    min_score: Annotated[float, Field(ge=0, le=1)] = 0.5


def identify_batch(batch: pa.RecordBatch, *, config: LanguageConfig) -> pa.RecordBatch:
    """Appends `language` (lid.176 label, or `und`) and `language_score`, 0..1."""
    labels, scores = lid176().best(batch.column("text"))
    sure = pc.fill_null(pc.greater_equal(scores, pa.scalar(config.min_score, pa.float32())), False)
    language = pc.if_else(sure, labels, UNDETERMINED)
    return batch.append_column("language", language).append_column("language_score", scores)
