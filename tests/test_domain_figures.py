"""Judged pages in, figures of the rule out (`benchmarks.quality.domains`)."""

from __future__ import annotations

from benchmarks.quality.domains import Judged, by_source, confused, read_judged

PAGES = [
    Judged("a", "web", ("code",), "code", 0.9, 0.0),
    Judged("b", "web", ("code", "math"), "math", 0.5, 0.9),
    Judged("c", "web", ("code", "prose"), "math", 0.1, 0.9),
    Judged("d", "web", ("prose",), "prose", 0.1, 0.1),
    Judged("e", "docs", ("math",), "prose", 0.1, 0.1),
]


def test_of_a_page_that_is_two_things_either_is_right() -> None:
    assert [page.true for page in PAGES] == ["code", "math", "code", "prose", "math"]


def test_rows_are_of_sources_halves_and_all() -> None:
    rows = {row["source"]: row for row in by_source(PAGES)}
    assert list(rows) == ["docs", "web", "half 0", "half 1", "all"]
    assert rows["web"]["right"] == 0.75
    assert (rows["web"]["code precision"], rows["web"]["code recall"]) == (1.0, 0.5)
    assert (rows["all"]["math pages"], rows["all"]["math precision"]) == (2, 0.5)
    assert rows["half 0"]["pages"] + rows["half 1"]["pages"] == len(PAGES)


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
    assert len(judged) == 706
    assert {name for names in judged.values() for name in names} == {"code", "math", "prose"}
