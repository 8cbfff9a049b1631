"""Batches of pages for the tests of the stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from curation.heuristics.batch import filter_batch
from curation.heuristics.config import HeuristicsConfig, Limits, ProseRules, RoutingConfig

PROSE = (
    "The water of the river comes down with the spring and fills the old mill pond.",
    "Nobody knows who built the wheel that still turns there, slow and green with moss.",
    "In summer children swim below it, and in winter the miller's daughter breaks the ice.",
    "My grandfather told me that flour from this place once went to three towns.",
    "He carried sacks as a boy, for two coins a week and all the bread he wanted.",
    "Later a railway was built, and carts no longer stopped at our door.",
)
UNROUTED = RoutingConfig(min_code_ratio=None, min_mathematics_ratio=None)


def batch_of(
    texts: Sequence[str | None],
    *,
    language: str | Sequence[str] = "en",
    line_kinds: Sequence[str | None] | None = None,
) -> pa.RecordBatch:
    """Pages as the stage before leaves them."""
    number = len(texts)
    languages = [language] * number if isinstance(language, str) else list(language)
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": pa.array([f"{i:032x}" for i in range(number)], pa.string()),
            "position": pa.array(range(number), pa.int64()),
            "text": pa.array(texts, pa.string()),
            "line_kinds": pa.array(line_kinds or [None] * number, pa.string()),
            "language": pa.array(languages, pa.string()),
            "drop_reason": pa.nulls(number, pa.string()),
            "detail": pa.nulls(number, pa.string()),
        }
    )


def only(pages: Limits | None = None, lines: Limits | None = None) -> HeuristicsConfig:
    """Rules for every page, of no preset."""
    rules = ProseRules(presets=(), pages=pages or {}, lines=lines or {})
    return HeuristicsConfig(routing=UNROUTED, prose=rules)


def judged(text: str, config: HeuristicsConfig, **page: Any) -> dict[str, Any]:
    """One page after the stage."""
    kinds = [page.pop("kinds", None)]
    (row,) = filter_batch(batch_of([text], line_kinds=kinds, **page), config=config).to_pylist()
    found: dict[str, Any] = row
    return found
