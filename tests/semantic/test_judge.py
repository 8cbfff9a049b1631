"""Who stays, against the greedy rule one vector after another; and how large clusters are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.semantic.config import SemanticConfig
from curation.semantic.cut import cut
from curation.semantic.judge import NONE, judge
from curation.semantic.vectors import Bytes, near, quantised
from tests.semantic import naive
from tests.semantic.test_vectors import matrices


@given(
    matrices(rows=30, columns=3),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sampled_from([0.5, 0.9, 1.0]),
    st.integers(1, 8),
)
def test_the_first_that_stays_and_is_like_it(
    vectors: Bytes, may_go: list[bool], threshold: float, at_once: int
) -> None:
    some = may_go[: len(vectors)]
    found = judge(vectors, np.array(some), threshold, at_once=at_once)
    pairs = zip(found.keepers.tolist(), found.cosines.tolist(), strict=True)
    expected = naive.judge(vectors.tolist(), some, threshold)
    assert [None if keeper == NONE else (keeper, cosine) for keeper, cosine in pairs] == expected


def test_what_is_like_a_page_that_goes_stays() -> None:
    chain = np.array([[127, 0], [110, 63], [64, 110], [64, 110]], np.int8)  # 30 degrees each
    found = judge(chain, np.ones(4, bool), 0.85)
    assert found.keepers.tolist() == [NONE, 0, NONE, 2]
    assert found.cosines[[1, 3]] == pytest.approx([0.868, 1], abs=0.001)


def spread(number: int, dimensions: int = 16) -> Bytes:
    """Different vectors, many of them alike, in no order."""
    angles = np.linspace(1, 60, number)[:, None] * np.arange(1, dimensions + 1)
    waves: Bytes = quantised(np.rint(1000 * np.sin(angles / 10)).astype(np.int64))
    return np.random.default_rng(4).permutation(np.unique(waves, axis=0))


@pytest.mark.parametrize("most", [10, 100, 1000])
def test_pieces_have_every_row_once_and_are_no_larger(most: int) -> None:
    vectors = spread(2000)
    draws = np.random.default_rng(1).permutation(len(vectors))
    config = SemanticConfig(pages_per_cluster=50, max_pages_per_cluster=most, sample=500)
    pieces = list(cut(vectors, draws, config))
    assert max(map(len, pieces)) <= most < len(vectors)
    assert np.sort(np.concatenate(pieces)).tolist() == list(range(len(vectors)))
    assert all((np.diff(piece) > 0).all() for piece in pieces)


def test_pieces_are_of_vectors_that_are_alike() -> None:
    vectors = spread(2000)
    config = SemanticConfig(pages_per_cluster=50, max_pages_per_cluster=200)
    draws = np.random.default_rng(1).permutation(len(vectors))
    piece = np.empty(len(vectors), np.int64)
    for number, rows in enumerate(cut(vectors, draws, config)):
        piece[rows] = number
    pairs = near(vectors, vectors, 0.99)
    assert (piece[pairs.rows] == piece[pairs.columns]).mean() > 0.8


def test_what_no_centres_tell_apart_is_cut_into_stretches() -> None:
    # All centres but one round to the same vector, which the first takes all for.
    vectors = np.full((300, 400), 100, np.int8)
    vectors[np.arange(300), np.arange(300)] = 99
    config = SemanticConfig(pages_per_cluster=200, max_pages_per_cluster=120, iterations=3)
    pieces = [rows.tolist() for rows in cut(vectors, np.arange(300), config)]
    assert pieces == [[*range(120)], [*range(120, 240)], [*range(240, 300)]]
