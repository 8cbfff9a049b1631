"""Semantic deduplication: scores and keys in; verdicts on pages that mean what a better one does.

Documents that are still in and have a vector (`schemas/score.py`) fall into clusters of like ones
(k-means). In each cluster, best first, a page stays unless it is at least as similar as the
threshold to one that stayed before it. Pages without a vector stay, and so do those of curated
inputs, which come first. No text is read. The order of pages, parts and partitions changes nothing.

Source: Abbas, Tirumala, Simig, Ganguli, Morcos, "SemDeDup: Data-efficient learning at web-scale
through semantic deduplication", 2023.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.parts import Parts
from curation.semantic.config import SemanticConfig

Scores = Callable[[int, Sequence[str]], pa.Table]
"""Of a part, `position` and these columns of `scores/`, by position; to be sent to tasks.

`partial(_scores, parts=..., files=...)`, say, around `Parts.rows_on`.
"""


@dataclass(frozen=True)
class SemanticDuplicates:
    """Rows of the manifest, of `verdicts/`; how many pages of each input they drop.

    `beside` counts what the ledger has beside its sums, of all inputs together.
    """

    files: list[dict[str, Any]]
    gone: Counter[str]
    beside: Counter[str]


def find_semantic_duplicates(
    spark: SparkSession,
    parts: Broadcast[Parts],
    scores: Scores,
    config: SemanticConfig,
    *,
    seed: int,
) -> SemanticDuplicates:
    """Writes the verdicts on duplicates among the documents that `parts` say are in.

    So verdicts of the stage that were found before must be among `parts.value.verdicts`.
    """
    raise NotImplementedError
