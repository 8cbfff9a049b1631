"""What rules of their own are worth to pages of code and mathematics."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

from curation.heuristics.batch import filter_batch
from curation.heuristics.config import HeuristicsConfig, RoutingConfig

Row = dict[str, Any]
_UNROUTED = HeuristicsConfig(routing=RoutingConfig(min_code_ratio=None, min_mathematics_ratio=None))
_BATCH = 128


def won(texts: pa.Table) -> list[Row]:
    """Per kind of page and route: how many pages the rules for prose keep, and how many its own."""
    routed, unrouted = _decide(texts, HeuristicsConfig()), _decide(texts, _UNROUTED)
    pages: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str, str]] = Counter()
    for kind, (route, reason), (_, by_prose) in zip(
        texts["kind"].to_pylist(), routed, unrouted, strict=True
    ):
        if route == "prose":
            continue
        group = (kind or "?", route)
        pages[group] += 1
        kept[*group, "own"] += reason is None
        kept[*group, "prose"] += by_prose is None
    return [
        {
            "kind of page": kind,
            "route": route,
            "pages": number,
            "kept by prose rules": kept[kind, route, "prose"],
            "kept by its own": kept[kind, route, "own"],
        }
        for (kind, route), number in sorted(pages.items())
    ]


def _decide(texts: pa.Table, config: HeuristicsConfig) -> list[tuple[str, str | None]]:
    columns = texts.select(["doc_id", "text", "line_kinds", "language"])
    for name in ("drop_reason", "detail"):
        columns = columns.append_column(name, pa.nulls(columns.num_rows, pa.string()))
    found: list[tuple[str, str | None]] = []
    for batch in columns.to_batches(max_chunksize=_BATCH):
        done = filter_batch(batch, config=config)
        found += zip(*(done.column(n).to_pylist() for n in ("route", "drop_reason")), strict=True)
    return found
