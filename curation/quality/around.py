"""Pages around a threshold: which a step more or less would keep or drop; keys in, texts out.

Parts offer their nearest pages, so what the driver gets does not grow with the texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.domains.config import DomainsConfig
from curation.domains.keys import domains_of
from curation.parts import Parts
from curation.quality.counts import READ, judged_scores
from curation.rows_at import rows_at
from curation.spark_tables import map_each
from schemas.document import DOCUMENT
from schemas.keys import KEYS

_OFFERED = "position long, doc_id string, quality float, stays boolean, distance double"
_NEAREST = [("distance", "ascending"), ("doc_id", "ascending")]
_TOLD = ("url", "title", "text", "language")


@dataclass(frozen=True)
class Around:
    """So many `pages` on either side of the `thresholds` of a domain, which are by language."""

    domain: str
    thresholds: Mapping[str, float]
    pages: int


def pages_around(
    spark: SparkSession, parts: Broadcast[Parts], domains: DomainsConfig, around: Around
) -> list[dict[str, Any]]:
    """The pages that just stay, then those that just go, best first.

    Each has `quality`, `stays`, `url`, `title`, `text` and `language`.
    """
    offer = partial(_offer, parts=parts, domains=domains, around=around)
    offered = map_each(spark, len(parts.value), offer, _OFFERED).toArrow()
    chosen = pa.concat_tables(_nearest(offered, side, around.pages) for side in (True, False))
    wanted = np.sort(chosen["position"].to_numpy())
    texts = {
        row["position"]: row
        for batch in rows_at(parts.value, DOCUMENT, wanted, _TOLD)
        for row in batch.to_pylist()
    }
    ordered = chosen.sort_by([("stays", "descending"), ("quality", "descending"), *_NEAREST])
    return [{**row, **texts[row["position"]]} for row in ordered.to_pylist()]


def _offer(
    part: int, *, parts: Broadcast[Parts], domains: DomainsConfig, around: Around
) -> Iterator[pa.RecordBatch]:
    for batch in parts.value.kept(part, KEYS, ("position", "doc_id", "quality", *READ)):
        languages = batch.column("language").to_pylist()
        limits = [around.thresholds.get(name or "", math.nan) for name in languages]
        above = judged_scores(batch).to_numpy(zero_copy_only=False) - np.array(limits)
        columns = {
            **{name: batch.column(name) for name in ("position", "doc_id", "quality")},
            "stays": pa.array(above >= 0),
            "distance": pa.array(np.abs(above)),
        }
        of_domain = pc.fill_null(pc.equal(domains_of(batch, domains), around.domain), False)
        is_judged = pa.array(~np.isnan(above))
        rows = pa.table(columns).filter(pc.and_(of_domain, is_judged))
        for side in (True, False):
            yield from _nearest(rows, side, around.pages).to_batches()


def _nearest(rows: pa.Table, stays: bool, pages: int) -> pa.Table:
    of_side = rows.filter(pc.equal(rows["stays"], stays))
    return of_side.sort_by(_NEAREST)[:pages].combine_chunks()
