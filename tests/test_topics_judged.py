"""Figures of topics beside judged pages."""

from __future__ import annotations

from benchmarks.quality.topics import Judged, accuracy, at_least, by_label, confused

_PAGES = [
    Judged("a", "news", ("law", "politics"), "law", 0.9, "tuned"),
    Judged("b", "news", ("law", "politics"), "politics", 0.7, "seen"),
    Judged("c", "shop", ("food",), "law", 0.5, "unseen"),
    Judged("d", "shop", ("food",), "law", 0.5, "unseen"),
    Judged("e", "shop", ("food", "travel"), "travel", 0.5, "unseen"),
    Judged("f", "shop", ("travel",), "food", 0.5, "unseen"),
]


def test_the_second_topic_counts_apart() -> None:
    of_all = list(accuracy(_PAGES))[-1]
    assert of_all["pages"] == 6
    assert str(of_all["first"]).startswith("0.167 (")
    assert str(of_all["first or second"]).startswith("0.500 (")
    # law: one hit of two pages and three calls; food and travel: none
    assert str(of_all["macro-F1"]).startswith("0.133 (")


def test_precision_takes_either_topic_recall_the_first() -> None:
    law = next(row for row in by_label(_PAGES) if row["label"] == "law")
    assert (law["pages"], law["called"], law["recall"]) == (2, 3, 0.5)
    assert round(law["precision"], 3) == 0.333
    travel = next(row for row in by_label(_PAGES) if row["label"] == "travel")
    assert (travel["precision"], travel["recall"]) == (1.0, 0.0)


def test_a_least_score_leaves_a_share_of_the_pages() -> None:
    row = next(row for row in at_least(_PAGES) if row["least score"] == 0.7)
    assert (row["share of pages"], row["first"], row["first or second"]) == (2 / 6, 0.5, 1.0)


def test_only_pairs_that_are_wrong_twice_are_told() -> None:
    assert list(confused(_PAGES)) == [{"is": "food", "called": "law", "pages": 2}]
