"""`shards/`: what trainers read. Nothing in it depends on how a run was cut up or where it ran."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from schemas.arrow import Column, Table
from schemas.document import DOCUMENT
from schemas.score import ENCODER_QUALITY

_SHIPPED = (
    *("doc_id", "url", "fetched_at", "domain", "language", "language_score", "title", "text"),
    *("quality", "topic", "topic_score"),
)

SHARD = Table(
    "shards",
    (
        *(
            replace(c, meaning="general, math, code or multilingual") if c.name == "domain" else c
            for c in DOCUMENT.columns
            if c.name in _SHIPPED
        ),
        replace(ENCODER_QUALITY, meaning="0..1, by the encoder; null where it told none"),
        Column(
            "tokens", pa.int32(), "of the text, by the run's tokenizer, or as it estimates", False
        ),
        Column("epoch", pa.int16(), "how often the page was there before: 0, 1, ...", False),
        Column("crawl", pa.string(), "name of the recipe's input", False),
    ),
    row_group_rows=1024,
)
