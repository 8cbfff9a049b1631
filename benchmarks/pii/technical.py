"""What is found in technical documentation, where hardly anything is personal.

In: a data folder with `warc/debdoc.warc.gz`, extracted once. Out: how often each type is found, and
every span with what stands around it in a TSV file to be read: nobody has said which are right.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.heuristics.texts import load_texts
from benchmarks.pii.engines import Find, Text
from curation.pii.kinds import Span

Row = dict[str, Any]
_CONTEXT = 40
_COLUMNS = ("page", "type", "score", "line", "before", "span", "after")


def load_technical(data: Path, output: Path, *, pages: int) -> list[Text]:
    """So many pages of Debian's manuals, evenly drawn."""
    texts = load_texts(data, output / "technical", warcs="debdoc")
    texts = texts.filter(texts["text"].is_valid())
    drawn = texts.take(np.unique(np.linspace(0, texts.num_rows - 1, pages).astype(int)))
    rows = drawn.select(["text", "language", "line_kinds"]).to_pylist()
    return [Text(**row) for row in rows]


def count(texts: Sequence[Text], find: Find, *, engine: str, listing: Path) -> list[Row]:
    """A row per type; `listing` is written."""
    found = find(texts)
    with listing.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(_COLUMNS)
        for page, (text, spans) in enumerate(zip(texts, found, strict=True)):
            table.writerows(_line(page, text, span) for span in spans)
    size = sum(len(text.text.encode()) for text in texts)
    counts = Counter(span.type for spans in found for span in spans)
    pages = Counter(kind for spans in found for kind in {span.type for span in spans})
    return [
        {
            "engine": engine,
            "type": str(kind),
            "pages": len(texts),
            "found": number,
            "pages with": pages[kind],
            "per 100 KB": number / size * 1e5,
        }
        for kind, number in counts.most_common()
    ]


def _line(page: int, text: Text, span: Span) -> tuple[str | int, ...]:
    """Control characters are escaped; `line` is the kind of the line that the span starts in."""
    at = text.text.count("\n", 0, span.start)
    kind = text.line_kinds[at] if text.line_kinds else ""
    before = text.text[max(span.start - _CONTEXT, 0) : span.start]
    after = text.text[span.end : span.end + _CONTEXT]
    parts = (repr(part)[1:-1] for part in (before, text.text[span.start : span.end], after))
    return page, str(span.type), f"{span.score:.2f}", kind, *parts
