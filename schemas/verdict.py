"""`verdicts/`: documents that a stage after the split pass dropped, why, and for whom.

A row without `drop_reason` is of a document that stays, less some lines. Files are named
`FIRST-LAST-...` after the splits whose documents they judge, and sorted by `position`, so that
whoever reads the documents of a split finds its verdicts without the others. A document has one
row at most that drops it, one that shortens it for lines that are frequent, and one for lines that
hold items of benchmarks, which has the lines of the other too.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

LEFT = (
    Column("dropped_lines", pa.binary(), "a bit per line of the text, the lowest first: it goes"),
    Column("text_bytes", pa.int64(), "length in UTF-8 of the text without these lines"),
    Column("n_words_left", pa.int32(), "words in it"),
)
"""What is left of a document that loses lines; null where it loses none."""
VERDICT = Table(
    "verdicts",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("drop_reason", pa.string(), "why it goes; null: it stays, without some lines"),
        Column("keeper", pa.string(), "doc_id of the page it gave way to, itself kept or not"),
        Column("keeper_run", pa.string(), "id of the earlier run that has it; null: this one"),
        Column("similarity", pa.float32(), "Jaccard, as verified, or cosine of a semantic one"),
        Column("detail", pa.string(), "of a host: '12 of 20 pages, a share of 0.35 at least'"),
        Column("lines_reason", pa.string(), "of lines that go: contaminated; null: frequent"),
        *LEFT,
    ),
)
