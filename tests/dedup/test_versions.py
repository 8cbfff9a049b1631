from __future__ import annotations

import random
from typing import Any

from curation.dedup.versions import find_older_versions
from tests.dedup.keys import key, rows_of, told


def dropped(
    keys: list[dict[str, Any]],
    over: Any = "all",
    earlier: list[dict[str, Any]] | None = None,
    *,
    old_wins: bool = True,
) -> dict[int, tuple[str, int]]:
    rows = rows_of(keys, earlier=earlier or [])
    return told(rows, find_older_versions(rows, over, old_wins=old_wins))


def test_the_newest_version_stays() -> None:
    keys = [key(1, 1), key(2, 3), key(3, 2), key(4, 1, url=2)]
    assert dropped(keys) == {1: ("older_version", 2), 3: ("older_version", 2)}


def test_equal_times_are_settled_by_doc_id_and_no_time_is_oldest() -> None:
    assert dropped([key(3, 2), key(2, 2), key(1, None)]) == {
        3: ("older_version", 2),
        1: ("older_version", 2),
    }


def test_equal_times_are_settled_by_the_order_of_who_stays_first() -> None:
    rows = rows_of(
        [key(1, 2), key(2, 2, text_bytes=99), key(3, 1, text_bytes=999)], keep=("longest",)
    )
    found = told(rows, find_older_versions(rows, "all", ["rank_0"]))
    assert found == {1: ("older_version", 2), 3: ("older_version", 2)}


def test_pages_without_a_url_are_never_versions_of_each_other() -> None:
    assert dropped([key(1, 1, url=None), key(2, 2, url=None)]) == {}


def test_a_rejected_newest_version_keeps_older_ones_out_unless_only_kept_count() -> None:
    keys = [key(1, 1), key(2, 2, drop_reason="too_few_words")]
    assert dropped(keys) == {1: ("older_version", 2)}
    assert dropped(keys, over="kept") == {}


def test_a_fetch_that_failed_technically_is_no_version() -> None:
    assert dropped([key(1, 1), key(2, 2, drop_reason="error_status", is_version=False)]) == {}


def test_a_record_that_is_listed_twice_stays_once() -> None:
    keys = [key("a", position=position) for position in (8, 7, 9)]
    assert dropped(keys) == {8: ("repeated_record", 7), 9: ("repeated_record", 7)}


def test_a_kept_copy_stays_wherever_a_rejected_one_of_the_same_record_lies() -> None:
    for rejected, kept in ((1, 2), (2, 1)):
        keys = [
            key("a", position=rejected, drop_reason="too_few_words"),
            key("a", position=kept),
        ]
        assert dropped(keys) == {}


def test_which_copy_stays_is_settled_by_what_shards_would_hold() -> None:
    for first, second in ((1, 2), (2, 1)):
        keys = [key("a", position=first, row_hash=9), key("a", position=second, row_hash=3)]
        assert dropped(keys) == {first: ("repeated_record", second)}


def test_a_curated_page_stays_before_any_newer_crawled_one() -> None:
    keys = [key(1, None, curated=True), key(2, 5), key(3, 1, curated=True)]
    assert dropped(keys) == {1: ("older_version", 3), 2: ("older_version", 3)}


def test_repeats_of_an_older_version_all_go() -> None:
    keys = [key("a", 1, position=1), key("a", 1, position=2), key("b", 2, position=3)]
    assert dropped(keys) == {1: ("older_version", 3), 2: ("repeated_record", 1)}


def test_what_an_earlier_run_still_has_of_a_url_stays_whatever_its_time() -> None:
    for day in (None, 1, 7):
        keys = [key(1, 3), key(2, 5, curated=True), key(3, 9, drop_reason="no_text")]
        found = dropped(keys, earlier=[key(9, day)])
        assert found == {1: ("shipped_before", 9), 2: ("shipped_before", 9)}
    # Of two the newest is named, and neither is ours to judge.
    assert dropped([key(1, 3)], earlier=[key(9, 1), key(8, 2)]) == {1: ("shipped_before", 8)}


def test_what_an_earlier_run_no_longer_has_is_a_version_by_its_time() -> None:
    newer, older = (key(9, day, drop_reason="no_text") for day in (7, 1))
    assert dropped([key(1, 3)], earlier=[newer]) == {1: ("older_version", 9)}
    assert dropped([key(1, 3)], earlier=[older]) == {}
    assert dropped([key(1, 3)], over="kept", earlier=[newer]) == {}


def test_where_old_pages_do_not_win_the_newest_of_all_stays() -> None:
    older, newer = key(8, 1), key(9, 7)
    found = dropped([key(1, 3)], earlier=[older], old_wins=False)
    assert found == {8: ("older_version", 1)}
    found = dropped([key(1, 3)], earlier=[older, newer], old_wins=False)
    assert found == {1: ("older_version", 9), 8: ("older_version", 9)}


def test_a_record_that_an_earlier_run_had_is_a_repeat() -> None:
    gone = dropped([key("a", position=5)], earlier=[key("a", position=6)])
    assert gone == {5: ("repeated_record", 6)}


def test_what_an_earlier_run_rejected_is_no_repeat() -> None:
    rejected = key("a", position=6, drop_reason="too_few_words")
    for over in ("all", "kept"):
        assert dropped([key("a", position=5)], over=over, earlier=[rejected]) == {}


def test_of_a_record_in_two_inputs_the_curated_copy_stays() -> None:
    for curated, crawled in ((1, 2), (2, 1)):
        keys = [
            key("a", position=curated, curated=True, row_hash=curated),
            key("a", position=crawled, row_hash=crawled),
        ]
        assert dropped(keys) == {crawled: ("repeated_record", curated)}


def naive(keys: list[dict[str, Any]]) -> set[str]:
    """The doc_ids that stay, by the definition; doc_ids are unique here."""
    stay = set()
    for row in keys:
        rivals = [
            r for r in keys if r["url_hash"] == row["url_hash"] is not None and r["is_version"]
        ]
        best = min(
            rivals or [row],
            key=lambda r: (-(r["fetched_at"].timestamp() if r["fetched_at"] else 0), r["doc_id"]),
        )
        if row.get("drop_reason") is None and best["doc_id"] == row["doc_id"]:
            stay.add(row["doc_id"])
    return stay


def test_any_order_gives_the_definition() -> None:
    dice = random.Random(5)
    fates: list[dict[str, Any]] = [
        {},
        {},
        {"drop_reason": "too_few_words"},
        {"drop_reason": "redirect", "is_version": False},
    ]
    keys = [
        key(
            number,
            dice.choice([None, 1, 2, 3]),
            url=dice.choice([None, *range(60)]),
            **dice.choice(fates),
        )
        for number in range(400)
    ]
    expected = naive(keys)
    for _ in range(3):
        dice.shuffle(keys)
        gone = dropped(keys)
        left = [r for r in keys if r.get("drop_reason") is None and r["position"] not in gone]
        assert {r["doc_id"] for r in left} == expected
