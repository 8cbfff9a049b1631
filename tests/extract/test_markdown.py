from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.extract.lines import Line
from curation.extract.markdown import plain, without_markers
from schemas.line_kind import LineKind


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("a **bold** word", "a bold word"),
        ("**all of it**", "all of it"),
        ("***both***, *one*, _one_, __two__", "both, one, one, two"),
        ("**bold with *less* in it**", "bold with less in it"),
        ("**uses snake_case here**", "uses snake_case here"),
        ("see [the manual](https://a.example/x_(y)_z) now", "see the manual now"),
        ('![a wheel](wheel.png "The wheel") turns', "a wheel turns"),
        ("**[linked](x)**", "linked"),
        ("~~gone~~", "gone"),
        (
            "the _real_ reason, _NOT_ that, _all_ of us, __bold__ too",
            "the real reason, NOT that, all of us, bold too",
        ),
        ("这是**重点**内容", "这是重点内容"),
        ("call `f(**kwargs)` or ``a*b*c``", "call f(**kwargs) or a*b*c"),
    ],
)
def test_markers_go_and_words_stay(marked: str, words: str) -> None:
    assert plain(marked) == words


@pytest.mark.parametrize(
    "text",
    [
        "f**k and s**t",
        "2*3*4 and 2 ** 3 ** 4",
        "snake_case_name and a_b",
        "Price* and terms* apply",
        "* not bold",
        "a [note] (in brackets)",
        "C# and F# and #1",
        "x < y_i and y_j > z",
        "rating: ***",
        "one ` alone",
        "debhello/__init__.py and __slots__ or __FILE__ but __init__",
        "PyObject *PyWrapper_New(PyObject*, int) of any[0..*, 0..*]",
        'find ".*book.*" in *.py and *.txt',
        "call fs[method]() or x[0](y)",
        "a [1](note) at the foot",
        "<foo>_<Version>-<Rev>_<Arch>.deb",
        "either `start', `stop' or `reload'",
        "mu`atu ku`ambata",
        "f(*args, **kwargs) and g(*args, **kwargs)",
        "a * b * c, 5 * 3 * 2",
        "the pattern *.c or /* a */ and /* b */",
        "__my_func__ of __declspec__",
    ],
)
def test_what_is_no_marker_stays(text: str) -> None:
    assert plain(text) == text


def prose(*texts: str) -> list[Line]:
    return [Line(LineKind.PROSE, text) for text in texts]


def test_headings_lose_their_hashes() -> None:
    assert without_markers(
        prose("## The mill ##", "#1 of the list", "####### seven", "# of people: 5")
    ) == [
        (LineKind.HEADING, "The mill"),
        (LineKind.PROSE, "#1 of the list"),
        (LineKind.PROSE, "####### seven"),
        (LineKind.PROSE, "# of people: 5"),
    ]


def test_bullets_go_where_there_are_several() -> None:
    lines = prose("* one", "* two", "text", "- a dash before speech", "text")
    assert without_markers(lines) == [
        (LineKind.LIST_ITEM, "one"),
        (LineKind.LIST_ITEM, "two"),
        (LineKind.PROSE, "text"),
        (LineKind.PROSE, "- a dash before speech"),
        (LineKind.PROSE, "text"),
    ]


def test_fenced_lines_are_code_and_stay() -> None:
    lines = prose("Run", "```python", "x = **y**", "# a comment", "```", "**then** stop")
    assert without_markers(lines) == [
        (LineKind.PROSE, "Run"),
        (LineKind.CODE, "x = **y**"),
        (LineKind.CODE, "# a comment"),
        (LineKind.PROSE, "then stop"),
    ]


def test_rules_and_table_rulers_go() -> None:
    assert without_markers(prose("a", "---", "* * *", "|---|:--|", "b")) == prose("a", "b")


def test_a_stray_fence_inverts_nothing() -> None:
    lines = prose("```", "prose", "```js", "var x", "```", "~~~", "more prose")
    kinds = [line.kind for line in without_markers(lines)]
    assert kinds == ["p", "p", "c", "p", "p"]


def test_rows_of_a_table_and_numbers_with_signs_stay() -> None:
    rows = [Line(LineKind.TABLE, "- | -"), Line(LineKind.TABLE, "x | -")]
    assert without_markers(rows) == rows
    numbers = prose("- 5 °C in the morning", "- 3 °C at noon")
    assert without_markers(numbers) == numbers


def test_a_fence_that_is_never_closed_is_left_alone() -> None:
    assert without_markers(prose("a", "```", "**b**")) == prose("a", "```", "b")


@given(st.text(alphabet="ab*_~`[]()# \t!1", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    outside_links = text if "](" not in text else ""
    letters = [c for c in outside_links if c in "ab1"]
    assert [c for c in plain(outside_links) if c in "ab1"] == letters


@pytest.mark.parametrize(
    "marker", ["**", "__", "`", "[](", "[x](", "*a ", "**a*", "_a", "~~", "![", "**_"]
)
def test_a_million_markers_take_linear_time(marker: str) -> None:
    without_markers(prose(marker * 200_000))
