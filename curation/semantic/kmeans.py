"""k-means on vectors of signed bytes: the same centres for any number of threads and any library.

Centres are vectors of signed bytes too. Each step sums up whole numbers, and rounds once.

Source: Lloyd, "Least squares quantization in PCM", 1982; the first centres are vectors, as in
faiss, which SemDeDup used.
"""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np

from curation.arrow_text import Ints
from curation.semantic.vectors import Bytes, nearest, quantised
from curation.tables import cuts_of


def find_centres(vectors: Bytes, number: int, iterations: int) -> Bytes:
    """At most `number` centres, 1 at least: less where there are less different vectors.

    They begin as the first different vectors, so these should be in a random order. A centre that
    no vector is nearest to stays where it is.
    """
    centres = _first_different(vectors, number)
    before = None
    for _ in range(iterations):
        labels = nearest(vectors, centres)
        if before is not None and np.array_equal(labels, before):
            break
        centres, before = _step(vectors, labels, centres), labels
    return centres


def _first_different(vectors: Bytes, number: int) -> Bytes:
    seen: dict[bytes, int] = {}
    for row, vector in enumerate(vectors):
        seen.setdefault(vector.tobytes(), row)
        if len(seen) == number:
            break
    return vectors[list(islice(seen.values(), number))]


def _step(vectors: Bytes, labels: Ints, centres: Bytes) -> Bytes:
    order = np.argsort(labels, kind="stable")
    ordered, cuts = vectors[order], cuts_of(labels[order])
    sums = np.array([ordered[a:b].sum(axis=0, dtype=np.int64) for a, b in pairwise(cuts)])
    somewhere = sums.any(axis=1)  # the mean of opposite vectors has no direction
    moved = centres.copy()
    moved[labels[order[cuts[:-1]]][somewhere]] = quantised(sums[somewhere])
    return moved
