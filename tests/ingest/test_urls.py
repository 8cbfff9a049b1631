"""Canonical forms, hosts and sites of URLs."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.ingest.urls import UrlFacts, hash64, url_facts


@pytest.mark.parametrize(
    ("url", "url_key"),
    [
        ("HTTP://EXAMPLE.Com/Path", "http://example.com/Path"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:80/", "http://example.com/"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("http://example.com/a#part", "http://example.com/a"),
        ("http://example.com/a#", "http://example.com/a"),
        ("http://example.com/a?", "http://example.com/a"),
        ("http://example.com/?&&", "http://example.com/"),
        ("http://example.com/?b=2&a=1&b=1&a=1", "http://example.com/?a=1&a=1&b=1&b=2"),
        ("http://example.com/?q=1&utm_source=x&UTM_Medium=y", "http://example.com/?q=1"),
        ("http://example.com/?gclid=1&fbclid&PHPSESSID=2", "http://example.com/"),
        ("http://example.com/?aspsessionidabc=1&x", "http://example.com/?x"),
        ("http://example.com/?gclids=1&xutm_a=2", "http://example.com/?gclids=1&xutm_a=2"),
        ("http://example.com/??b&?a", "http://example.com/??a&?b"),
        ("http://example.com/a/./b/../c/%2e%2e/d", "http://example.com/a/d"),
        ("http://example.com/a b\tc", "http://example.com/a%20bc"),
        ("http:\\\\example.com\\a", "http://example.com/a"),
        ("  http://example.com/é?ü  ", "http://example.com/%C3%A9?%C3%BC"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://user:secret@example.com/", "http://user:secret@example.com/"),
        ("http://[2001:DB8::0:1]:80/", "http://[2001:db8::1]/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://example.com./", "http://example.com./"),
        ("ftp://example.com/a", "ftp://example.com/a"),
    ],
)
def test_the_canonical_form(url: str, url_key: str) -> None:
    assert url_facts(url).url_key == url_key


@pytest.mark.parametrize(
    ("url", "host", "site"),
    [
        ("http://a.b.example.co.uk/", "a.b.example.co.uk", "example.co.uk"),
        ("http://a.foo.github.io/", "a.foo.github.io", "foo.github.io"),
        ("http://bar.github.io/", "bar.github.io", "bar.github.io"),
        ("http://bücher.example.de/", "xn--bcher-kva.example.de", "example.de"),
        ("http://user@www.example.com:99/", "www.example.com", "example.com"),
        ("http://www.example.com./", "www.example.com.", "example.com"),
        ("http://127.0.0.1/", "127.0.0.1", "127.0.0.1"),
        ("http://[::1]/", "[::1]", "[::1]"),
        ("http://localhost/", "localhost", "localhost"),
        ("http://co.uk/", "co.uk", "co.uk"),
    ],
)
def test_host_and_site(url: str, host: str, site: str) -> None:
    facts = url_facts(url)
    assert (facts.host, facts.site) == (host, site)


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", " ", "http://", "http://a b/", "http://[::1", "http://x:99999/", "/relative"),
        *("www.example.com", "//example.com/", "mailto:a@example.com", "javascript:alert(1)"),
        *("data:text/html,x", "file:///etc/passwd", "http://\ud800/", "http://%00/", "urn:uuid:1"),
    ],
)
def test_what_no_browser_opens_has_no_facts(url: str | None) -> None:
    assert url_facts(url) == UrlFacts(None, None, None)


def urls() -> st.SearchStrategy[str]:
    """Anything from plain text to what is nearly a URL."""
    hosts = st.sampled_from(["x.com", "[::1]", "é.com", "xn--", "1.2.3"]) | st.text(max_size=10)
    query = st.text(alphabet="?&=utm_source aébA%'\"+#;", max_size=25)
    return st.text() | st.builds(
        "{}{}/{}?{}#f".format,
        st.sampled_from(["http://", "HTTPS://u:p@", "foo://", "http:", "//"]),
        hosts,
        st.text(max_size=10),
        query,
    )


@settings(max_examples=1000, deadline=None)
@given(urls())
@example("http://x.com/??")
@example("http://x.com/??utm_source=1")
def test_the_canonical_form_is_its_own_canonical_form(url: str) -> None:
    facts = url_facts(url)
    assert url_facts(facts.url_key) == facts
    assert (facts.url_key is None) == (facts.host is None) == (facts.site is None)


def test_hashes_are_signed_and_in_the_order_of_xxh3() -> None:
    assert hash64("") == 0x2D06800538D394C2 - (1 << 63)  # XXH3's published value of nothing
    assert hash64("a") != hash64("a", seed=1)


@given(st.text(), st.integers(0, (1 << 64) - 1))
def test_hashes_fit_64_signed_bits(text: str, seed: int) -> None:
    assert -(1 << 63) <= hash64(text, seed=seed) < 1 << 63
