"""What semantic deduplication costs: CPU seconds per page of its steps, and what they find.

Usage: `OMP_NUM_THREADS=1 python -m benchmarks.semantic [--pages N] [--dimensions N]`

In: nothing; vectors are made: pages around topics, a tenth of them a planted copy of another, less
similar than that by some noise. Out: CPU seconds of finding centres, of assigning all pages to
them, and of judging each cluster, in this process without Spark; and the share of planted copies
that go. Reading and moving the vectors is not in it, nor the encoder, which makes them.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints
from curation.semantic.cluster import judge_cluster
from curation.semantic.config import SemanticConfig
from curation.semantic.cut import clusters_of
from curation.semantic.kmeans import find_centres
from curation.semantic.pages import PAGE
from curation.semantic.vectors import Bytes, nearest

_TOPICS, _SPREAD = 500, 0.8  # about as far from each other as pages of the web by MiniLM
_COPIES, _NOISE = 0.1, 0.2  # a cosine of .98
_AT_ONCE = 50_000


def main() -> None:
    """Prints the costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=200_000)
    parser.add_argument("--dimensions", type=int, default=384)
    options = parser.parse_args()
    config = SemanticConfig()
    vectors, copies = make_vectors(options.pages, options.dimensions)
    started = time.process_time()
    drawn = vectors[: config.sample]
    centres = find_centres(drawn, clusters_of(len(vectors), len(drawn), config), config.iterations)
    started = _tell(f"{len(centres)} centres", started, options.pages)
    clusters = nearest(vectors, centres)
    started = _tell("assigning", started, options.pages)
    gone = _judge(vectors, clusters, config)
    _tell("judging", started, options.pages)
    sizes = np.bincount(clusters)
    print(f"the largest cluster has {sizes.max():,} pages, the middle one {np.median(sizes):,.0f}")
    found = np.isin(copies, gone).mean()
    print(f"{len(gone):,} pages go; of {len(copies):,} planted copies {found:.1%}")


def make_vectors(pages: int, dimensions: int) -> tuple[Bytes, Ints]:
    """The vectors, and the rows of those that are planted copies."""
    dice = np.random.default_rng(1)
    topics = dice.standard_normal((_TOPICS, dimensions), np.float32)
    popular = dice.zipf(1.5, pages) % _TOPICS
    made = topics[popular]
    made += _SPREAD * dice.standard_normal(made.shape, np.float32)
    last = pages - int(pages * _COPIES)
    copies, originals = np.arange(last, pages), dice.integers(0, last, pages - last)
    for start in range(0, len(copies), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        noise = dice.standard_normal((len(copies[some]), dimensions), np.float32)
        made[copies[some]] = made[originals[some]] + _NOISE * noise
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    return np.rint(127 * made / lengths).astype(np.int8), copies


def _judge(vectors: Bytes, clusters: Ints, config: SemanticConfig) -> Ints:
    gone: list[npt.NDArray[np.int64]] = []
    for cluster in np.unique(clusters):
        rows = np.flatnonzero(clusters == cluster)
        judged = judge_cluster(_pages(vectors[rows], rows), config)
        gone.append(judged.gone["position"].to_numpy())
    return np.concatenate(gone)


def _pages(vectors: Bytes, rows: Ints) -> pa.Table:
    """Better ones first."""
    columns = {
        "position": rows,
        "doc_id": [f"{row:032x}" for row in rows.tolist()],
        "input": ["crawl"] * len(rows),
        "curated": np.zeros(len(rows), bool),
        "merit": np.zeros(len(rows), np.float32),
        "draw": rows,
        "embedding": [vector.tobytes() for vector in vectors],
    }
    return pa.table(columns, schema=PAGE)


def _tell(what: str, started: float, pages: int) -> float:
    took = time.process_time() - started
    print(f"{what}: {took:.1f} CPU s, {pages / took:,.0f} pages/s", flush=True)
    return time.process_time()


if __name__ == "__main__":
    main()
