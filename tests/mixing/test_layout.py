from __future__ import annotations

import random
from bisect import bisect_right
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.mixing.content import content_of
from curation.mixing.layout import carry_on, find_rows
from curation.mixing.shards import describe
from schemas.arrow import with_columns
from schemas.keys import KEYS
from schemas.layout import LAYOUT
from tests.dedup.keys import doc_id, key

KEYS_OF_ORDER = st.integers(-2, 2) | st.integers(-(2**63), 2**63 - 1)
Place = tuple[str, int, int]
FOLDERS = st.sampled_from(["", "code", "math"])
IDS = st.integers(0, 3) | st.integers(0, 2**128 - 1)
PLACES = st.lists(st.tuples(FOLDERS, KEYS_OF_ORDER, IDS), max_size=20)


def in_order(places: list[Place]) -> pa.Table:
    keys, ids = [key for _, key, _ in places], [f"{number:032x}" for *_, number in places]
    folders = pa.array([folder for folder, *_ in places], pa.string())
    return pa.table(
        {
            "folder": folders,
            "order_key": pa.array(keys, pa.int64()),
            "doc_id": pa.array(ids, pa.string()),
        }
    )


@given(borders=PLACES.filter(bool), pages=PLACES, moved=st.randoms())
def test_a_page_is_in_the_shard_within_whose_borders_it_lies(
    borders: list[Place], pages: list[Place], moved: random.Random
) -> None:
    borders = sorted(set(borders))
    pages = [page for page in pages if page[0] in {folder for folder, *_ in borders}]
    expected = []
    for page in pages:
        of_folder = [at for at, border in enumerate(borders) if border[0] == page[0]]
        expected.append(max(of_folder[0], bisect_right(borders, page) - 1))
    assert find_rows(in_order(borders), in_order(pages)).tolist() == expected
    layout = random_order(borders, moved)
    found = find_rows(in_order(layout), in_order(pages)).tolist()
    assert [layout[at] for at in found] == [borders[at] for at in expected]


def random_order(borders: list[Place], moved: random.Random) -> list[Place]:
    """As a layout has them once a domain got its first page after a take-down."""
    return moved.sample(borders, len(borders))


def contents(
    keys: list[dict[str, Any]],
    dropped: bytes | None = None,
    score: float | None = None,
    epoch: int = 0,
) -> list[int]:
    lines = pa.array([dropped] * len(keys), pa.binary())
    scores = pa.array([score] * len(keys), pa.float32())
    rows = with_columns(KEYS.batch(keys), {"dropped_lines": lines, "encoder_quality": scores})
    found: list[int] = content_of(rows, np.array([epoch] * len(keys))).tolist()
    return found


def test_content_tells_all_that_a_shard_has_of_a_page() -> None:
    row = key(1)
    found = contents([row, key(2), {**row, "row_hash": 7}, {**row, "doc_id": doc_id(1 << 64)}])
    for bits in (b"\1", b"\2"):
        found += contents([row], bits)
    for score in (0.0, 0.5):
        found += contents([row], score=score)
    for epoch in (1, 2):
        found += contents([row], epoch=epoch)
    assert len(set(found)) == 10
    other = {**row, "position": 9, "order_key": 4, "text_bytes": 3, "input": "other"}
    assert contents([other]) == contents([row]) == found[:1]


def drawn(rows: list[tuple[int, int, int, int]]) -> pa.Table:
    names = ("shard", "order_key", "content", "text_bytes")
    shards, *others = (pa.array(column, pa.int64()) for column in zip(*rows, strict=True))
    ids = pa.array([doc_id(row[2]) for row in rows], pa.string())
    folders = pa.array(["math" if row[0] else "code" for row in rows], pa.string())
    columns = [shards.cast(pa.int32()), *others, ids, folders, others[2]]
    return pa.table(columns, names=[*names, "doc_id", "folder", "tokens"])


def test_a_shard_is_described_by_its_first_page_and_its_content() -> None:
    rows = [(4, 3, 8, 100), (0, -5, 1, 10), (4, 2, 7, 50), (0, -5, 2, 20)]
    expected = [
        (0, "code", -5, doc_id(1), f"shard-000000-{3:016x}", 2, 30, 30, 0),
        (4, "math", 2, doc_id(7), f"shard-000004-{15:016x}", 2, 150, 150, 0),
    ]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        found = describe(drawn([rows[at] for at in order])).to_pylist()
        assert [tuple(row.values()) for row in found] == expected


def layout(*rows: tuple[int, int, str | None, int, int]) -> pa.Table:
    """Rows of shard, border, name, rows and removal."""
    names = ("shard", "order_key", "name", "rows", "removal")
    filled = [
        dict(zip(names, row, strict=True))
        | {"folder": "", "doc_id": doc_id(row[1]), "text_bytes": row[3], "tokens": row[3]}
        for row in rows
    ]
    return pa.Table.from_batches([LAYOUT.batch(filled)])


def test_borders_stay_and_what_changed_is_told() -> None:
    before = layout((0, 1, "a", 9, 0), (2, 5, "b", 9, 1), (3, 7, None, 0, 1), (4, 8, "d", 9, 0))
    written = layout((0, 2, "a", 9, 0), (2, 5, "c", 8, 0), (3, 7, "e", 1, 0))
    after = layout((0, 1, "a", 9, 0), (2, 5, "c", 8, 2), (3, 7, "e", 1, 2), (4, 8, None, 0, 2))
    assert carry_on(before, written, 2).to_pylist() == after.to_pylist()
    again = carry_on(after, after.filter(pa.array([True, True, True, False])), 3)
    assert again.to_pylist() == after.to_pylist()
