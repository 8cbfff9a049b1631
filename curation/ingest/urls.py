"""What a URL says of a page: its canonical form for deduplication, its host, its site.

Canonical: parsed as browsers do (host lower-cased, default port and dot segments removed),
fragment and tracking parameters removed, the query's parameters sorted.

Source: WHATWG URL (ada), public-suffix list with its private part (tldextract's bundled copy).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import ada_url
import tldextract
import xxhash


@dataclass(frozen=True)
class UrlFacts:
    """All None for a URL that no browser would open."""

    url_key: str | None = None
    host: str | None = None
    site: str | None = None


def url_facts(url: str | None) -> UrlFacts:
    """The canonical form, host and site of `url`."""
    parsed = parse(url) if url else None
    if parsed is None:
        return UrlFacts()
    return UrlFacts(parsed.href, parsed.hostname, _site(parsed.hostname))


def parse(url: str) -> ada_url.URL | None:
    """Its canonical form in parts; None for one without a host, or that no browser would open."""
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return None
    if not parsed.hostname:
        return None
    parsed.hash = ""
    parsed.search = _canonical_query(parsed.search)
    return parsed


def hash64(text: str, *, seed: int = 0) -> int:
    """XXH3's 64 bits of the UTF-8 as a signed number in the same order, as Spark keeps them."""
    return xxhash.xxh3_64_intdigest(text.encode(), seed=seed) - (1 << 63)


def _canonical_query(search: str) -> str:
    parameters = [p for p in search.removeprefix("?").split("&") if p and not _is_tracking(p)]
    # The setter takes one leading '?' away; that of a parameter such as '?a=1' stays.
    return "?" + "&".join(sorted(parameters)) if parameters else ""


def _is_tracking(parameter: str) -> bool:
    exact, prefixes = _tracking()
    name = parameter.split("=", 1)[0].lower()
    return name in exact or name.startswith(prefixes)


@cache
def _tracking() -> tuple[frozenset[str], tuple[str, ...]]:
    text = resources.files("curation.ingest").joinpath("tracking_parameters.txt").read_text()
    names = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    exact = frozenset(n for n in names if not n.endswith("*"))
    return exact, tuple(n[:-1] for n in names if n.endswith("*"))


@cache
def _suffixes() -> tldextract.TLDExtract:
    # The bundled list only: no look-up on the network, no cache folder.
    return tldextract.TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True
    )


def has_public_suffix(host: str) -> bool:
    """Whether a host name lies below a suffix of the public-suffix list."""
    suffix = _suffixes()(host, include_psl_private_domains=False).suffix
    return bool(suffix) and len(suffix) < len(host)


def is_public_suffix(host: str) -> bool:
    """Whether anybody may register names below it, as below `com` or `co.uk`."""
    return _suffixes()(host, include_psl_private_domains=False).suffix == host


def _site(host: str) -> str:
    return _suffixes()(host).top_domain_under_public_suffix or host
