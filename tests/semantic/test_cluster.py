"""One cluster: pages with vectors in; who goes, and for whom, out."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from curation.semantic.cluster import judge_cluster
from curation.semantic.config import SemanticConfig
from curation.semantic.pages import PAGE, merit
from tests.semantic import naive
from tests.semantic.small import Row, crowd, page

EAST = (127, 0, 0)


def judged(rows: list[Row], config: SemanticConfig) -> dict[int, int]:
    """The numbers of pages that go, and each one's keeper's."""
    shuffled = random.Random(1).sample(rows, len(rows))
    plain = [{"merit": None, "draw": 0, **row} for row in shuffled]
    qualities = [
        pa.array([row.get(name) for row in shuffled], pa.float32())
        for name in ("encoder_quality", "quality")
    ]
    pages = pa.Table.from_pylist(plain, PAGE)
    pages = pages.set_column(PAGE.get_field_index("merit"), "merit", merit(*qualities))
    gone = judge_cluster(pages, config).gone.to_pylist()
    return {int(row["doc_id"], 16): int(row["keeper"], 16) for row in gone}


def test_who_is_better() -> None:
    other = {"input": "books", "curated": True}
    rows = [
        page(1, (127, 0, 0), encoder_quality=0.5, quality=0.9),  # the encoder's counts
        page(2, (127, 0, 0), quality=0.6),  # else fastText's
        page(3, (0, 127, 0), encoder_quality=0.5),
        page(4, (0, 127, 0), encoder_quality=0.5),  # and then the doc_id
        page(5, (0, 0, 127), encoder_quality=0.0),
        page(6, (0, 0, 127)),  # no quality is worst
        page(7, (90, 90, 0), encoder_quality=0.9),
        page(8, (90, 90, 0), encoder_quality=0.1, **other),  # curated pages stay, first of all
        page(9, (90, 90, 0), encoder_quality=0.2, **other),
    ]
    assert judged(rows, SemanticConfig()) == {1: 2, 4: 3, 6: 5, 7: 9}


def test_at_a_threshold_of_1_only_equal_directions_go() -> None:
    near = (127, 1, 0)  # a cosine of .99997
    rows = [page(1, EAST), page(2, near), page(3, EAST), page(4, near), page(5, (1, 0, 0))]
    assert judged(rows, SemanticConfig(threshold=1)) == {3: 1, 4: 2, 5: 1}


def expected(rows: list[Row], threshold: float) -> dict[int, int]:
    """Who goes for whom by the greedy rule, among all of them."""

    def better(row: Row) -> tuple[bool, float, str]:
        known = row["encoder_quality"] is not None
        return not row["curated"], -row["encoder_quality" if known else "quality"], row["doc_id"]

    ordered = sorted(rows, key=better)
    vectors = [memoryview(row["embedding"]).cast("b").tolist() for row in ordered]
    judged = naive.judge(vectors, [not row["curated"] for row in ordered], threshold)
    names = [int(row["doc_id"], 16) for row in ordered]
    told = zip(ordered, names, judged, strict=True)
    return {name: names[keeper[0]] for row, name, keeper in told if keeper and not row["curated"]}


@pytest.mark.parametrize("threshold", [0.8, 0.97, 1.0])
def test_a_cluster_is_judged_as_in_plain_python(threshold: float) -> None:
    rows = crowd(700)
    found = judged(rows, SemanticConfig(threshold=threshold))
    assert found == expected(rows, threshold)
    assert len(found) > 200


def test_many_equal_vectors_are_not_compared() -> None:
    config = SemanticConfig(pages_per_cluster=2, max_pages_per_cluster=2)
    rows = [page(name, EAST) for name in range(50_000)]
    assert judged(rows, config) == dict.fromkeys(range(1, 50_000), 0)
