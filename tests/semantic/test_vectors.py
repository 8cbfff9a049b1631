"""Exact arithmetic, against whole numbers of plain Python."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from curation.semantic.vectors import Bytes, bytes_of, near, nearest, quantised
from tests.semantic import naive

ANY = st.integers(-128, 127)


def matrices(*, rows: int = 12, columns: int = 4) -> st.SearchStrategy[Bytes]:
    """Rows that are not 0."""
    shapes = st.tuples(st.integers(1, rows), st.just(columns))
    made = hnp.arrays(np.int8, shapes, elements=ANY)
    return made.map(lambda m: m[m.any(axis=1)]).filter(len)


@given(matrices(), matrices(), st.integers(1, 40))
def test_the_nearest_centre_is_the_first_of_the_nearest(
    vectors: Bytes, centres: Bytes, block_bytes: int
) -> None:
    expected = [naive.nearest(v, centres.tolist()) for v in vectors.tolist()]
    assert nearest(vectors, centres, block_bytes=block_bytes).tolist() == expected


@given(matrices(), matrices(), st.sampled_from([0.3, 0.9, 0.99, 1.0]))
def test_pairs_as_similar_as_the_threshold(first: Bytes, second: Bytes, threshold: float) -> None:
    expected = [
        (i, j, cosine)
        for i, a in enumerate(first.tolist())
        for j, b in enumerate(second.tolist())
        if (cosine := naive.cosine(a, b)) >= threshold
    ]
    found = near(first, second, threshold)
    assert list(zip(*(values.tolist() for values in found), strict=True)) == expected


@pytest.mark.parametrize("dimensions", [384, 1040, 4096])
def test_no_product_is_rounded_however_long_vectors_are(dimensions: int) -> None:
    dice = np.random.default_rng(3)
    vectors = dice.integers(-128, 128, (40, dimensions)).astype(np.int8)
    vectors[1] = vectors[0]
    vectors[1, 0] += 1 if vectors[1, 0] < 0 else -1  # a cosine under 1 by some 1e-10
    vectors[2:4] = -128
    wide = vectors.astype(np.int64)
    distances = ((wide[:, None] - wide[None, :7]) ** 2).sum(axis=2)
    assert nearest(vectors, vectors[:7]).tolist() == distances.argmin(axis=1).tolist()
    found = near(vectors, vectors, 1.0)
    pairs = set(zip(found.rows.tolist(), found.columns.tolist(), strict=True))
    assert pairs == {(i, i) for i in range(40)} | {(2, 3), (3, 2)}


def test_quantised() -> None:
    sums = np.array([[3, 4, 0], [0, 0, 0], [0, -(10**7), 0]])
    assert quantised(sums).tolist() == [[76, 102, 0], [0, 0, 0], [0, -127, 0]]


def test_vectors_of_a_slice() -> None:
    values = pa.array([b"\x01\x02", b"\x7f\x80", b"\x00\xff"], pa.binary())
    assert bytes_of(values.slice(1)).tolist() == [[127, -128], [0, -1]]
    assert bytes_of(values.slice(0, 0)).tolist() == []
