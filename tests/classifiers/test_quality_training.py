"""What the model `quality` is trained on: readers, rules of poor pages, halves."""

from __future__ import annotations

import bz2
import random
import struct

import pytest

from classifiers.training.quality_data import HALVES, is_prose
from classifiers.training.quality_material import recipe
from classifiers.training.quality_pages import KINDS, Draw, Stock, english
from classifiers.training.quality_readers import (
    catalogue,
    mail,
    pages,
    sayings,
    strings,
    unwrapped,
    wikitext,
)

_PROSE = ["The town was founded in 1852, and grew with the railway. It has two mills and a school."]


def test_an_article_loses_its_markup() -> None:
    page = """<text x="">'''Bees''' are [[insect|insects]].<ref>A</ref>{{box|a={{b}}}}
== Food ==
* [[Honey]] &lt;!-- no --&gt;
{| class="w"
| cell
|}
[[File:bee.jpg|thumb|A [[bee]]]]
== See also ==
* [[Wasp]]</text>"""
    redirect = '<text x="">#REDIRECT [[Bee]]</text>'
    found = list(wikitext(bz2.compress((page + redirect).encode())))
    assert found == [["Bees are insects.", "Food", "- Honey"]]


def test_lines_of_a_paragraph_are_joined_and_what_is_set_in_is_not() -> None:
    text = "One line\ngoes on.\n\n  a = 1\n  b = 2\n\n\nEnd."
    assert unwrapped(text) == ["One line goes on.", "  a = 1", "  b = 2", "End."]


def test_html_gives_a_line_per_block() -> None:
    page = b"<h1>Title</h1><p>One\nparagraph <b>here</b>.</p>Behind<script>x</script>"
    found = next(pages(page + b"<ul><li>a<li>b</ul>"))
    assert found == ["Title", "One paragraph here.", "Behind", "a", "b"]


def test_a_message_has_no_headers() -> None:
    message = b"From: a@b.example\nSubject: x\nContent-Type: text/plain\n\nHello,\nworld.\n"
    assert list(mail(message)) == [["Hello, world."]]


def test_sayings_are_parted_by_percent_signs() -> None:
    assert list(sayings(b"One.\n%\nTwo,\nthree.\n%\n")) == [["One.", "Two,", "three."]]


def _mo(pairs: dict[str, str]) -> bytes:
    """A catalogue as msgfmt makes it."""
    texts = [*map(str.encode, pairs), *map(str.encode, pairs.values())]
    start, tables = 28 + 8 * len(texts), b""
    for text in texts:
        tables += struct.pack("<2I", len(text), start)
        start += len(text) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + tables + b"".join(text + b"\0" for text in texts)


def test_a_catalogue_gives_originals_and_translations() -> None:
    content = _mo(
        {"": "Plural-Forms: broken(", "menu\4Home": "Accueil", "%d cat\0%d cats": "chat\0chats"}
    )
    assert catalogue(content) == {"Home": "Accueil", "%d cat": "chat"}


def test_strings_are_without_placeholders_and_sentences_by_themselves() -> None:
    found = strings(["Posted by %(name)s", "Save", "Save", "It was saved to your list.", "x" * 90])
    assert found == (["Posted by", "Save"], ["It was saved to your list."])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(_PROSE, True), ([*_PROSE, "Mills", "School"], False), ([_PROSE[0].strip(".")], False)],
)
def test_prose_has_long_lines_that_end_as_sentences(lines: list[str], expected: bool) -> None:
    assert is_prose(lines) is expected


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_rule_makes_the_same_page_of_the_same_seed(kind: str) -> None:
    stock = Stock(english(), _PROSE * 3, ["Hi there!"], ["Buy now."])
    first, again = (KINDS[kind](Draw(random.Random(7), stock)) for _ in range(2))
    assert first == again
    assert "".join(first).strip()
    assert not any("{" in line for line in first)


def test_halves_share_nothing_and_leave_nothing_out() -> None:
    _, of = recipe()
    sources = {part["source"] for part in [*of["prose"], *of["poor"]]}
    kinds = {part["kind"] for part in of["furniture"]} | {*english()} - {"site"}
    first, second = (half.without for half in HALVES)
    assert not first & second
    assert first | second == sources | kinds | {*KINDS}
