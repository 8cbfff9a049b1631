from __future__ import annotations

import lxml.etree
import lxml.html

from curation.extract.lines import KindsOnPage, Line, render
from schemas.line_kind import LineKind

BLOCKS = {
    **dict.fromkeys(("body", "p", "table", "row", "cell", "list")),
    "head": LineKind.HEADING,
    "item": LineKind.LIST_ITEM,
}


def rendered(markup: str) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in render(lxml.etree.fromstring(markup), BLOCKS)]


def test_each_block_is_a_line_of_its_kind() -> None:
    assert rendered(
        "<body><head>The mill</head><p>It  <hi>turns</hi>\n now.</p>"
        "<list><item>one</item><item>two<p>more of two</p></item></list>loose</body>"
    ) == [
        ("h", "The mill"),
        ("p", "It turns now."),
        ("l", "one"),
        ("l", "two"),
        ("l", "more of two"),
        ("p", "loose"),
    ]


def test_a_row_is_one_line_unless_it_lays_out_a_page() -> None:
    assert rendered(
        "<body><table>"
        "<row><cell>a</cell><cell/><cell><p>b</p></cell></row>"
        "<row><cell>alone</cell></row>"
        "<row><cell><head>Left</head><p>text</p></cell><cell>right</cell></row>"
        "<row><cell><table><row><cell>in</cell><cell>side</cell></row></table></cell></row>"
        "</table></body>"
    ) == [
        ("t", "a |  | b"),
        ("p", "alone"),
        ("h", "Left"),
        ("p", "text"),
        ("p", "right"),
        ("p", "in"),
        ("p", "side"),
    ]


def test_deep_trees_do_not_recurse() -> None:
    body = lxml.etree.Element("body")
    inner = body
    for _ in range(5_000):
        inner = lxml.etree.SubElement(inner, "p")
    inner.text = "deep"
    assert render(body, BLOCKS) == [Line(LineKind.PROSE, "deep")]


def test_kinds_are_those_of_the_page_by_their_words() -> None:
    page = lxml.html.document_fromstring(
        f"<h2>The  <i>mill</i></h2><ul><li>one</li><li>{'long ' * 30}</li></ul><p>one two</p>"
    )
    kinds = KindsOnPage(page)
    lines = [
        Line(LineKind.PROSE, text) for text in ("The mill", "one", "long " * 30, "one two", "mill")
    ]
    assert [kinds.of(line).kind for line in lines] == ["h", "l", "l", "p", "p"]
    assert kinds.of(Line(LineKind.TABLE, "one")).kind == "t"
