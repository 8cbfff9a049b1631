"""The stage `count`: documents that are in and not counted, in; `token_counts/` out.

Where a recipe names a tokenizer, the pass over the splits has counted every document. Those that
have lost lines since, or all of them where the tokenizer is another one, are read once more, of
`documents/` no row group but those that hold them, and counted as they are left.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Ints
from curation.left import leave
from curation.parts import Parts
from curation.rows_at import rows_at
from curation.scored import lines_hashes
from curation.spark_tables import map_each
from curation.tables import write_file
from curation.token_counts.config import TokensConfig
from curation.token_counts.open import load_tokenizer
from schemas.arrow import with_columns
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.manifest import MANIFEST
from schemas.token_count import TOKEN_COUNT


def count_tokens(
    spark: SparkSession, parts: Parts, config: TokensConfig
) -> Sequence[Mapping[str, Any]]:
    """Counts what `parts` cannot tell yet; returns the manifest rows of the files it wrote.

    They are written below the folder of `parts.counts`, in which they count when they are added to
    its files. With the estimate there is nothing to count.
    """
    if parts.counts is None or config.tokenizer is None:
        return []
    splits = sorted(parts.inputs)
    given = spark.sparkContext.broadcast(parts)
    count = partial(_count, splits=splits, parts=given, config=config)
    return [row.asDict() for row in map_each(spark, len(splits), count, MANIFEST.spark).collect()]


def _count(
    number: int, *, splits: Sequence[int], parts: Broadcast[Parts], config: TokensConfig
) -> Iterator[pa.RecordBatch]:
    if counts := parts.value.counts:
        split = splits[number]
        rows = pa.Table.from_batches(
            count_split(parts.value.only(split), config), TOKEN_COUNT.arrow
        )
        if rows.num_rows:
            name = f"{split:06d}-{split:06d}-{uuid.uuid4().hex}"
            file = write_file(counts.folder, name, TOKEN_COUNT, rows.sort_by("position"))
            yield MANIFEST.batch([file])


def count_split(parts: Parts, config: TokensConfig) -> Iterator[pa.RecordBatch]:
    """Rows of `token_counts/` for those of the only part whose count is not known."""
    wanted, left = _uncounted(parts), parts.left(0)
    for rows in rows_at(parts, DOCUMENT, wanted, ["doc_id", "text"]) if len(wanted) else ():
        batch = leave(rows, left)
        made = {
            "lines_hash": lines_hashes(batch.column("dropped_lines")),
            "tokens": load_tokenizer(config).count(batch.column("text")),
        }
        yield TOKEN_COUNT.conform(with_columns(batch, made))


def _uncounted(parts: Parts) -> Ints:
    """The positions of documents that are in and have no count, sorted."""
    found = [np.empty(0, np.int64)]
    for batch in parts.kept(0, KEYS, ["tokens"]):
        unknown = batch.column("tokens").is_null().to_numpy(zero_copy_only=False)
        found.append(batch.column("position").to_numpy()[unknown])
    return np.sort(np.concatenate(found))
