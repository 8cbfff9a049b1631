"""One cluster: its pages in; those that go, and for whom, out."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.semantic.config import SemanticConfig
from curation.semantic.cut import cut
from curation.semantic.judge import NONE, Judged, judge
from curation.semantic.vectors import bytes_of

EQUAL, CUT = "vectors:equal", "clusters:cut"
_ORDER = [("curated", "descending"), ("merit", "descending"), ("doc_id", "ascending")]
GONE = pa.schema(
    [
        ("position", pa.int64()),
        ("doc_id", pa.string()),
        ("input", pa.string()),
        ("keeper", pa.string()),
        ("cosine", pa.float64()),
    ]
)
"""A page that goes, and the best one that stays and is so similar."""


class JudgedCluster(NamedTuple):
    """`GONE`, and counts to stand beside the ledger's sums."""

    gone: pa.Table
    beside: Counter[str]


def judge_cluster(pages: pa.Table, config: SemanticConfig) -> JudgedCluster:
    """`PAGE` of all its pages in, in any order.

    First a page goes for a better one with an equal vector: what is compared are different vectors,
    in pieces of a bounded size.
    """
    order = pc.sort_indices(pages, sort_keys=_ORDER)  # no merit is last
    pages = pages.take(order).combine_chunks()
    vectors = pages["embedding"].combine_chunks().dictionary_encode()
    numbers = vectors.indices.to_numpy()
    _, best = np.unique(numbers, return_index=True)  # numbers count in the order of appearance
    may_go = pc.invert(pages["curated"]).to_numpy()
    matrix = bytes_of(vectors.dictionary)
    found, pieces = Judged(np.full(len(best), NONE), np.ones(len(best))), 0
    for rows in cut(matrix, pages["draw"].to_numpy()[best], config):
        some = judge(matrix[rows], may_go[best[rows]], config.threshold)
        like = some.keepers != NONE
        found.keepers[rows[like]] = rows[some.keepers[like]]
        found.cosines[rows[like]] = some.cosines[like]
        pieces += 1
    # Who is equal to a vector that is like none goes for that.
    of_vectors = np.where(found.keepers == NONE, np.arange(len(best)), found.keepers)
    keepers = best[of_vectors][numbers]
    goes = may_go & (keepers != np.arange(len(keepers)))
    gone = pages.filter(pa.array(goes)).select(["position", "doc_id", "input"])
    gone = gone.append_column("keeper", pages["doc_id"].take(pa.array(keepers[goes])))
    gone = gone.append_column("cosine", pa.array(found.cosines[numbers][goes]))
    beside = Counter({EQUAL: len(numbers) - len(best), CUT: int(pieces > 1)})
    return JudgedCluster(gone.cast(GONE), beside)
