"""`mix/`: a row per part of the mix: what was wanted of it, what there is, and what is drawn.

`composition/`: what is drawn, by part of the mix, domain, language and input.
`left_out/`: the documents that are still in, and not drawn. Named and sorted as verdicts are.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

MIX = Table(
    "mix",
    (
        Column("part", pa.string(), "a domain, or an input with a share of its own", False),
        Column("share", pa.float64(), "of all tokens, as the recipe wants it", False),
        Column("wanted_tokens", pa.int64(), "this share of the budget", False),
        Column("available_tokens", pa.int64(), "that can be drawn, repeats counted", False),
        Column("missing_tokens", pa.int64(), "wanted, and not there", False),
        Column("missing_at_first", pa.int64(), "the same, before any take-down", False),
        Column("nearest_tokens", pa.int64(), "in the nearest mix of as many tokens", False),
        Column("most_tokens", pa.int64(), "of all parts together, in the wanted shares", False),
        Column("drawn_tokens", pa.int64(), "that are drawn", False),
        Column("available_pages", pa.int64(), "that can be drawn", False),
        Column("pages", pa.int64(), "that are drawn, each counted once", False),
        Column("rows", pa.int64(), "that are drawn, repeats counted", False),
        Column("draw_key", pa.float64(), "of the last row that is drawn: none behind it is"),
        Column("doc_id", pa.string(), "of that row"),
        Column("epoch", pa.int16(), "of that row"),
        Column(
            "skipped", pa.list_(pa.string()), "rows before it that were too long: doc_id, epoch"
        ),
    ),
)
COMPOSITION = Table(
    "composition",
    (
        Column("part", pa.string(), "of the mix", False),
        Column("domain", pa.string(), "general, math, code or multilingual", False),
        Column("language", pa.string(), "of the page; und where it is not known", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("pages", pa.int64(), "that are drawn, each counted once", False),
        Column("rows", pa.int64(), "repeats counted", False),
        Column("tokens", pa.int64(), "of these rows", False),
    ),
)
LEFT_OUT = Table(
    "left_out",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("part", pa.string(), "of the mix", False),
        Column("tokens", pa.int32(), "of its text", False),
        Column("draw_key", pa.float64(), "over that of the mix; null: it may never be drawn"),
    ),
)
