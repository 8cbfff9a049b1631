"""How many documents have which score: keys in; counts by domain, language and score out.

A score counts in one of `BINS` steps; `STAYS` is the step of documents that no threshold drops:
those without a score, and those of curated inputs. Only sums move, so neither parts nor order
matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.domains.config import DomainsConfig
from curation.domains.keys import OF_DOMAINS, domains_of
from curation.parts import Parts
from curation.spark_tables import map_each
from schemas.keys import KEYS

BINS, STAYS = 1 << 16, -1
ROUNDING = 1e-12
"""By which a share of pages may be missed, lest a rounding error take one step more."""
READ = ("curated", *OF_DOMAINS)
"""The columns of keys that tell, beside a score, whether and among which others it is judged."""
_COUNTED = "domain string, language string, bin int, pages long, bytes long"
_BY = ["domain", "language", "bin"]


def count_scores(
    spark: SparkSession, parts: Broadcast[Parts], domains: DomainsConfig, score: str = "quality"
) -> DataFrame:
    """`domain`, `language`, `bin`, `pages` and `bytes` of text, of the documents that are in."""
    count = partial(_count, parts=parts, domains=domains, score=score)
    counted = map_each(spark, len(parts.value), count, _COUNTED)
    return counted.groupBy(*_BY).agg(F.sum("pages").alias("pages"), F.sum("bytes").alias("bytes"))


def judged_scores(keys: pa.RecordBatch, score: str = "quality") -> pa.FloatArray:
    """The score of each page; null for one that no threshold drops."""
    return pc.if_else(keys.column("curated"), None, keys.column(score))


def bins(scores: pa.FloatArray) -> npt.NDArray[np.int32]:
    """The step of each score, 0..1; step b begins at b / BINS, which float32 holds exactly."""
    known = scores.fill_null(0).to_numpy()
    return np.minimum(known * np.float32(BINS), BINS - 1).astype(np.int32)


def _count(
    part: int, *, parts: Broadcast[Parts], domains: DomainsConfig, score: str
) -> Iterator[pa.RecordBatch]:
    for batch in parts.value.kept(part, KEYS, (score, *READ, "text_bytes")):
        judged = judged_scores(batch, score)
        columns = {
            "domain": domains_of(batch, domains),
            "language": batch.column("language"),
            "bin": pa.array(np.where(judged.is_null(), STAYS, bins(judged))),
            "bytes": batch.column("text_bytes"),
        }
        counted = pa.table(columns).group_by(_BY).aggregate([([], "count_all"), ("bytes", "sum")])
        names = {"count_all": "pages", "bytes_sum": "bytes"}
        yield from counted.rename_columns(names).select([*_BY, "pages", "bytes"]).to_batches()
