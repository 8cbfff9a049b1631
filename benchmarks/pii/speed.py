"""How fast finders are on one core, in CPU time, on the same texts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.pii.datatrove import Datatrove
from benchmarks.pii.engines import OURS, Find, Text

Row = dict[str, Any]
_ROUNDS = 3
_SLOW_BYTES = 500_000
"""The slow peer is given evenly drawn texts of about so many bytes."""


def compare(
    sets: Mapping[str, Sequence[Text]], finders: Mapping[str, Find], datatrove: Datatrove | None
) -> list[Row]:
    """A row for each set, with KB per CPU second."""
    rows = []
    for name, texts in sets.items():
        row: Row = {"set": name, "texts": len(texts), "KB": round(_size(texts) / 1000)}
        for engine, find in finders.items():
            drawn = texts if engine == OURS else _draw(texts)
            row[engine] = round(_size(drawn) / _best(find, drawn) / 1000)
        if datatrove is not None:
            row["datatrove"] = round(_size(texts) / datatrove.speed(texts) / 1000)
        rows.append(row)
    return rows


def _best(find: Find, texts: Sequence[Text]) -> float:
    """CPU seconds of the fastest round; what is loaded once is loaded before."""
    find(texts[:1])
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        find(texts)
        rounds.append(time.process_time() - started)
    return min(rounds)


def _draw(texts: Sequence[Text]) -> Sequence[Text]:
    return texts[:: max(_size(texts) // _SLOW_BYTES, 1)]


def _size(texts: Sequence[Text]) -> int:
    return sum(len(text.text.encode()) for text in texts)
