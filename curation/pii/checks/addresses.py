"""E-mail addresses, credentials in URLs, IP addresses.

Sources: RFC 5321 and 5322 (addresses; quoted local parts and address literals aside), RFC 2606 and
6761 (reserved names), public-suffix list, RFC 3986 section 3.2.1 (credentials), IANA's registries
of special-purpose addresses (`ipaddress`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from curation.ingest.urls import has_public_suffix
from curation.pii.candidates import Candidate
from curation.pii.checks.context import stands_before
from curation.pii.kinds import PiiType, Span

# Scripts without blanks: a word before or behind an address is not of it.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W{_UNSPACED}]"
_EMAIL = re.compile(
    rf"(?:{_LETTER}|[.+%'&-]){{0,63}}(?:{_LETTER}|\+)@"
    rf"((?:\w(?:[\w-]{{0,61}}\w)?\.)+(?:[a-z][a-z0-9-]{{0,61}}[a-z0-9]|[^\W\d_a-z{_UNSPACED}]{{2,20}}"
    r"|[^\W\d_a-z]{2,20}))",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    r"([\w.+-]{1,64})\s?[\[({<]\s?(?:at|@)\s?[\])}>]\s?"
    r"(\w[\w-]{0,62}(?:(?:\.|\s?[\[({<]\s?(?:dot|punkt|point|punto)\s?[\])}>]\s?)\w[\w-]{0,62}){1,5})",
    re.IGNORECASE,
)
_SPELLED_DOT = re.compile(r"\s?[\[({<]\s?(?:dot|punkt|point|punto)\s?[\])}>]\s?", re.IGNORECASE)
_NO_PERSON = ("git", "hg", "svn", "gitlab", "gitea")
_RESERVED = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|local|internal|localdomain"
    r"|example\.(?:com|org|net|edu)|your-?(?:domain|company|site|server|host)\.\w+"
    r"|my-?domain\.\w+)$",
    re.IGNORECASE,
)
_LOST_BLANK = re.compile(r"(?<=[a-z])[A-Z][\w-]*$")
_IN_URL = re.compile(r"://([^\s/:@\"'<>]{0,128}):([^\s/@\"'<>]{1,256})@")
_PLACEHOLDER = re.compile(
    r"[<{\[$%*]|^(?:user(?:name)?|login|pass(?:word)?|pwd|secret|x+)$", re.IGNORECASE
)


def at_sign(candidate: Candidate) -> Iterator[Span]:
    """An e-mail address, or user and password in a URL."""
    window = candidate.window
    for match in _IN_URL.finditer(window):
        if match.end() > candidate.start and not _PLACEHOLDER.search(match[2]):
            yield Span(match.start(1), match.end(2), PiiType.API_KEY, 0.9)
            return
    for match in _EMAIL.finditer(window, candidate.start, candidate.end):
        start = match.start() + len(match[0]) - len(match[0].lstrip(".'&%-"))
        host = _host(match[1])
        end = match.start(1) + len(host)
        local = window[start : match.start(1) - 1]
        if host and _is_mailbox(local, host, window[:start], window[end : end + 2], candidate):
            yield Span(start, end, PiiType.EMAIL, 0.95)


def _host(text: str) -> str:
    """Up to its public suffix, where a blank was lost: `mill.orgTel` is `mill.org`; else empty."""
    if has_public_suffix(text):
        return text
    shorter = _LOST_BLANK.sub("", text)
    return shorter if shorter != text and has_public_suffix(shorter) else ""


def _is_mailbox(local: str, host: str, before: str, behind: str, candidate: Candidate) -> bool:
    if not local or ".." in local or before.endswith("://") or local in _NO_PERSON:
        return False
    if behind[:1] == ":" and behind[1:] in ("/", "~"):  # scp's user@host:path
        return False
    return not (candidate.in_code and _RESERVED.search(host))


def at_word(candidate: Candidate) -> Iterator[Span]:
    """An address that is spelled so that machines do not find it: `name (at) host [dot] org`."""
    for match in _SPELLED.finditer(candidate.window):
        if match.start() < candidate.start < match.end():
            host = _SPELLED_DOT.sub(".", match[2])
            if has_public_suffix(host) and not (candidate.in_code and _RESERVED.search(host)):
                yield Span(match.start(), match.end(), PiiType.EMAIL, 0.9)


_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w)", re.ASCII)
_MOST_OF_SECTIONS = 32


def ipv4(candidate: Candidate) -> Iterator[Span]:
    """Public addresses that are neither versions nor numbers of sections."""
    window = candidate.window
    for match in _IPV4.finditer(window, candidate.start, min(len(window), candidate.end + 2)):
        if not _is_public(match[0]):
            continue
        named = stands_before(candidate, "ip") and not _is_section(match, candidate)
        if named or not _is_version(match, candidate):
            yield Span(*match.span(), PiiType.IP_ADDRESS, 0.95 if named else 0.7)


def _is_public(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_section(match: re.Match[str], candidate: Candidate) -> bool:
    """Whether it is the number of a section, whatever it is about: small, and where these stand."""
    at_start = candidate.base + match.start() == 0 or candidate.window[match.start() - 1] == "\n"
    is_small = max(map(int, match[0].split("."))) < _MOST_OF_SECTIONS
    return is_small and (at_start or stands_before(candidate, "version"))


def _is_version(match: re.Match[str], candidate: Candidate) -> bool:
    window, start, end = candidate.window, match.start(), match.end()
    lead = window[max(0, start - 2) : start]
    if lead[-1:] in ("-", "_", "~", "^", "§") or (lead[-1:] == "/" and lead != "//"):
        return True
    if lead[-1:] in ("=", ">", "<") and lead[-2:-1] in ("=", ">", "<", "~", "!"):
        return True
    if window[end : end + 1] in ("-", "_", "+", "~") and not re.match(
        r"[-]\s?\d+\.\d+\.\d", window[end : end + 12]
    ):
        return True
    parts = [int(part) for part in match[0].split(".")]
    if max(parts) < _MOST_OF_SECTIONS or parts[2:] == [0, 0] or stands_before(candidate, "version"):
        return True
    return parts[3] == 0 and max(parts[:2]) < _MOST_OF_SECTIONS


_IPV6 = re.compile(
    r"(?<![\w:.])[0-9a-f:]{2,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d)",
    re.IGNORECASE | re.ASCII,
)
_UNICAST = ipaddress.IPv6Network("2000::/3")
_ALL_GROUPS = 7


def ipv6(candidate: Candidate) -> Iterator[Span]:
    """A public address; a short one only of those that are given out: code is full of `a::b`."""
    match = _IPV6.search(candidate.window, candidate.start, candidate.end + 1)
    if match is None:
        return
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return
    mapped = address.ipv4_mapped
    if not (mapped or address).is_global or address.is_multicast:
        return
    whole = match[0].count(":") == _ALL_GROUPS and "::" not in match[0]
    if whole or mapped or (address in _UNICAST and match[0].count(":") > 2):
        yield Span(*match.span(), PiiType.IP_ADDRESS, 0.9)
