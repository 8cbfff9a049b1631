from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.extraction_engines import Result
from benchmarks.extraction_scores import (
    Kept,
    Scores,
    Segments,
    Tokens,
    ratios,
    score,
    score_code,
    score_formulas,
    score_segments,
    score_tokens,
    tokens,
)
from benchmarks.extraction_tables import make_tables
from benchmarks.gold import Gold, GoldPage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop, it's 3.5 km_h!", ["Don", "t", "stop", "it", "s", "3", "5", "km_h"]),
        ("Zażółć gęślą", ["Zażółć", "gęślą"]),
        ("Cafe\u0301", ["Café"]),
        ("水车 mill2号", ["水", "车", "mill2", "号"]),
        ("カタカナー", ["カ", "タ", "カ", "ナ", "ー"]),
        ("กังหัน", ["ก", "\u0e31", "ง", "ห", "\u0e31", "น"]),
        ("물레방아가 돈다", ["물레방아가", "돈다"]),
        ("𠀋x", ["𠀋", "x"]),
        ("", []),
    ],
)
def test_tokens_are_words_and_characters_of_scripts_without_spaces(
    text: str, expected: list[str]
) -> None:
    assert tokens(text) == expected


def test_tokens_are_compared_as_multisets() -> None:
    # Common: a once, b once. Three tokens found, four wanted.
    assert score_tokens("a b c", "b a a d") == Tokens(recall=2 / 4, precision=2 / 3, f1=4 / 7)


def test_a_token_counts_as_often_as_both_have_it() -> None:
    assert score_tokens("a a a", "a a") == Tokens(recall=1.0, precision=2 / 3, f1=4 / 5)


def test_case_matters_and_punctuation_does_not() -> None:
    assert score_tokens("mill, Wheel", "mill wheel.") == Tokens(recall=0.5, precision=0.5, f1=0.5)


def test_no_text_has_no_share_of_anything() -> None:
    assert score_tokens("", "a b") == Tokens(recall=0.0, precision=0.0, f1=0.0)


def test_of_a_partial_answer_only_recall_counts() -> None:
    assert score_tokens("a b c d", "a x", partial=True) == Tokens(0.5, None, None)


def test_segments_are_found_whatever_white_space_they_have() -> None:
    text = "The wheel\n\nturns when\u00a0the sluice  is open."
    inside = ["wheel turns", " when the sluice ", "sluice is shut"]
    outside = ["Imprint", "sluice is\nopen."]
    assert score_segments(text, inside, outside) == Segments(
        found=2, missed=1, intruding=1, kept_out=1
    )


def test_nothing_is_in_an_empty_text() -> None:
    assert score_segments("", ["a"], ["b", "c"]) == Segments(0, 1, 0, 2)


def test_ratios_are_those_of_a_confusion_matrix() -> None:
    assert ratios(Segments(found=6, missed=2, intruding=3, kept_out=9)) == (6 / 9, 6 / 8, 12 / 17)
    assert ratios(Segments(found=0, missed=2, intruding=0, kept_out=1)) == (0.0, 0.0, 0.0)


def test_code_is_kept_exactly_or_but_for_the_ends_of_lines() -> None:
    text = "Run\n\nif a:\n    b()  \nelse:\n    c()\n"
    blocks = [
        "if a:\n    b()  \nelse:",  # as it is
        "if a:  \n    b()\nelse:",  # ends of lines differ
        "if a:\nb()\nelse:",  # indentation is lost
    ]
    assert score_code(text, blocks) == Kept(number=3, exact=1, loose=2)


def test_formulas_are_kept_exactly_or_but_for_white_space() -> None:
    text = "Let \\frac{a}{b} = c and x^{2}"
    formulas = ["\\frac{a}{b} = c", "\\frac{a}{b}=c", "x ^ {2}", "y"]
    assert score_formulas(text, formulas) == Kept(number=4, exact=1, loose=3)


def test_formulas_of_a_page_are_counted_by_kind() -> None:
    gold = Gold(code=["f(x)"], formulas=[("inline", "x^2"), ("display", "y"), ("inline", "z")])
    found = score("x^2 and f(x)", gold)
    assert found.kept == {"code": Kept(1, 1, 1), "display": Kept(1, 0, 0), "inline": Kept(2, 1, 1)}
    assert found.value == 2 / 4


