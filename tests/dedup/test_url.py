from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.dedup.keys import keys_batch
from curation.dedup.url import UrlDedupConfig, find_older_versions
from schemas.keys import KEYS
from schemas.reject import REJECT
from tests import runs


def key(doc_id: str, day: int | None, url: int | None = 1, **more: Any) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "position": more.pop("position", ord(doc_id[0])),
        "order_key": 0,
        "input": "crawl",
        "drop_reason": None,
        "is_version": True,
        "url_hash": url,
        "fetched_at": day and datetime(2024, 1, day, tzinfo=UTC),
        "curated": False,
        "text_hash": 5,
        "row_hash": 6,
        "text_bytes": 10,
        **more,
    }


def dropped(
    spark: SparkSession, rows: list[dict[str, Any]], over: str = "all"
) -> dict[int, tuple[str, str]]:
    frame = spark.createDataFrame(pa.Table.from_batches([KEYS.batch(rows)]), KEYS.spark)
    config = UrlDedupConfig(over=over)  # type: ignore[arg-type]
    found = find_older_versions(frame, config).collect()
    verdicts = {row["position"]: (row["drop_reason"], row["keeper"]) for row in found}
    assert len(verdicts) == len(found)
    return verdicts


def test_the_newest_version_stays(spark: SparkSession) -> None:
    rows = [key("a", 1), key("b", 3), key("c", 2), key("d", 1, url=2)]
    gone = dropped(spark, rows)
    assert gone == {97: ("older_version", "b"), 99: ("older_version", "b")}


def test_equal_times_are_settled_by_doc_id_and_no_time_is_oldest(spark: SparkSession) -> None:
    gone = dropped(spark, [key("c", 2), key("b", 2), key("a", None)])
    assert gone == {99: ("older_version", "b"), 97: ("older_version", "b")}


def test_pages_without_a_url_are_never_versions_of_each_other(spark: SparkSession) -> None:
    assert dropped(spark, [key("a", 1, url=None), key("b", 2, url=None)]) == {}


def test_a_rejected_newest_version_keeps_older_ones_out_unless_only_kept_count(
    spark: SparkSession,
) -> None:
    rows = [key("a", 1), key("b", 2, drop_reason="too_few_words")]
    assert dropped(spark, rows) == {97: ("older_version", "b")}
    assert dropped(spark, rows, over="kept") == {}


def test_a_fetch_that_failed_technically_is_no_version(spark: SparkSession) -> None:
    rows = [key("a", 1), key("b", 2, drop_reason="error_status", is_version=False)]
    assert dropped(spark, rows) == {}


def test_a_record_that_is_listed_twice_stays_once(spark: SparkSession) -> None:
    rows = [key("a", 1, position=8), key("a", 1, position=7), key("a", 1, position=9)]
    assert dropped(spark, rows) == {8: ("repeated_record", "a"), 9: ("repeated_record", "a")}


def test_a_kept_copy_stays_wherever_a_rejected_one_of_the_same_record_lies(
    spark: SparkSession,
) -> None:
    rejected: dict[str, Any] = {"drop_reason": "too_few_words"}
    assert dropped(spark, [key("a", 1, position=1, **rejected), key("a", 1, position=2)]) == {}
    assert dropped(spark, [key("a", 1, position=2, **rejected), key("a", 1, position=1)]) == {}


def test_which_copy_stays_is_settled_by_what_shards_would_hold(spark: SparkSession) -> None:
    for first, second in ((1, 2), (2, 1)):
        rows = [key("a", 1, position=first, row_hash=9), key("a", 1, position=second, row_hash=3)]
        assert dropped(spark, rows) == {first: ("repeated_record", "a")}


def test_a_curated_page_stays_before_any_newer_crawled_one(spark: SparkSession) -> None:
    rows = [key("a", None, curated=True), key("b", 5), key("c", 1, curated=True)]
    assert dropped(spark, rows) == {
        97: ("older_version", "c"),
        98: ("older_version", "c"),
    }


def test_repeats_of_an_older_version_all_go(spark: SparkSession) -> None:
    rows = [key("a", 1, position=1), key("a", 1, position=2), key("b", 2)]
    assert dropped(spark, rows) == {
        1: ("older_version", "b"),
        2: ("repeated_record", "a"),
    }


def naive(rows: list[dict[str, Any]]) -> set[str]:
    """The doc_ids that stay, by the definition; doc_ids are unique here."""
    stay = set()
    for row in rows:
        rivals = [
            r for r in rows if r["url_hash"] == row["url_hash"] is not None and r["is_version"]
        ]
        best = min(
            rivals or [row],
            key=lambda r: (-(r["fetched_at"].timestamp() if r["fetched_at"] else 0), r["doc_id"]),
        )
        if row["drop_reason"] is None and best["doc_id"] == row["doc_id"]:
            stay.add(row["doc_id"])
    return stay


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_any_order_and_partitioning_gives_the_definition(
    spark: SparkSession, partitions: int
) -> None:
    dice = random.Random(5)
    fates: list[dict[str, Any]] = [
        {},
        {},
        {"drop_reason": "too_few_words"},
        {"drop_reason": "redirect", "is_version": False},
    ]
    rows = [
        key(
            f"{number:04d}",
            dice.choice([None, 1, 2, 3]),
            url=dice.choice([None, *range(60)]),
            position=number,
            **dice.choice(fates),
        )
        for number in range(400)
    ]
    expected = naive(rows)
    dice.shuffle(rows)
    with runs.shuffle_partitions(spark, partitions):
        gone = dropped(spark, rows)
    kept = {r["doc_id"] for r in rows if r["drop_reason"] is None and r["position"] not in gone}
    assert kept == expected


def test_keys_of_a_batch() -> None:
    batch = REJECT.batch(
        [
            {
                "doc_id": "a",
                "position": 1,
                "order_key": 2,
                "input": "i",
                "file": "f",
                "text": "é",
                "drop_reason": reason,
            }
            for reason in ("too_few_words", "redirect")
        ]
    )
    batch = batch.append_column("url_hash", pa.array([7, 7], pa.int64()))
    kept, failed = keys_batch(batch).to_pylist()
    assert (kept["is_version"], failed["is_version"]) == (True, False)
    assert kept["text_bytes"] == 2
    assert -(2**63) <= kept["url_hash"] < 2**63
    assert kept["url_hash"] == failed["url_hash"] != kept["text_hash"]
