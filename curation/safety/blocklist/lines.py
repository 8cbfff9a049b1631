"""The lines of a list: what each says, whatever the format that it is in.

In: the bytes of a file. Out: hashes of its entries, and how many lines were left out, why. Formats
are told apart line by line, for they do not contradict each other: a domain or a URL; `||host^` of
Adblock; an address and the hosts that a hosts file sends there. What follows ` #`, and lines that
start with `#`, `!` or `;`, are comments.

A domain alone stands for itself and all below it; with a scheme or a slash the entry is a URL: this
host, with or without `www.`, and this path with what follows at `/`, `?`, `&` or `#`. Hosts are
those of browsers: in lower case, in Punycode, without port, credentials and final dot.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Hashes, text_view
from curation.ingest.urls import parse
from curation.safety.blocklist.hash_kernel import are_in, hash_entries
from curation.safety.blocklist.lines_kernel import scan
from curation.safety.blocklist.suffixes import suffix_tables

NOT_UTF8 = "not UTF-8"
NO_ENTRY = "neither a domain nor a URL"
SUFFIX = "a public suffix or a name without a dot"
LOCAL = "a name of this machine or network"
RULE = "a rule of Adblock that is not ||host^"

_BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(r"\s#.*")
_COMMENT_LINES = ("#", "!", ";", "[Adblock")
_DOMAIN_RULE = re.compile(r"\|\|([^/^$*|]+)\^(?:\$(?:all|doc|document))?")
_ANY_RULE = re.compile(r"\||@@|.*#[@?]?#|[^/]*\^")
_SCHEMES = ("", "http", "https", "ftp")
_NO_HOST = re.compile(r"[/\\?#]")
_NAMED = re.compile(r"[^/?#]*@")  # an address of mail
_LOCAL = frozenset(
    {
        *("localhost", "local", "broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-localnet"),
        *("ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"),
        *("0.0.0.0", "127.0.0.1", "[::1]", "[::]"),  # noqa: S104 - listed, not listened on
    }
)


class Entry(NamedTuple):
    """A domain; or, where there is a path, the URLs of this host that start with it."""

    host: str
    path: str = ""


@dataclass
class LeftOut:
    """How many lines, by why; and the first of each, with its place."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, why: str, line: bytes, file: str) -> None:
        """One line more."""
        self.counts[why] += 1
        if why not in self.examples:
            shown = line.decode("utf-8", "replace").strip()
            self.examples[why] = f"{file}: {shown[:60]}"


class Found(NamedTuple):
    """The hashes of domains and of URLs, and those that say which hosts have URLs."""

    domains: Hashes
    urls: Hashes
    markers: Hashes


def read_lines(data: bytes, *, every_is_url: bool, file: str, left_out: LeftOut) -> Found:
    """The entries of a list. Where `every_is_url`, a host alone is a URL too (UT1's `urls`)."""
    data = data.removeprefix(_BOM)
    lines = np.frombuffer(data, np.uint8)
    plain = scan(lines, every_is_url)
    odd: list[Entry] = []
    of_lines: list[bytes] = []
    for start, end in zip(plain.odd_starts.tolist(), plain.odd_ends.tolist(), strict=True):
        line = data[start:end]
        for entry in read_line(line, every_is_url=every_is_url):
            if isinstance(entry, str):
                left_out.add(entry, line, file)
            else:
                odd.append(entry)
                of_lines.append(line)
    hashes, parents, markers = hash_all(odd)
    hashes = np.concatenate([plain.hashes, hashes])
    parents = np.concatenate([plain.parents, parents])
    markers = np.concatenate([plain.markers, markers])
    is_url = markers != 0
    refused = _refused(hashes, parents) & ~is_url
    for row in np.flatnonzero(refused).tolist():
        of_odd = row - len(plain.hashes)
        start = plain.starts[row] if of_odd < 0 else 0
        line = of_lines[of_odd] if of_odd >= 0 else data[start : start + 80].split(b"\n")[0]
        left_out.add(SUFFIX, line, file)
    return Found(hashes[~refused & ~is_url], hashes[is_url], markers[is_url])


def hash_all(entries: Sequence[Entry]) -> tuple[Hashes, Hashes, Hashes]:
    """As `hash_entries`."""
    hosts = text_view(pa.array([entry.host for entry in entries], pa.large_string()))
    paths = text_view(pa.array([entry.path for entry in entries], pa.large_string()))
    return hash_entries(hosts.data, hosts.offsets, paths.data, paths.offsets)


def _refused(hashes: Hashes, parents: Hashes) -> npt.NDArray[np.bool_]:
    tables = suffix_tables()
    under = are_in(parents, *tables.wildcards) & ~are_in(hashes, *tables.exceptions)
    return are_in(hashes, *tables.suffixes) | under


def read_line(line: bytes, *, every_is_url: bool = False) -> Iterator[Entry | str]:
    """Its entries, or why there is none; nothing for a comment."""
    try:
        text = line.decode().strip()
    except UnicodeDecodeError:
        yield NOT_UTF8
        return
    text = "" if text.startswith(_COMMENT_LINES) else _COMMENT.sub("", text)
    fields = text.split()
    if not fields:
        return
    if _ANY_RULE.match(text):
        found = _DOMAIN_RULE.fullmatch(text)
        yield _entry(found[1], every_is_url) if found else RULE
        return
    if len(fields) > 1 and _is_address(fields[0]):
        for host in fields[1:]:
            yield _entry(host, every_is_url) if not re.search("[/?]", host) else NO_ENTRY
    elif len(fields) == 1:
        yield _entry(fields[0], every_is_url)
    else:
        yield NO_ENTRY


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _entry(text: str, every_is_url: bool) -> Entry | str:
    scheme, rest = _split_scheme(text)
    parsed = parse(f"{scheme or 'http'}://{rest}") if _may_be_entry(scheme, rest) else None
    host = parsed.hostname.rstrip(".") if parsed else ""
    if host in _LOCAL:
        return LOCAL
    if parsed is None or not _is_host(host, rest):
        return NO_ENTRY
    if "." not in host and not host.startswith("["):
        return SUFFIX
    if not (scheme or every_is_url or re.search("[/?#]", rest)):
        return Entry(host)
    path = parsed.pathname + parsed.search
    return Entry(host, path.removesuffix("*") if path.endswith("/*") else path)


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if separator:
        return scheme.lower(), rest
    rest = text.removeprefix("*." if text.startswith("*.") else ".")
    return "", f"[{rest}]" if rest.count(":") > 1 and _is_address(rest) else rest


def _may_be_entry(scheme: str, rest: str) -> bool:
    named = not scheme and _NAMED.match(rest)
    return scheme in _SCHEMES and not _NO_HOST.match(rest) and not named


def _is_host(host: str, text: str) -> bool:
    """Whether it is one, and not a number that browsers take for an address."""
    if not host or host.startswith(".") or ".." in host or re.search(r"[*!$&'()+,;=~]", host):
        return False
    return host in text if re.fullmatch(r"[\d.]+", host) else True
