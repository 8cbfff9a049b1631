"""`keys/`: one narrow row per page, kept or rejected: all that deduplication and hosts read."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import UTC_TIME, Column, Table
from schemas.document import IDENTITY, ROUTE, SCORES

OF_HOSTS = (
    Column("n_pii", pa.int32(), "as in documents/; null where the stage was not reached"),
    Column("pii_ratio", pa.float32(), "as in documents/"),
    Column("dirty_words_ratio", pa.float32(), "as in documents/"),
    Column("toxicity", pa.float32(), "as in documents/"),
)
OF_LINES = (
    Column("line_hashes", pa.binary(), "per line of text a uint64, little-endian; 0: not compared"),
    Column("line_bytes", pa.binary(), "per line its length in UTF-8, a uint32, without line break"),
    Column("line_words", pa.binary(), "per line its words, a uint16; 65535: so many or more"),
)
"""Of documents: null where nothing is known, as in rejects."""
KEYS = Table(
    "keys",
    (
        *IDENTITY,
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("drop_reason", pa.string(), "null: the page is in documents/"),
        Column("language", pa.string(), "as in documents/"),
        Column("host", pa.string(), "full host name"),
        Column("site", pa.string(), "registrable domain"),
        Column("is_version", pa.bool_(), "false for a fetch that failed technically", False),
        Column("url_hash", pa.int64(), "64-bit hash of url_key, as signed"),
        Column("fetched_at", UTC_TIME, "WARC-Date"),
        Column("curated", pa.bool_(), "from an input with a fixed domain", False),
        Column("row_hash", pa.int64(), "64-bit hash of what shards would hold, as signed", False),
        Column("text_bytes", pa.int64(), "length of the text in UTF-8"),
        Column("tokens", pa.int32(), "of the text, by the recipe's tokenizer; null: not counted"),
        Column("text_hash", pa.int64(), "64-bit hash of the normalised text, as signed"),
        Column("signature", pa.binary(), "MinHash: a uint32, little-endian, per permutation"),
        Column("cheap_quality", pa.float32(), "0..1, of measures of the heuristics"),
        Column("domain", pa.string(), "fixed by the recipe for a curated input, else null"),
        ROUTE,
        *SCORES,
        *OF_HOSTS,
        *OF_LINES,
    ),
)
