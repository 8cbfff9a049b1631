"""Budgets against a plain search over shares."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.quality.budget import find_budget
from curation.quality.counts import BINS, STAYS

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["de", "en", None]),
        st.integers(STAYS, 5),
        st.integers(1, 9),
        st.integers(0, 40),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[:2],
)


def counted(rows: Sequence[tuple[str | None, int, int, int]]) -> pa.Table:
    names = ("language", "bin", "pages", "bytes")
    schema = pa.schema(
        [(name, pa.string() if name == "language" else pa.int64()) for name in names]
    )
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), schema)


def _left(rows: list[tuple[str | None, int, int, int]], keep: float) -> tuple[int, float]:
    """Pages and bytes that stay, when in each language the best share of scored pages does."""
    pages, size = 0, 0
    for language in {row[0] for row in rows}:
        mine = sorted((row[1:] for row in rows if row[0] == language), reverse=True)
        scored = [row for row in mine if row[0] != STAYS]
        wanted, held = keep * sum(n for _, n, _ in scored) * (1 - 1e-9), 0
        for _, n, of in scored:
            if held >= wanted:
                break
            held, pages, size = held + n, pages + n, size + of
        pages += sum(n for step, n, _ in mine if step == STAYS)
        size += sum(of for step, _, of in mine if step == STAYS)
    return pages, size


@given(ROWS, st.floats(1, 200))
def test_smallest_share_that_has_the_tokens(
    rows: list[tuple[str | None, int, int, int]], tokens: float
) -> None:
    found = find_budget(counted(rows), tokens, bytes_per_token=2)
    assert (sum(of.pages for of in found.languages), found.tokens * 2) == _left(rows, found.keep)
    assert found.tokens >= tokens or found.keep == 1
    is_scored = any(row[1] != STAYS for row in rows)
    smaller = (share for share in _steps(rows) if is_scored and share < found.keep - 1e-9)
    assert all(_left(rows, share)[1] / 2 < tokens for share in smaller)


def _steps(rows: list[tuple[str | None, int, int, int]]) -> set[float]:
    """The shares at which one more score of some language comes in, and none."""
    shares = {0.0}
    for language in {row[0] for row in rows}:
        mine = sorted((row[1:3] for row in rows if row[0] == language), reverse=True)
        pages = [n for step, n in mine if step != STAYS]
        shares |= {sum(pages[: at + 1]) / sum(pages) for at in range(len(pages))}
    return shares


def test_all_stay_where_no_page_has_a_score() -> None:
    found = find_budget(counted([("xx", STAYS, 10, 4400)]), 1, bytes_per_token=4.4)
    assert (found.keep, found.tokens) == (1, pytest.approx(1000))


def test_scores_and_totals_by_language() -> None:
    rows = [("en", 5, 10, 440), ("en", 3, 30, 880), ("de", 4, 5, 220), ("en", STAYS, 1, 44)]
    found = find_budget(counted(rows), 15, bytes_per_token=44)
    de, en = found.languages
    assert found.keep == 0.25
    assert (en.language, en.min_score, en.pages, en.of_pages) == ("en", 5 / BINS, 11, 41)
    assert (de.language, de.min_score, de.pages, de.of_pages) == ("de", 4 / BINS, 5, 5)
    assert found.tokens == 11 + 5
    assert en.of_tokens == 31
