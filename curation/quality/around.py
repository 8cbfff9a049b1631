"""Pages around a threshold: which a step more or less would keep or drop; keys in, texts out.

Parts offer their nearest pages, so what the driver gets does not grow with the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from curation.quality.counts import READ
from curation.rows_at import rows_at
from curation.spark_tables import map_each
from schemas.document import DOCUMENT
from schemas.keys import KEYS

_OFFERED = "position long, doc_id string, quality float, stays boolean, distance double"
_NEAREST = [("distance", "ascending"), ("doc_id", "ascending")]
_TOLD = ("url", "title", "text", "language")


def pages_around(
    spark: SparkSession,
    parts: Broadcast[Parts],
    domains: DomainsConfig,
    domain: str,
    thresholds: Mapping[str, float],
    pages: int,
) -> list[dict[str, Any]]:
    """So many pages at most that just stay, then as many that just go, best first.

    `thresholds` are those of a domain, by language. Each row has `quality`, `stays`, `url`,
    `title`, `text` and `language`.
    """
    offer = partial(
        _offer, parts=parts, domains=domains, domain=domain, thresholds=thresholds, pages=pages
    )
    offered = map_each(spark, len(parts.value), offer, _OFFERED).toArrow()
    chosen = pa.concat_tables(_nearest(offered, stays, pages) for stays in (True, False))
    wanted = np.sort(chosen["position"].to_numpy())
    texts = {
        row["position"]: row
        for batch in rows_at(parts.value, DOCUMENT, wanted, _TOLD)
        for row in batch.to_pylist()
    }
    ordered = chosen.sort_by([("stays", "descending"), ("quality", "descending"), *_NEAREST])
    return [{**row, **texts[row["position"]]} for row in ordered.to_pylist()]


def _offer(
    part: int,
    *,
    parts: Broadcast[Parts],
    domains: DomainsConfig,
    domain: str,
    thresholds: Mapping[str, float],
    pages: int,
) -> Iterator[pa.RecordBatch]:
    for batch in parts.value.kept(part, KEYS, ("position", "doc_id", *READ)):
        limits = [thresholds.get(name or "") for name in batch.column("language").to_pylist()]
        rows = pa.table(
            {
                **{name: batch.column(name) for name in ("position", "doc_id", "quality")},
                "limit": pa.array(limits, pa.float64()),
                "domain": domains_of(batch, domains),
                "curated": batch.column("curated"),
            }
        )
        rows = rows.filter(pc.and_(pc.equal(rows["domain"], domain), pc.invert(rows["curated"])))
        rows = rows.filter(pc.and_(rows["limit"].is_valid(), rows["quality"].is_valid()))
        above = pc.subtract(rows["quality"].cast(pa.float64()), rows["limit"])
        rows = rows.select(["position", "doc_id", "quality"])
        rows = rows.append_column("stays", pc.greater_equal(above, 0))
        rows = rows.append_column("distance", pc.abs(above))
        for stays in (True, False):
            yield from _nearest(rows, stays, pages).to_batches()


def _nearest(rows: pa.Table, stays: bool, pages: int) -> pa.Table:
    return rows.filter(pc.equal(rows["stays"], stays)).sort_by(_NEAREST)[:pages]