def test_characters_of_a_script_are_counted() -> None:
    assert score("Mühle и мельница", Gold(script="\u0400-\u04ff")) == Scores(script=9)


@pytest.mark.parametrize(
    ("gold", "value"),
    [
        (Gold(text="a b c"), 4 / 5),
        (Gold(text="a b c", inside=["z"]), 4 / 5),
        (Gold(text="a c", partial=True), 1 / 2),
        (Gold(inside=["a", "z"], outside=["b"]), 1 / 2),
        (Gold(code=["a b"], formulas=[("inline", "ab"), ("inline", "b")]), 2 / 3),
        (Gold(script="b"), 1),
        (Gold(script="z"), 0),
    ],
)
def test_a_page_is_ranked_by_one_figure(gold: Gold, value: float) -> None:
    assert score("a b", gold).value == value


def page(number: int, lang: str) -> GoldPage:
    return GoldPage(
        id=f"mill-{number}",
        set="mill",
        lang=lang,
        kind="?",
        url="https://mill.example/",
        stated_charset="utf-8",
        warc=Path("mill.warc.gz"),
        offset=0,
        gold=Gold(),
    )


def result(cpu_s: float, scores: Scores, failure: str | None = None) -> Result:
    return Result(chars=0 if failure else 9, cpu_s=cpu_s, failure=failure, scores=scores)


def rows(title: str, *results: Result) -> Sequence[dict[str, object]]:
    visited = [(page(number, "en"), {"wheel": found}) for number, found in enumerate(results)]
    return next(table.rows for table in make_tables(visited) if table.title.startswith(title))


def test_segments_of_pages_are_added_up_before_they_are_divided() -> None:
    first, second = Scores(segments=Segments(3, 1, 0, 2)), Scores(segments=Segments(0, 2, 1, 1))
    found = rows("Segments", result(1, first), result(1, second, "ValueError"))[0]
    assert [found[name] for name in ("pages", "failed", "empty")] == [2, 1, 0]
    assert [found[name] for name in ("TP", "FN", "FP", "TN")] == [3, 3, 1, 3]
    assert [found[name] for name in ("precision", "recall", "F1")] == [3 / 4, 3 / 6, 6 / 10]


def test_shares_of_tokens_are_means_over_pages() -> None:
    first, second = Scores(tokens=Tokens(0.5, 1.0, 0.75)), Scores(tokens=Tokens(1.0, 0.5, 0.25))
    found = rows("Whole texts, by tokens", result(1, first), result(1, second))[0]
    assert [found[name] for name in ("precision", "recall", "F1")] == [0.75, 0.75, 0.5]


def test_what_is_kept_is_added_up_by_kind_and_over_formulas() -> None:
    first = Scores(kept={"code": Kept(4, 2, 3), "display": Kept(1, 0, 1), "inline": Kept(3, 1, 2)})
    second = Scores(kept={"inline": Kept(1, 1, 1)})
    found = rows("Code and formulas", result(1, first), result(1, second))
    assert [(row["kind"], row["number"], row["exact"], row["loose"]) for row in found] == [
        ("code", 4, 2 / 4, 3 / 4),
        ("display", 1, 0.0, 1.0),
        ("inline", 4, 2 / 4, 3 / 4),
        ("all formulas", 5, 2 / 5, 4 / 5),
    ]


def test_speed_is_pages_over_all_their_cpu_time() -> None:
    found = rows("Speed", result(0.1, Scores()), result(0.3, Scores()))[0]
    assert found["pages per CPU s"] == pytest.approx(5.0)
    assert [found[f"{name} ms"] for name in ("p50", "p99", "max")] == pytest.approx([200, 298, 300])


def test_languages_have_rows_of_their_own_the_most_frequent_first() -> None:
    scores = Scores(tokens=Tokens(1.0, 1.0, 1.0))
    langs = ["el", "zh", "zh"]
    visited = [(page(n, lang), {"wheel": result(1, scores)}) for n, lang in enumerate(langs)]
    table = next(found for found in make_tables(visited) if found.title.endswith("by language"))
    assert [(row["lang"], row["pages"]) for row in table.rows] == [("zh", 2), ("el", 1)]
