from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.urls import hash64, url_facts
from curation.wikipedia.cited import origin
from curation.wikipedia.links import citations


def keys(*urls: str | None) -> list[str]:
    """The canonical form of each link that counts."""
    found = citations(np.arange(len(urls)), pa.array(urls, pa.string()), is_article=True)
    return list(found["url_key"].to_pylist())


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://Example.com", "http://example.com/"),
        ("//example.com/a?b=2&a=1#c", "https://example.com/a?a=1&b=2"),
        ("http://example.com/a\u3000b", "http://example.com/a"),
        ("https://web.archive.org/web/20120102030405/http://a.org/x?y=1", "http://a.org/x?y=1"),
        ("//web.archive.org/web/2012/a.org/x", "http://a.org/x"),
        ("https://web.archive.org/web/2012id_/http:/a.org/x", "http://a.org/x"),
        ("https://web.archive.org/web/1/http%3A//a.org/x%3Fy%3D1", "http://a.org/x?y=1"),
        ("http://archive.today/2013.01.02-030405/https://a.org/", "https://a.org/"),
        ("http://www.webcitation.org/query?url=http%3A%2F%2Fa.org%2Fx&date=2009", "http://a.org/x"),
        ("http://wayback.archive-it.org/1/2/https://archive.ph/3/http://a.org/", "http://a.org/"),
        ("http://notarchive.is/2013/http://a.org/", "http://notarchive.is/2013/http://a.org/"),
        ("http://mywikipedia.org/", "http://mywikipedia.org/"),
    ],
)
def test_what_a_link_is_to(url: str, key: str) -> None:
    assert keys(url) == [key]


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.org/", "mailto:a@b.org", "http://", "https://[::x]/", "", None, "news:a.b"),
        *("http://en.wikipedia.org/w/index.php?title=A", "https://commons.wikimedia.org./x"),
        *("https://archive.is/AbCdE", "http://www.webcitation.org/5uKhyVna9"),
        "https://web.archive.org/web/2012/http://de.wikipedia.org/wiki/A",
    ],
)
def test_what_does_not_count(url: str | None) -> None:
    assert keys(url) == []


LABELS = st.text(st.sampled_from("abnx019-_é"), min_size=1, max_size=5)
PIECES = st.text(st.sampled_from("aZ0./-_~%2eE?&=:+@!;,()é #|"), max_size=12)
HTTP = st.builds(
    lambda scheme, labels, path: f"{scheme}://{'.'.join(labels)}{path}",
    st.sampled_from(["http", "https"]),
    st.lists(
        st.one_of(LABELS, st.sampled_from(["com", "xn--a", "127", "www", "org."])),
        min_size=1,
        max_size=4,
    ),
    st.one_of(st.just(""), PIECES.map(lambda text: f"/{text}"), st.just(":80/")),
)


@given(st.lists(HTTP, min_size=1, max_size=8))
def test_urls_are_those_of_documents(urls: list[str]) -> None:
    cut = [url.split(" ")[0] for url in urls]
    facts = [url_facts(url) for url in cut]
    found = citations(np.arange(len(urls)), pa.array(urls), is_article=True)
    known = [of for of in facts if of.url_key]
    assert found["url_key"].to_pylist() == [of.url_key for of in known]
    assert found["host"].to_pylist() == [of.host for of in known]
    assert found["url_hash"].to_pylist() == [hash64(str(of.url_key)) for of in known]


def test_a_page_cites_a_url_once_and_twins_are_known() -> None:
    urls = ["http://a.org/#x", "http://a.org/#y", "https://a.org/", "http://a.org/"]
    pages = np.array([1, 1, 1, 2])
    found = citations(pages, pa.array(urls), is_article=False).to_pylist()
    assert sorted((row["page"], row["url_key"]) for row in found) == [
        *((1, "http://a.org/"), (1, "https://a.org/"), (2, "http://a.org/"))
    ]
    hashes = {row["url_key"]: (row["url_hash"], row["twin_hash"]) for row in found}
    assert hashes["http://a.org/"] == hashes["https://a.org/"][::-1]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("https://com.example.www.", "https://www.example.com"),
        ("http://uk.co.bbc.:8080", "http://bbc.co.uk:8080"),
        ("//org.a.", "//a.org"),
        ("http://V4.192.168.0.1.", "http://192.168.0.1"),
        ("http://V6.2001.DB8.0.0.0.0.0.1.", "http://[2001:db8::1]"),
        ("mailto:org.a.@b", None),
        ("ftp://org.a.", None),
        ("https://V6.x.", "https://[]"),
    ],
)
def test_hosts_that_an_index_has_reversed(index: str, expected: str | None) -> None:
    assert origin(index) == expected
