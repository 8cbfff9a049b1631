from __future__ import annotations

from typing import Any

import pytest

from curation.dedup.exact import find_exact_duplicates
from curation.dedup.found import Found, with_found
from curation.dedup.order import rank_names
from schemas.drop_reason import DropReason
from tests.dedup.keys import key, rows_of, told


def page(name: int, text: int | None = 5, **more: Any) -> dict[str, Any]:
    return key(name, more.pop("day", 1), url=name, text_hash=text, **more)


def dropped(keys: list[dict[str, Any]], *keep: Any) -> dict[int, tuple[str, int]]:
    rows = rows_of(keys, keep=keep)
    return told(rows, find_exact_duplicates(rows, rank_names(keep)))


def test_of_equal_texts_one_stays_and_other_texts_do_too() -> None:
    gone = dropped([page(3), page(1), page(2), page(4, 6), page(5, None), page(6, None)])
    assert gone == {2: ("exact_duplicate", 1), 3: ("exact_duplicate", 1)}


@pytest.mark.parametrize(
    ("keep", "stays"),
    [
        ((), 1),
        (("newest",), 2),
        (("longest",), 3),
        (("cheap_quality",), 4),
        (("curated", "newest"), 5),
        (("cheap_quality", "newest"), 4),
        (("newest", "cheap_quality"), 2),
    ],
)
def test_who_stays_is_the_first_by_the_criteria_and_at_last_by_doc_id(
    keep: tuple[Any, ...], stays: int
) -> None:
    keys = [
        page(1, day=3, cheap_quality=0.5),
        page(2, day=9, cheap_quality=None),
        page(3, day=None, text_bytes=11, cheap_quality=0.5),
        page(4, day=2, cheap_quality=0.500001),
        page(5, day=1, curated=True, cheap_quality=0.25),
    ]
    gone = dropped(keys, *keep)
    assert gone == {n: ("exact_duplicate", stays) for n in range(1, 6) if n != stays}


def test_who_has_gone_already_keeps_nobody_out() -> None:
    rows = rows_of([page(1), page(2), page(3)], keep=())
    older = Found.none(3)
    older.drop(0, DropReason.OLDER_VERSION, 0)  # type: ignore[arg-type]
    rows = with_found(rows, older)
    found = find_exact_duplicates(rows, [])
    assert told(rows, found) == {3: ("exact_duplicate", 2)}
    again = with_found(rows, found)
    assert again["reason"].to_pylist()[0] == older.reasons[0]
    assert again["keeper_position"].to_pylist() == [1, 0, 2]


def test_old_pages_stay_before_all_new_ones_unless_they_do_not_win() -> None:
    rows = rows_of([page(1), page(4, day=9)], keep=("newest",), earlier=[page(2), page(3, day=5)])
    ranks = rank_names(("newest",))
    found = told(rows, find_exact_duplicates(rows, ranks, old_wins=True))
    assert found == {1: ("exact_duplicate", 3), 4: ("exact_duplicate", 3)}
    found = told(rows, find_exact_duplicates(rows, ranks, old_wins=False))
    assert found == dict.fromkeys((1, 2, 3), ("exact_duplicate", 4))
