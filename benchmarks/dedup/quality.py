"""What an engine finds of the pairs whose similarity is known, and whether it removes too much.

A pair is found when one of it is removed at least. A removal is right when a document that stays
is as similar as the threshold; in the truth only the other one of a pair can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from benchmarks.dedup.runs import Measured

Row = dict[str, Any]
THRESHOLD = 0.75
_BANDS, _ROWS = 14, 8
_SIGMAS = 1.96


def recalls(runs: Sequence[Measured], pairs: Path) -> list[Row]:
    """A row for each similarity: the theory of bands, then a column for each engine."""
    truth = pq.read_table(pairs).to_pylist()
    rows = []
    for similarity in sorted({pair["jaccard"] for pair in truth}):
        of_it = [pair for pair in truth if pair["jaccard"] == similarity]
        row: Row = {
            "Jaccard": f"{similarity:.2f}",
            "pairs": len(of_it),
            "theory": 1 - (1 - similarity**_ROWS) ** _BANDS,
        }
        for run in runs:
            found = sum(not (pair["a"] in run.kept and pair["b"] in run.kept) for pair in of_it)
            low, high = interval(found, len(of_it))
            row[run.engine] = f"{found / len(of_it):.3f} ({low:.3f}-{high:.3f})"
        rows.append(row)
    return rows


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's, for a share at 95 %."""
    share, spread = hits / trials, _SIGMAS**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    reach = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def precisions(runs: Sequence[Measured], corpus: Path, pairs: Path) -> list[Row]:
    """A row for each engine."""
    documents = set(ds.dataset(corpus).to_table(["id"])["id"].to_pylist())
    alike: dict[str, tuple[str, float]] = {}
    for pair in pq.read_table(pairs).to_pylist():
        alike[pair["a"]] = pair["b"], pair["jaccard"]
        alike[pair["b"]] = pair["a"], pair["jaccard"]
    rows = []
    for run in runs:
        removed = documents - run.kept
        right = [one for one in removed if _is_right(alike.get(one), run.kept)]
        low, high = interval(len(right), max(len(removed), 1))
        rows.append(
            {
                "engine": run.engine,
                "removed": len(removed),
                "right": len(right),
                "precision": len(right) / max(len(removed), 1),
                "95 % interval": f"{low:.3f}-{high:.3f}",
                "of no pair": len(removed - alike.keys()),
            }
        )
    return rows


def _is_right(other: tuple[str, float] | None, kept: frozenset[str]) -> bool:
    return other is not None and other[0] in kept and other[1] >= THRESHOLD
