"""`documents/`: the pages that passed every rule of the split pass. Immutable.

One file per split (more where it holds much text), rows ordered by (`order_key`, `doc_id`): the
order of the shards, so that whoever writes a shard reads one contiguous stretch of each file.
Whether a document is still in is told by `verdicts/`, never by this table.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import UTC_TIME, Column, Table

IDENTITY = (
    Column("doc_id", pa.string(), "128-bit hash of the record's own identity, hex", False),
    Column("position", pa.int64(), "split and row; joins tables of one run only", False),
    Column("order_key", pa.int64(), "seeded hash of doc_id: the order of the shards", False),
)
PROVENANCE = (
    Column("input", pa.string(), "name of the recipe's input", False),
    Column("file", pa.string(), "URI of the file that held the record", False),
    Column("offset", pa.int64(), "byte at which its gzip member, record, line or row group starts"),
    Column("record_id", pa.string(), "WARC-Record-ID, or the row's own id"),
    Column("domain", pa.string(), "fixed by the recipe for a curated input, else null"),
)
PAGE = (
    Column("url", pa.string(), "as crawled"),
    Column("url_key", pa.string(), "canonical form for deduplication"),
    Column("host", pa.string(), "full host name"),
    Column("site", pa.string(), "registrable domain, private suffixes such as github.io included"),
    Column("fetched_at", UTC_TIME, "WARC-Date"),
    Column("title", pa.string(), "the page's title"),
    Column("text", pa.string(), "UTF-8, lines separated by \\n only; NFC outside code"),
    Column("line_kinds", pa.string(), "a letter of LineKind per line of text; null: all prose"),
    Column("language", pa.string(), "lid.176 label; und below the recipe's confidence"),
    Column("language_score", pa.float32(), "the label's probability, 0..1"),
)
MEASURES = (
    Column("n_words", pa.int32(), "words"),
    Column("mean_word_length", pa.float64(), "characters per word"),
    Column("hash_ratio", pa.float64(), "'#' per word"),
    Column("ellipsis_ratio", pa.float64(), "ellipses per word"),
    Column("bullet_lines_ratio", pa.float64(), "share of lines that start with a bullet"),
    Column("ellipsis_lines_ratio", pa.float64(), "share of lines that end in an ellipsis"),
    Column("alphabetic_words_ratio", pa.float64(), "share of words with a letter"),
    Column("n_stop_words", pa.int32(), "distinct stop words; null for a language without a list"),
)

DOCUMENT = Table("documents", IDENTITY + PROVENANCE + PAGE + MEASURES, row_group_rows=256)
