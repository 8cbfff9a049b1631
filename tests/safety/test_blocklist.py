"""What is on a list, and what a page that is on one becomes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.pages import PAGE
from curation.ingest.urls import url_facts
from curation.safety.blocklist.batch import block_batch
from curation.safety.blocklist.bundled import bundled_table
from curation.safety.blocklist.compile import compile_sources
from curation.safety.blocklist.config import BlocklistConfig, ListFile, bundled_categories
from curation.safety.blocklist.lines import Entry, read_line
from curation.safety.blocklist.match import BlockList, block_list, find_blocked
from curation.safety.blocklist.sources import Source
from curation.safety.blocklist.table import write


def a_list(
    lines: str, allow: str = "", *, more: dict[str, str] | None = None, of: list[str] | None = None
) -> BlockList:
    """Lines of category `bad`, and what is allowed."""
    texts = {"bad": lines, "allow": allow, **(more or {})}
    sources = [Source(name, name, False, text.encode()) for name, text in texts.items()]
    return block_list(compile_sources(sources).table, of)


def told(lists: list[BlockList], *urls: str | None) -> list[str | None]:
    """What is said of each URL; None where it is not blocked."""
    facts = [url_facts(url) for url in urls]
    hosts = pa.array([f.host for f in facts], pa.string())
    keys = pa.array([f.url_key for f in facts], pa.string())
    found = find_blocked(hosts, keys, lists)
    said = dict(zip(found.rows.tolist(), found.details, strict=True))
    return [said.get(row) for row in range(len(urls))]


@pytest.mark.parametrize(
    ("entry", "url", "matched"),
    [
        ("casino.example", "https://casino.example/", "casino.example"),
        ("casino.example", "https://a.www.casino.example/x?y", "casino.example"),
        ("casino.example", "https://mycasino.example/", None),
        ("casino.example", "https://casino.example.org/", None),
        ("casino.example", "https://other.example/casino.example", None),
        ("a.casino.example", "https://casino.example/", None),
        ("CASINO.Example.", "HTTP://Casino.EXAMPLE/", "casino.example"),
        ("casino.example", "http://casino.example./", "casino.example"),
        ("casino.example.", "http://a.casino.example./", "casino.example"),
        ("casino.example", "http://casino.example:8080/", "casino.example"),
        ("casino.example", "http://user:secret@casino.example/", "casino.example"),
        ("casino.example", "http://casino.example@other.example/", None),
        ("casino.example:443", "http://casino.example:8080/", "casino.example"),
        ("*.casino.example", "http://casino.example/", "casino.example"),
        (".casino.example", "http://b.casino.example/", "casino.example"),
        ("||casino.example^", "http://b.casino.example/", "casino.example"),
        ("||bücher.example^", "http://BÜCHER.example/", "xn--bcher-kva.example"),
        ("bücher.example", "http://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "http://a.Bücher.example/", "xn--bcher-kva.example"),
        ("пример.рф", "http://xn--e1afmkfd.xn--p1ai/", "xn--e1afmkfd.xn--p1ai"),
        ("github.io", "https://me.github.io/", "github.io"),
        ("www.casino.example", "https://casino.example/", None),
        ("www.casino.example", "https://www.casino.example/", "www.casino.example"),
        ("my_casino.example", "https://my_casino.example/", "my_casino.example"),
        ("10.1.2.3", "http://10.1.2.3:99/", "10.1.2.3"),
        ("10.1.2.3", "http://0x0a010203/", "10.1.2.3"),
        ("10.1.2.3", "http://110.1.2.3/", None),
        ("2001:db8::1", "http://[2001:DB8:0::1]:80/", "[2001:db8::1]"),
        ("casino.example", "mailto:a@casino.example", None),
        ("casino.example", None, None),
    ],
)
def test_a_domain_blocks_itself_and_all_below_it(
    entry: str, url: str | None, matched: str | None
) -> None:
    assert told([a_list(entry)], url) == [matched and f"bad: {matched}"]


@pytest.mark.parametrize(
    ("entry", "url", "matched"),
    [
        ("host.example/a/b", "http://host.example/a/b", "host.example/a/b"),
        ("host.example/a/b", "http://host.example/a/b/c", "host.example/a/b"),
        ("host.example/a/b", "http://host.example/a/b?x=1", "host.example/a/b"),
        ("host.example/a/b", "http://host.example/a/bc", None),
        ("host.example/a/b", "http://host.example/a", None),
        ("host.example/a/b", "http://host.example/c/a/b", None),
        ("host.example/a/b/", "http://host.example/a/b", "host.example/a/b"),
        ("host.example/a/*", "http://host.example/a/b", "host.example/a"),
        ("host.example/~Me", "http://host.example/~me/", "host.example/~me"),
        ("host.example/a", "http://sub.host.example/a", None),
        ("host.example/a", "http://www.host.example/a", "host.example/a"),
        ("www.host.example/a", "http://host.example/a", "host.example/a"),
        ("https://host.example:8080/a", "http://host.example:9090/a", "host.example/a"),
        ("http://u:p@host.example/a", "http://v:q@host.example/a", "host.example/a"),
        ("host.example./a", "http://host.example/a", "host.example/a"),
        ("host.example/a", "http://host.example./a", "host.example/a"),
        ("host.example/x/../a", "http://host.example/a", "host.example/a"),
        ("host.example/x/%2e%2e/a", "http://host.example/a", "host.example/a"),
        ("host.example/a?b=1", "http://host.example/a?b=1&c=2", "host.example/a?b=1"),
        ("host.example/a?b=1", "http://host.example/a?b=12", None),
        ("host.example/a?c=2&b=1", "http://host.example/a?b=1&c=2", "host.example/a?b=1&c=2"),
        ("host.example/a?b=1&utm_source=x", "http://host.example/a?b=1", "host.example/a?b=1"),
        ("host.example/", "http://host.example/anything", "host.example/"),
        ("http://host.example", "http://host.example/", "host.example/"),
        ("http://host.example", "http://sub.host.example/", None),
        ("bücher.example/ä", "http://bücher.example/%C3%A4", "xn--bcher-kva.example/%c3%a4"),
        ("host.example//a", "http://host.example//a", "host.example//a"),
    ],
)
def test_a_url_blocks_what_starts_with_it(entry: str, url: str, matched: str | None) -> None:
    found = told([a_list(entry)], url)
    assert [text and text.lower() for text in found] == [matched and f"bad: {matched}"]


def test_a_url_without_a_path_is_the_host_and_none_below_it() -> None:
    one = a_list("http://host.example\nother.example/bad")
    urls = ["http://host.example/a", "http://sub.host.example/a", "http://other.example/bad/a"]
    facts = [url_facts(url) for url in urls]
    hosts, keys = ([getattr(f, name) for f in facts] for name in ("host", "url_key"))
    found = find_blocked(pa.array(hosts), pa.array(keys), [one])
    assert found.rows.tolist() == [0, 2]
    assert found.by_url.tolist() == [False, True]


def test_what_is_allowed_wins_in_every_list() -> None:
    first = a_list(
        "host.example\nhost.example/bad\nlow.good.example",
        "ok.host.example\ngood.example\nhost.example/too",
    )
    second = a_list("other.example", "host.example/fine")
    urls = {
        "http://host.example/": "bad: host.example",
        "http://ok.host.example/bad": None,
        "http://a.ok.host.example/": None,
        "http://low.good.example/": None,
        "http://host.example/fine/too": None,
        "http://host.example/too/": None,
        "http://host.example/finer": "bad: host.example",
        "http://other.example/": "bad: other.example",
    }
    for lists in ([first, second], [second, first]):
        assert told(lists, *urls) == list(urls.values())


def test_a_page_on_several_lists_names_what_the_entry_is_in() -> None:
    more = {"games": "casino.example\nplay.example\n", "other": "a.casino.example"}
    every = a_list("casino.example", more=more)
    assert told([every], "http://casino.example/") == ["bad, games: casino.example"]
    assert told([every], "http://a.casino.example/") == ["other: a.casino.example"]
    some = a_list("casino.example", more=more, of=["games"])
    assert told([some], "http://a.casino.example/") == ["games: casino.example"]
    none = a_list("casino.example", more=more, of=["other"])
    assert told([none], "http://casino.example/", "http://play.example/") == [None, None]


_LABELS = st.sampled_from(["a", "b", "com", "www", "co", "uk", "xn--bcher-kva", "A"])
_HOSTS = st.lists(_LABELS, min_size=2, max_size=4).map(".".join)
_PATHS = st.lists(st.sampled_from([*"abAB/?&=%-"]), max_size=8).map("".join)


def naive(url: str, entries: list[Entry]) -> bool:
    """By strings, entry after entry."""
    facts = url_facts(url)
    if facts.host is None or facts.url_key is None:
        return False
    host = facts.host.rstrip(".")
    bare = host.removeprefix("www.")
    path = "/" + facts.url_key.split("/", 3)[3].lower()
    for entry in entries:
        if not entry.path:
            if host == entry.host or host.endswith(f".{entry.host}"):
                return True
        elif bare == entry.host.removeprefix("www."):
            start = entry.path.lower()
            start = start[:-1] if len(start) > 1 and start[-1] == "/" else start
            if start in (path, "/") or path.startswith(tuple(start + c for c in "/?&#")):
                return True
    return False


@given(
    st.lists(st.tuples(_HOSTS, st.one_of(st.just(""), _PATHS.map("/{}".format))), min_size=1),
    st.lists(st.tuples(_HOSTS, _PATHS, st.sampled_from(["", ".", ":81"])), min_size=1),
)
def test_the_kernel_finds_what_strings_say(
    entries: list[tuple[str, str]], pages: list[tuple[str, str, str]]
) -> None:
    lines = [f"{host}{path}" for host, path in entries] + ["z.example"]
    found = [one for line in lines for one in read_line(line.encode())]
    suffixes = {"co.uk", "uk.com", "com.co"}  # those of ICANN among what is drawn
    kept = [e for e in found if isinstance(e, Entry) and not (e.host in suffixes and not e.path)]
    urls = [f"http://{host}{end}/{path}" for host, path, end in pages]
    expected = [naive(url, kept) for url in urls]
    shifted = [None, *urls, "http://z.example/"]
    assert [t is not None for t in told([a_list("\n".join(lines))], *shifted)][1:-1] == expected


def test_columns_may_be_slices_with_nulls_and_whatever_bytes() -> None:
    lists = [a_list("casino.example\nhost.example/a")]
    hosts = pa.array(["x", None, "casino.example", "ü.casino.example", "", "...", "host.example"])
    keys = pa.array(["x", "http://", None, "ü", "http://casino.example", "", "host.example"])
    found = find_blocked(hosts.slice(1), keys.slice(1), lists)
    assert found.rows.tolist() == [1, 2]
    assert found.details == ["bad: casino.example"] * 2


def test_a_blocked_page_has_a_reason_and_no_body(tmp_path: Path) -> None:
    config = _config(tmp_path, "casino.example\nhost.example/a")
    rows = [
        _page(0, host="casino.example", text="Roulette"),
        _page(1, host="host.example", html=b"<p>", url_key="https://host.example/a"),
        _page(2, host="casino.example", drop_reason="redirect", detail="to nowhere"),
        _page(3, host="host.example", text="Fine", url_key="https://host.example/b"),
    ]
    batch = PAGE.batch(rows)
    found = block_batch(batch, config=config).to_pylist()
    names = ("drop_reason", "detail", "text", "html")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("blocked_host", "bad: casino.example", None, None),
        ("blocked_url", "bad: host.example/a", None, None),
        ("redirect", "to nowhere", None, None),
        (None, None, "Fine", None),
    ]
    assert block_batch(batch, config=config).schema == batch.schema
    assert block_batch(batch, config=BlocklistConfig(bundled=False)) is batch


def _config(folder: Path, lines: str) -> BlocklistConfig:
    path = folder / "list.arrow"
    write(compile_sources([Source("bad", "bad", False, lines.encode())]).table, str(path))
    return BlocklistConfig(bundled=False, lists=(ListFile(path=str(path)),))


def _page(position: int, *, host: str, **columns: object) -> dict[str, object]:
    known = {"doc_id": "0", "order_key": 0, "input": "crawl", "file": "f", "offset": 0}
    return {**known, "position": position, "host": host, "url_key": f"https://{host}/", **columns}


def test_the_bundled_lists_hold_what_their_sources_say() -> None:
    table = bundled_table()
    assert set(table.counts) == set(bundled_categories())
    assert set(BlocklistConfig().categories or ()) <= set(table.counts)
    assert table.counts["gambling"].domains > 30_000
    assert table.counts["adult"].domains == 0  # see ut1/SOURCES.md
    lists = [block_list(table, BlocklistConfig().categories)]
    urls = ["https://www.888casino.com/", "https://en.wikipedia.org/wiki/Casino", "http://bit.ly/x"]
    assert told(lists, *urls) == ["gambling: 888casino.com", None, None]
    assert told([block_list(table, None)], urls[2]) == ["shortener: bit.ly"]
