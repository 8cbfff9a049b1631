"""Links of pages in, citations of URLs out: canonical as documents are, hashed as keys are.

An archive's copy counts as the page that it is a copy of. What no crawl of the web would have as a
source is left out: links to Wikimedia's own sites, to archives without the URL that was archived,
and whatever is neither http nor https.

A row has the page that cites, `url_hash`, `twin_hash` (of the same URL by the other of http and
https: Wikipedia cites many sites by the one that since moved to the other), `url`, `url_key` and
`host`. A page's citations of one URL are one row of a batch.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints
from curation.dedup.groups import first_of_each
from curation.ingest.urls import hash64, parse

CITATION = pa.schema(
    [
        ("page", pa.int64()),
        ("is_article", pa.int8()),
        ("url_hash", pa.int64()),
        ("twin_hash", pa.int64()),
        ("url", pa.string()),
        ("url_key", pa.string()),
        ("host", pa.string()),
    ]
)
_OWN = (
    *("wikipedia.org", "wikimedia.org", "wiktionary.org", "wikidata.org", "wikibooks.org"),
    *("wikiquote.org", "wikisource.org", "wikinews.org", "wikiversity.org", "wikivoyage.org"),
    *("wikifunctions.org", "wikimediafoundation.org", "mediawiki.org", "toolserver.org", "w.wiki"),
    *("wmflabs.org", "wmcloud.org", "toolforge.org"),
)
_ARCHIVES = (
    *("web.archive.org", "wayback.archive.org", "archive.today", "archive.is", "archive.ph"),
    *("archive.fo", "archive.li", "archive.vn", "archive.md", "webcitation.org", "arquivo.pt"),
    *("webarchive.org.uk", "wayback.archive-it.org", "ghostarchive.org", "perma.cc"),
    *("webarchive.loc.gov", "webarchive.nationalarchives.gov.uk", "timetravel.mementoweb.org"),
    *("wayback.webarchiv.cz", "wayback.vefsafn.is", "freezepage.com", "megalodon.jp"),
    *("liveweb.archive.org", "web.archive.bibalex.org", "webharvest.gov", "wikiwix.com"),
)
_BELOW_ARCHIVES = tuple(f".{name}" for name in _ARCHIVES)
_COPIED = re.compile(r"(?<=/)https?(?::/{1,2}|%3A(?:/|%2F){2}).+", re.IGNORECASE | re.DOTALL)
_WITHOUT_SCHEME = re.compile(r"/web/[\d*]+(?:[a-z]{2}_)?/((?:[\w-]+\.)+[a-z]{2,}(?:[/:?].*)?)$")
_ONE_SLASH = re.compile(r"^(https?:)/(?=[^/])", re.IGNORECASE)
_NESTED = 3
_BY_URL = (("url_hash", "ascending"), ("url", "ascending"))
_MAY_BE_ARCHIVED = "|".join(re.escape(name.split(".")[-2]) for name in _ARCHIVES)
# What canonicalisation leaves as it is: names of letters, plain paths, nothing to sort or to drop.
_CANONICAL = (
    r"^https?://(?:[a-wyz0-9][a-z0-9-]*\.|x[a-mo-z0-9][a-z0-9-]*\.|x\.)+[a-wyz][a-z]+"
    r"(?:/|(?:/(?:[A-Za-z0-9_~!$&()*+,;=:@-][A-Za-z0-9._~!$&()*+,;=:@-]*)?)+)$"
)
_HOST = r"^https?://(?P<host>[^/]+)"


def citations(pages: Ints, urls: pa.StringArray, *, is_article: bool) -> pa.RecordBatch:
    """A row of `CITATION` for each page and URL that count, of links as they are in dumps.

    `is_article` is whether the pages are known to be articles.
    """
    coded = pc.replace_substring_regex(urls, r"[\s\p{Zs}].*", "").dictionary_encode()
    known = _canonical(coded.dictionary)
    rows = known.take(coded.indices).append_column("page", pa.array(pages))
    rows = rows.append_column("is_article", pa.array(np.full(len(pages), is_article, np.int8)))
    rows = rows.filter(rows["url_key"].is_valid()).sort_by([("page", "ascending"), *_BY_URL])
    first = first_of_each(rows["page"].to_numpy(), rows["url_hash"].to_numpy())
    rows = rows.filter(pa.array(first)).select(CITATION.names).cast(CITATION)
    return pa.RecordBatch.from_struct_array(rows.to_struct_array().combine_chunks())


def _canonical(urls: pa.StringArray) -> pa.Table:
    """What is known of each URL, all null for one that does not count."""
    archived = pc.match_substring_regex(urls, _MAY_BE_ARCHIVED, ignore_case=True)
    plain = pc.and_not(pc.match_substring_regex(urls, _CANONICAL), archived)
    with_slash = pc.match_substring_regex(urls, r"^https?://[^/]+$")
    keys = pc.if_else(with_slash, pc.binary_join_element_wise(urls, "/", ""), urls)
    hosts = pc.struct_field(pc.extract_regex(urls, _HOST), [0])
    keys, hosts = (pc.if_else(plain, values, None) for values in (keys, hosts))
    others = [_parsed(url) for url in urls.filter(pc.invert(plain)).to_pylist()]
    slow = pa.array(pc.invert(plain))
    keys = pc.replace_with_mask(keys, slow, pa.array([key for key, _ in others], pa.string()))
    hosts = pc.replace_with_mask(hosts, slow, pa.array([host for _, host in others], pa.string()))
    keys = pc.if_else(_is_own(hosts), None, keys)
    found = keys.to_pylist()
    twins = (key and _twin(key) for key in found)
    return pa.table(
        {
            "url": urls,
            "url_key": keys,
            "host": hosts,
            "url_hash": pa.array([key and hash64(key) for key in found], pa.int64()),
            "twin_hash": pa.array([key and hash64(key) for key in twins], pa.int64()),
        }
    )


def _twin(key: str) -> str:
    scheme, rest = key.split(":", 1)
    return f"http:{rest}" if scheme == "https" else f"https:{rest}"


def _is_own(hosts: pa.StringArray) -> pa.BooleanArray:
    names = "|".join(re.escape(name) for name in _OWN)
    return pc.match_substring_regex(hosts, rf"(?:^|\.)(?:{names})\.?$")


def _parsed(url: str | None, *, depth: int = 0) -> tuple[str | None, str | None]:
    """The canonical form and the host; of an archive's copy, of what was copied."""
    if url is None:
        return None, None
    url = f"https:{url}" if url.startswith("//") else url
    parsed = parse(url) if url[:5].lower() in ("http:", "https") else None
    if parsed is None:
        return None, None
    host = parsed.hostname
    if not _is_archive(host.rstrip(".")):
        return parsed.href, host
    copied = _copied(url) if depth < _NESTED else None
    return _parsed(copied, depth=depth + 1)


def _is_archive(host: str) -> bool:
    return host in _ARCHIVES or host.endswith(_BELOW_ARCHIVES)


def _copied(url: str) -> str | None:
    """What an archive's URL is a copy of; None where it does not tell."""
    address, _, query = url.partition("?")
    found = _COPIED.search(url, address.find("/", len("https://")))
    if found:
        text = unquote(found[0]) if "%3a" in found[0][:9].lower() else found[0]
        return _ONE_SLASH.sub(r"\1//", text)
    if named := parse_qs(query).get("url"):
        return named[0]
    bare = _WITHOUT_SCHEME.search(url)
    return f"http://{bare[1]}" if bare else None
