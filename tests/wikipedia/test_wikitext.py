from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.wikipedia import dump as dumps_module
from curation.wikipedia.dump import Dump
from curation.wikipedia.page_xml import articles
from curation.wikipedia.wikitext import links
from tests.wikipedia import dumps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see http://a.org/x, or (http://b.org/y).", ["http://a.org/x", "http://b.org/y"]),
        ("http://a.org/x_(y) and http://a.org/z!", ["http://a.org/x_(y)", "http://a.org/z"]),
        ("[http://a.org/x. text] [HTTPS://b.org]", ["http://a.org/x.", "https://b.org"]),
        ("[//a.org/x text] // no [// no] a//b.org", ["//a.org/x"]),
        ("<ref>{{cite web |url= http://a.org/?q=1&b=2|title=x}}</ref>", ["http://a.org/?q=1&b=2"]),
        ("{{cite|url=//a.org/p|archive-url=https://b.org/}}", ["//a.org/p", "https://b.org/"]),
        ("http://a.org/''x'' http://b.org<br>", ["http://a.org/", "http://b.org"]),
        ("http://a.org/?a=1&amp;b=&#61;&#x41;&nbsp;", ["http://a.org/?a=1&b==A&nbsp"]),
        ("<!-- http://a.org --> http://b.org <nowiki>http://c.org</nowiki>", ["http://b.org"]),
        ("<pre>http://a.org</pre><!-- http://b.org", []),
        ("ftp://a.org mailto:x@a.org xhttp://a.org", []),
        (
            "http://web.archive.org/web/1/http://a.org/x",
            ["http://web.archive.org/web/1/http://a.org/x"],
        ),
        ("http://é.org/ü http:// [http://]", ["http://é.org/ü"]),
    ],
)
def test_links_of_a_text(text: str, expected: list[str]) -> None:
    assert [url.decode() for url in links(text.encode())] == expected


TEXTS = st.text(st.sampled_from("ab &<>\"'[]{};#é€😀/\n"), max_size=30)


@given(texts=st.lists(TEXTS, max_size=5), size=st.integers(5, 400))
def test_texts_of_articles_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int
) -> None:
    content = dumps.xml(dumps.page(number, text) for number, text in enumerate(texts))
    file = dumps.write(tmp_path_factory.mktemp("xml") / "pages.xml", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dumps_module, "PIECE_BYTES", size)
        found = list(articles(Dump(file)))
    assert found == [(number, text.encode()) for number, text in enumerate(texts)]


def test_only_articles_that_are_no_redirects_count(tmp_path: Path) -> None:
    pages = [
        dumps.page(1, "a"),
        dumps.page(2, "talk", namespace=1),
        dumps.page(3, "#REDIRECT [[a]]", redirect=True),
        dumps.page(4, "").replace("></text>", " />"),
        dumps.page(5, "x &lt;redirect> </page> <text>").replace("1005", "5"),
    ]
    file = dumps.write(tmp_path / "pages.xml.bz2", dumps.xml(pages))
    found = list(articles(Dump(file)))
    assert found == [(1, b"a"), (4, b""), (5, b"x &lt;redirect> </page> <text>")]
