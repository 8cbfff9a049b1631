"""Clusters that are too large: their vectors in, smaller clusters out, by k-means again.

Where that does not help, for one would have nearly all, as of vectors that hardly differ, they are
cut into stretches of the order of who is better.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from curation.arrow_text import Ints
from curation.semantic.config import SemanticConfig
from curation.semantic.kmeans import find_centres
from curation.semantic.vectors import Bytes, nearest
from curation.tables import cuts_of

_PROGRESS = 0.9  # of a cluster's vectors may be in its largest piece


def cut(vectors: Bytes, draws: Ints, config: SemanticConfig) -> Iterator[Ints]:
    """The rows of each piece, rising; all of one piece have `max_pages_per_cluster` at most.

    Centres are found on the vectors with the lowest `draws`, which are random.
    """
    waiting = [np.arange(len(vectors))]
    while waiting:
        rows = waiting.pop()
        if len(rows) <= config.max_pages_per_cluster:
            yield rows
            continue
        pieces = _pieces(vectors, rows, draws, config)
        if max(map(len, pieces)) > _PROGRESS * len(rows):
            most = config.max_pages_per_cluster
            yield from (rows[start : start + most] for start in range(0, len(rows), most))
        else:
            waiting += pieces[::-1]


def _pieces(vectors: Bytes, rows: Ints, draws: Ints, config: SemanticConfig) -> list[Ints]:
    drawn = rows[np.argsort(draws[rows], kind="stable")][: config.sample]
    number = max(2, clusters_of(len(rows), len(drawn), config))
    centres = find_centres(vectors[drawn], number, config.iterations)
    labels = nearest(vectors[rows], centres)
    order = np.argsort(labels, kind="stable")
    return np.split(rows[order], cuts_of(labels[order])[1:-1])


def clusters_of(pages: int, drawn: int, config: SemanticConfig) -> int:
    """How many clusters there are of `pages`, whose centres are found on `drawn` of them."""
    return max(1, min(-(-pages // config.pages_per_cluster), drawn // _DRAWN_PER_CENTRE))


_DRAWN_PER_CENTRE = 30  # fewer do not tell where it is
