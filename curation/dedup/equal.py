"""The first half of deduplication: newest versions of URLs, then equal texts.

Pages meet twice, by URL and by text, those of earlier runs too; who went the first time takes no
part in the second. Versions go first: were equal texts to go first, a page could give way to a copy
that is itself an older version of something, and its text would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Ints
from curation.dedup import verdicts
from curation.dedup.candidates import candidates, read_columns
from curation.dedup.config import DedupConfig
from curation.dedup.exact import find_exact_duplicates
from curation.dedup.found import with_found
from curation.dedup.order import rank_names
from curation.dedup.versions import find_older_versions
from curation.exchange import PACKED, Sent, exchange, gather, scatter, spread
from curation.parts import Parts, is_in
from curation.spark_tables import map_each
from schemas.keys import KEYS


def find_equal(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: DedupConfig,
    tasks: int,
) -> list[dict[str, Any]]:
    """Writes verdicts, returns manifest rows; `parts` are those of earlier runs too."""
    send = partial(_send, parts=parts, config=config, tasks=tasks)
    by_url = exchange(map_each(spark, len(parts.value), send, PACKED), tasks)
    versions = partial(_versions, config=config, tasks=tasks)
    by_text = exchange(by_url.mapInArrow(versions, PACKED), tasks)
    equal = by_text.mapInArrow(partial(_equal, config=config, parts=parts), PACKED)
    return verdicts.write(equal, parts)


def _send(
    part: int, *, parts: Broadcast[Parts], config: DedupConfig, tasks: int
) -> Iterator[pa.RecordBatch]:
    return scatter(_candidates(parts.value, part, config, tasks))


def _candidates(parts: Parts, part: int, config: DedupConfig, tasks: int) -> Iterator[Sent]:
    gone, earlier = parts.gone(part), part >= parts.own
    for keys in parts.read(part, KEYS, read_columns(config.keep)):
        # What its host, or an earlier run, has taken away is a version of its URL still.
        dropped = is_in(keys.column("position").to_numpy(), gone)
        rows = candidates(keys, config.keep, earlier=earlier)
        if len(gone) and dropped.any():
            kept = pc.and_not(rows.column("kept"), pa.array(dropped))
            rows = rows.set_column(rows.schema.get_field_index("kept"), "kept", kept)
        yield Sent(rows, _by_hash(rows.column("group"), tasks))


def _by_hash(hashes: Any, tasks: int) -> Ints:
    return spread(hashes.to_numpy().view(np.uint64), tasks)


def _versions(
    batches: Iterator[pa.RecordBatch], *, config: DedupConfig, tasks: int
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    ranks = rank_names(config.keep)
    older = find_older_versions(rows, config.over, ranks, old_wins=config.old_wins)
    rows = with_found(rows, older)
    rows = rows.filter(rows["kept"]).drop_columns(_OF_VERSIONS)
    yield from scatter([Sent(rows, _by_hash(rows["text_hash"], tasks))])


_OF_VERSIONS = [
    *("group", "has_url", "kept", "is_version", "fetched_at", "curated", "row_hash"),
]


def _equal(
    batches: Iterator[pa.RecordBatch], *, config: DedupConfig, parts: Broadcast[Parts]
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    if config.exact:
        ranks = rank_names(config.keep)
        rows = with_found(rows, find_exact_duplicates(rows, ranks, old_wins=config.old_wins))
    rows = rows.append_column("similarity", pa.nulls(rows.num_rows, pa.float32()))
    yield from scatter([verdicts.send(rows, parts.value)])
