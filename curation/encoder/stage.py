"""The stage `encoder`: keys and scores in; verdicts on documents by what an encoder said, out.

Documents that could not be tokenised go, then those whose score is under the recipe's limits, as in
`quality`; then, where the recipe says so, those that mean the same as better ones. What the encoder
has not read stays.
"""

from __future__ import annotations

from pyspark.sql import SparkSession

from curation.domains.config import DomainsConfig
from curation.encoder.config import EncoderConfig
from curation.parts import Parts
from curation.quality.stage import Judge, judge_quality
from curation.receipts import Receipt
from schemas.drop_reason import DropReason

ENCODER = Judge(
    stage="encoder",
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
    return judge_quality(spark, parts, config.quality, domains, ENCODER)
