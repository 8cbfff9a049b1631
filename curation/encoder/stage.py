"""The stage `encoder`: keys and scores in; verdicts on documents by what an encoder said, out.

Documents that could not be tokenised go, then those whose score is under the recipe's limits, as in
`quality`; then, where the recipe says so, those that mean the same as better ones. What the encoder
has not read stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.domains.config import DomainsConfig
from curation.encoder.config import EncoderConfig
from curation.ledger import ALL
from curation.parts import Parts
from curation.quality.stage import Judge, judge_quality
from curation.receipts import KEPT, Receipt
from curation.semantic.config import SemanticConfig
from curation.semantic.stage import find_semantic_duplicates
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.score import SCORE

STAGE = "encoder"
ENCODER = Judge(
    stage=STAGE,
    score="encoder_quality",
    reason=DropReason.LOW_ENCODER_QUALITY,
    unread=("n_tokens", DropReason.NOT_TOKENISED),
)


def judge_encoder(
    spark: SparkSession, parts: Parts, config: EncoderConfig, domains: DomainsConfig, *, seed: int
) -> Receipt:
    """Writes the verdicts; the receipt has their files, and pages in, kept and gone by input.

    `parts` have the verdicts of the stages before, and the scores.
    """
    judged = judge_quality(spark, parts, config.quality, domains, ENCODER)
    if config.semantic is None:
        return judged
    left = replace(parts, verdicts=[*parts.verdicts, *judged.files])
    return _without_duplicates(spark, judged, left, config.semantic, seed)


def _without_duplicates(
    spark: SparkSession, judged: Receipt, left: Parts, config: SemanticConfig, seed: int
) -> Receipt:
    """What was judged, and semantic duplicates among what that has `left`."""
    parts = spark.sparkContext.broadcast(left)
    found = find_semantic_duplicates(spark, parts, partial(_scores, parts=parts), config, seed=seed)
    counts = Counter(judged.counts)
    for source, pages in found.gone.items():
        counts[STAGE, source, KEPT] -= pages
        counts[STAGE, source, DropReason.SEMANTIC_DUPLICATE] += pages
    for outcome, number in found.beside.items():
        counts[STAGE, ALL, outcome] += number
    return replace(judged, files=[*judged.files, *found.files], counts=counts)


def _scores(part: int, columns: Sequence[str], *, parts: Broadcast[Parts]) -> pa.Table:
    """Those of its documents that are in, as their texts are now."""
    names = ["position", *columns]
    found = [SCORE.arrow.empty_table().select(names)]
    for batch in parts.value.kept(part, KEYS, names):
        found.append(pa.Table.from_batches([batch.select(names)]).cast(found[0].schema))
    return pa.concat_tables(found).sort_by("position")
