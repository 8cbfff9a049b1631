"""`matches/`: what documents and benchmarks have in common: a row per document and text of an item.

Files of the split pass hold what is found in the texts of `documents/`, those of the stage
`decontaminate` (named `FIRST-LAST-...` after splits, as verdicts) what is found in what is left of
texts that lost lines: `lines_hash` says which it is. A row counts for a document that lacks just
these lines. Words are those of the shared tokenisation, without symbols and placeholders of
personal data; they, characters and lines count from 0 in the text that was read.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

_IN_STRETCH = "of the longest stretch of words in common"
MATCH = Table(
    "matches",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("lines_hash", pa.int64(), "of `dropped_lines` that it was read without; null: all"),
        Column("benchmark", pa.string(), "name in the recipe", False),
        Column("item", pa.string(), "its id, or the number of its row, from 0", False),
        Column("column", pa.string(), "which text of the item", False),
        Column("share", pa.float32(), "of the different runs of words of that text, 0..1", False),
        Column("n_words", pa.int32(), "words of the document that are in such runs", False),
        Column("first_word", pa.int32(), f"first {_IN_STRETCH}", False),
        Column("last_word", pa.int32(), f"last {_IN_STRETCH}", False),
        Column("start", pa.int32(), f"first character {_IN_STRETCH}", False),
        Column("end", pa.int32(), f"behind the last character {_IN_STRETCH}", False),
        Column("first_line", pa.int32(), f"first line {_IN_STRETCH}", False),
        Column("last_line", pa.int32(), f"last line {_IN_STRETCH}", False),
        Column("n_more", pa.int32(), "texts found in the document that are not listed", False),
    ),
)
