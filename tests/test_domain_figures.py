"""Judged pages in, figures of the rule out (`benchmarks.quality.domains`)."""

from __future__ import annotations

from collections import Counter

from benchmarks.quality.domains import Judged, by_source, confused, read_judged

PAGES = [
    Judged("a", "web", ("code",), "code", 0.9, 0.0),
    Judged("b", "web", ("code", "math"), "math", 0.5, 0.9),
    Judged("c", "web", ("code", "prose"), "math", 0.1, 0.9),
    Judged("d", "web", ("prose",), "prose", 0.1, 0.1),
    Judged("e", "docs", ("math",), "prose", 0.1, 0.1, "fresh"),
]


def test_of_a_page_that_is_two_things_either_is_right() -> None:
    assert [page.true for page in PAGES] == ["code", "math", "code", "prose", "math"]


def test_rows_are_of_sources_sets_halves_and_all() -> None:
    rows = {row["source"]: row for row in by_source(PAGES)}
    parts = ["half 0", "half 1", "first", "fresh", "first, one thing", "fresh, one thing", "all"]
    assert [name for name in rows if name not in ("half 0", "half 1")] == [
        *("docs", "web"),
        *parts[2:],
    ]
    assert rows["web"]["right"] == 0.75
    assert (rows["web"]["code precision"], rows["web"]["code recall"]) == (1.0, 0.5)
    assert (rows["all"]["math pages"], rows["all"]["math precision"]) == (2, 0.5)
    halves = [rows[name]["pages"] for name in parts[:2] if name in rows]
    assert sum(halves) == rows["first"]["pages"] == len(PAGES) - 1
    assert (rows["fresh"]["pages"], rows["first, one thing"]["pages"]) == (1, 2)


def test_what_is_taken_for_what() -> None:
    assert {(row["is"], row["called"]): row["pages"] for row in confused(PAGES)} == {
        ("code", "code"): 1,
        ("code", "math"): 1,
        ("math", "math"): 1,
        ("math", "prose"): 1,
        ("prose", "prose"): 1,
    }


def test_judgements_name_domains_alone() -> None:
    judged = read_judged()
    assert Counter(of for _, of in judged.values()) == {"first": 706, "fresh": 200}
    assert {name for names, _ in judged.values() for name in names} == {"code", "math", "prose"}
