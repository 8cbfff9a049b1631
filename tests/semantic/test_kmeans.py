"""k-means, against plain Python; the same bytes however it is computed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.semantic.kmeans import find_centres
from curation.semantic.vectors import Bytes, nearest
from tests.semantic import naive
from tests.semantic.test_vectors import matrices


@given(matrices(rows=20, columns=3), st.integers(1, 6), st.integers(1, 4))
def test_centres_are_those_of_plain_python(vectors: Bytes, number: int, iterations: int) -> None:
    expected = naive.centres(vectors.tolist(), number, iterations)
    assert find_centres(vectors, number, iterations).tolist() == expected


def test_literal_clusters() -> None:
    vectors = np.array([[126, 9], [9, 126], [127, 0], [0, 127], [126, -9], [-9, 126]], np.int8)
    centres = find_centres(vectors, 2, 20)
    assert centres.tolist() == [[127, 0], [0, 127]]
    assert nearest(vectors, centres).tolist() == [0, 1, 0, 1, 0, 1]


def test_a_centre_that_no_vector_is_nearest_to_stays() -> None:
    rows = [[57, -114], [90, -90], [127, 0], [-106, 70], [-114, 57], [40, 120], [57, -114]]
    vectors = np.array(rows, np.int8)
    centres = find_centres(vectors, 3, 10)
    assert centres.tolist() == [[0, -127], [92, -88], [-75, 103]]
    assert set(nearest(vectors, centres).tolist()) == {1, 2}


def test_no_more_centres_than_different_vectors() -> None:
    vectors = np.array([[127, 0], [-127, 0], [127, 0]], np.int8)
    assert find_centres(vectors, 3, 5).tolist() == [[127, 0], [-127, 0]]


def test_opposite_vectors_have_no_mean() -> None:
    vectors = np.array([[127, 0], [-127, 0]], np.int8)
    assert find_centres(vectors, 1, 5).tolist() == [[127, 0]]


def test_the_order_of_vectors_that_do_not_begin_a_centre_changes_nothing() -> None:
    dice = np.random.default_rng(5)
    vectors = dice.integers(-20, 21, (3000, 384)).astype(np.int8)
    expected = find_centres(vectors, 20, 5).tobytes()
    assert find_centres(vectors, 20, 1).tobytes() != expected
    for _ in range(3):
        vectors[20:] = dice.permutation(vectors[20:])
        assert find_centres(vectors, 20, 5).tobytes() == expected
