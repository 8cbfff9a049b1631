from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from curation.dedup.components import find_components
from curation.dedup.doc_ids import binaries, halves
from curation.dedup.keepers import settle
from schemas.pair import PAIR
from tests import runs
from tests.dedup.keys import doc_id

Pair = tuple[int, int, float]
"""first, second, similarity: pages are numbers, and of two the lower one comes first."""


def table(pairs: list[Pair], equal: set[int] = frozenset()) -> pa.Table:  # type: ignore[assignment]
    """Pairs of pages whose doc_ids do not sort as they do; `equal` are seconds of equal texts."""
    names = [_binary(number) for number in range(64)]
    rows = [
        {
            "first": names[a],
            "first_position": a,
            "second": names[b],
            "second_position": b,
            "similarity": s,
            "equal": b in equal,
        }
        for a, b, s in pairs
    ]
    return pa.Table.from_batches([PAIR.batch(rows)])


def _name(number: int) -> str:
    return doc_id(number * 37 % 64)


def _binary(number: int) -> bytes:
    value: bytes = binaries(halves(pa.array([_name(number)])))[0].as_py()
    return value


def settled(pairs: list[Pair], equal: Any = frozenset()) -> dict[int, dict[str, Any]]:
    numbers = {_name(number): number for number in range(64)}
    return {
        row["position"]: {
            **row,
            "keeper": numbers.get(row["keeper"]),
            "component": numbers[row["component"]],
        }
        for row in settle(table(pairs, equal)).to_pylist()
    }


def keepers(pairs: list[Pair]) -> dict[int, int | None]:
    return {page: row["keeper"] for page, row in settled(pairs).items()}


def naive(pairs: list[Pair]) -> dict[int, int | None]:
    """One page after another: it goes if a page before it that stays is similar to it."""
    kept: dict[int, int | None] = {}
    for page in sorted({end for a, b, _ in pairs for end in (a, b)}):
        rivals = [(-s, _name(a), a) for a, b, s in pairs if b == page and kept[a] is None]
        kept[page] = min(rivals)[2] if rivals else None
    return kept


def test_a_chain_keeps_every_other_page() -> None:
    assert keepers([(n, n + 1, 0.8) for n in range(4)]) == {0: None, 1: 0, 2: None, 3: 2, 4: None}


def test_a_page_goes_for_the_most_similar_that_stays_whatever_was_removed_before() -> None:
    pairs = [(0, 1, 0.9), (1, 3, 0.99), (2, 3, 0.8), (0, 3, 0.76)]
    assert keepers(pairs) == {0: None, 1: 0, 2: None, 3: 2}
    assert settled(pairs)[3]["similarity"] == np.float32(0.8)


def test_a_page_whose_text_is_equal_has_gone_whatever_becomes_of_its_keeper() -> None:
    found = settled([(0, 1, 0.9), (1, 2, 1.0)], equal={2})
    assert {page: row["keeper"] for page, row in found.items()} == {0: None, 1: 0, 2: 1}
    assert [found[n]["equal"] for n in range(3)] == [None, False, True]
    assert found[2]["similarity"] == 1


def test_components_are_named_by_their_first_doc_id_and_counted() -> None:
    found = settled([(0, 1, 0.8), (1, 2, 0.8), (5, 9, 0.8)])
    for pages in ((0, 1, 2), (5, 9)):
        first = min(pages, key=_name)
        assert {(found[n]["component"], found[n]["size"]) for n in pages} == {(first, len(pages))}


def test_a_long_chain_takes_no_stack_and_no_time() -> None:
    number = 200_000
    numbers = np.arange(number + 1, dtype=np.uint64)
    ids = binaries(np.column_stack([numbers, numbers]))
    pairs = pa.table(
        {
            "first": ids.slice(0, number),
            "first_position": np.arange(number),
            "second": ids.slice(1),
            "second_position": np.arange(number) + 1,
            "similarity": np.full(number, 0.8, np.float32),
            "equal": np.zeros(number, bool),
        }
    )
    found = settle(pairs)
    assert found["keeper"].null_count == number // 2 + 1
    assert set(found["size"].to_pylist()) == {number + 1}


ANY_PAIRS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from([0.75, 0.8, 0.9])).map(
        lambda t: (t[0], t[0] + t[1], t[2])
    ),
    min_size=1,
    max_size=80,
    unique_by=lambda pair: pair[:2],
)


@settings(max_examples=200, deadline=None)
@given(ANY_PAIRS, st.randoms(use_true_random=False))
def test_any_pairs_in_any_order_and_twice_give_the_definition(pairs: list[Pair], dice: Any) -> None:
    shuffled = [*pairs, *dice.sample(pairs, len(pairs) // 2)]
    dice.shuffle(shuffled)
    assert keepers(shuffled) == naive(pairs)


def test_components_found_by_stars_are_those_of_a_walk(spark: SparkSession) -> None:
    dice = np.random.default_rng(3)
    long_path = [(n, n + 1) for n in range(1000, 1020)]
    star = [(2000, 2001 + n) for n in range(9)]
    edges = [tuple(pair) for pair in dice.integers(0, 80, (50, 2)).tolist()] + long_path + star
    with runs.shuffle_partitions(spark, 1):
        rows = find_components(spark.createDataFrame(edges, "a long, b long")).collect()
    found = {row["page"]: row["component"] for row in rows}
    expected = {page: page for a, b in edges if a != b for page in (a, b)}
    changed = True
    while changed:
        changed = False
        for a, b in edges:
            if a != b and expected[a] != expected[b]:
                expected[a] = expected[b] = min(expected[a], expected[b])
                changed = True
    assert found == expected
