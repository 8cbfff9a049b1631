"""What an engine finds of the pairs whose similarity is known, and whether it removes too much.

A pair is found when one of it is removed at least. A removal is right when a document that stays
is as similar as the threshold; in the truth only another one of its pair or chain can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from math import sqrt
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from benchmarks.dedup.runs import Measured
from curation.dedup.lsh import candidate_probability
from curation.dedup.minhash import MinHashParams

Row = dict[str, Any]
THRESHOLD = 0.75
_PARAMS = MinHashParams()
_SIGMAS = 1.96


def recalls(runs: Sequence[Measured], pairs: Path) -> list[Row]:
    """A row for each similarity: the theory of bands, then a column for each engine."""
    truth = [pair for pair in pq.read_table(pairs).to_pylist() if not pair["chained"]]
    rows = []
    for similarity in sorted({pair["jaccard"] for pair in truth}):
        of_it = [pair for pair in truth if pair["jaccard"] == similarity]
        row: Row = {
            "Jaccard": f"{similarity:.2f}",
            "pairs": len(of_it),
            "theory": candidate_probability(similarity, _PARAMS.bands, _PARAMS.rows),
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
    """A row for each engine, and one for its removals in chains."""
    documents = set(ds.dataset(corpus).to_table(["id"])["id"].to_pylist())
    truth = pq.read_table(pairs).to_pylist()
    alike = _alike(truth)
    chained = {pair[end] for pair in truth if pair["chained"] for end in ("a", "b")}
    places = {"anywhere": documents, "in chains": chained}
    return [
        _precision(run, place, among - run.kept, alike)
        for run in runs
        for place, among in places.items()
    ]


def _alike(truth: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Of each document those that are as similar as the threshold."""
    alike = defaultdict(list)
    for pair in truth:
        if pair["jaccard"] >= THRESHOLD:
            alike[pair["a"]].append(pair["b"])
            alike[pair["b"]].append(pair["a"])
    return alike


def _precision(
    run: Measured, place: str, removed: Set[str], alike: Mapping[str, Sequence[str]]
) -> Row:
    right = sum(not run.kept.isdisjoint(alike.get(one, ())) for one in removed)
    low, high = interval(right, len(removed)) if removed else (0.0, 1.0)
    return {
        "engine": run.engine,
        "removals": place,
        "removed": len(removed),
        "right": right,
        "precision": right / len(removed) if removed else None,
        "95 % interval": f"{low:.3f}-{high:.3f}",
    }
