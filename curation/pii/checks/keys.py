"""Keys, tokens and passwords: known by what their issuer puts before them, or by what is assigned.

Source: `keys.yaml`, the issuers' documentation; RFC 7468 (PEM), RFC 9580 (PGP).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

from curation.pii.candidates import Candidate
from curation.pii.kinds import PiiType, Span


class _Key(NamedTuple):
    starts: str
    pattern: re.Pattern[str]


@cache
def _known_keys() -> list[_Key]:
    file = resources.files("curation.pii.checks").joinpath("keys.yaml")
    rows = yaml.safe_load(file.read_text("utf-8"))
    bounded = r"(?<![A-Za-z0-9]){}(?![A-Za-z0-9])"
    return [_Key(row["starts"], re.compile(bounded.format(f"(?:{row['form']})"))) for row in rows]


@cache
def _any_start() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(known.starts) for known in _known_keys()))


_ASSIGNED = re.compile(
    r"(?:(?<![a-z])(?:secret|bearer|credentials?|auth|hash_?key|session)|[a-z]{0,12}token"
    r"|(?<!public[ _-])(?:api|access|auth|secret|private|client|consumer|app|account|storage"
    r"|encryption|signing|master|license|service|session|ssh|aws|subscription|shared|deploy)"
    r"[ _.-]{0,3}(?:access[ _-]?)?(?:key|token|secret|id|password)|[_-]key)s?"
    r"[\"'`\]})>]{0,3}\s{0,6}(?:=>|:=|==|=|:|,| is |\()?\s{0,3}(?:value[\"']?\s{0,2}[=:]\s{0,3})?"
    r"[\"'`(\[<]{0,2}(?:bearer |basic |token )?(?<![a-z])$"
)
_VALUE = re.compile(r"[A-Za-z0-9_\-+/.~]{16,256}={0,2}")
_DUMMY = re.compile(
    r"example|sample|dummy|placeholder|your|changeme|change_me|insert|replace|xxxx|todo|redacted"
    r"|secret_?key|api_?key|access_?token|foobar|abcdef|123456789|0{6}|deadbeef|test_?key|lorem",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"(?:passwor[dt]|passwd|passphrase|(?<![a-z])pass|pwd|contraseña|senha|пароль|密码|パスワード)"
    r"[\s\"'`\])}>:=(]{0,6}(?:(?:is|ist|es) [\"'`]?)?$"
)
_PASSWORD_VALUE = re.compile(
    r"(?=[^\s\"'<>]*\d)(?=[^\s\"'<>]*[A-Za-z])"
    r"[^\s\"'`<>,;)\]}/.$({][^\s\"'`<>,;)\]}]{5,63}"
)
_HEX = re.compile(r"[0-9a-fA-F-]+=?")
_MIN_BITS, _MIN_BITS_OF_HEX, _MIN_BITS_OF_PASSWORD = 3.5, 3.0, 2.7


def key(candidate: Candidate) -> Iterator[Span]:
    """A key of a known form, or a random word that is assigned to something called a key."""
    text, start, end = candidate.window, candidate.start, candidate.end
    for known in _known_keys() if _any_start().search(text) else ():
        if known.starts not in text:
            continue
        for match in known.pattern.finditer(text):
            if match.end() > start and not _is_dummy(match[0][len(known.starts) :]):
                yield Span(*match.span(), PiiType.API_KEY, 1.0)
    core = text[start:end]
    head = re.match(r"[\w.-]+=(?=.)", core)  # `key=...` is one word to the scan
    first = start + head.end() if head else start
    before = text[max(0, first - 48) : first].lower()
    is_password = bool(_PASSWORD.search(before))
    if not is_password and not _ASSIGNED.search(before):
        return
    value = (_PASSWORD_VALUE if is_password else _VALUE).match(text, first)
    if value and _is_random(value[0], bits=_MIN_BITS_OF_PASSWORD if is_password else _MIN_BITS):
        yield Span(*value.span(), PiiType.API_KEY, 0.75)


def _is_dummy(text: str) -> bool:
    return bool(_DUMMY.search(text)) or len(set(text)) < 6


def _is_random(text: str, *, bits: float) -> bool:
    """By the bits of a character, and not what stands in manuals for a key."""
    counts = Counter(text)
    found = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    needed = min(bits, _MIN_BITS_OF_HEX) if _HEX.fullmatch(text) else bits
    return found >= needed and not _DUMMY.search(text) and "//" not in text


_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_BODY_LINE = re.compile(r"\s*[A-Za-z0-9+/=\\]{16,}\s*")
_HEADER = re.compile(r"\s*[\w-]{1,40}: [^\n]{0,100}\n?")
_MOST_HEADERS = 4
_MOST = 20_000
_LEAST_OF_BODY = 32


def private_key(candidate: Candidate) -> Iterator[Span]:
    """From the first line of a PEM or PGP block to its last, or to where what is in it ends."""
    page, at = candidate.page, candidate.base + candidate.start
    head = _BEGIN.match(page.text, at)
    if head is None:
        return
    foot = f"-----END {head[1]}-----"
    end = page.text.find(foot, head.end(), head.end() + _MOST)
    body_end = end if end >= 0 else _end_of_body(page.text, head.end())
    body = re.sub(r"\s|\\n", "", page.text[head.end() : body_end])
    if len(re.sub(r"[^A-Za-z0-9+/=]", "", body)) < _LEAST_OF_BODY:
        return
    last = end + len(foot) if end >= 0 else body_end
    yield Span(at - candidate.base, last - candidate.base, PiiType.PRIVATE_KEY, 1.0)


def _end_of_body(text: str, start: int) -> int:
    """Lines that are long words, of a block that was cut."""
    end = start
    headers = 0
    for line in re.finditer(r"[^\n]*\n?", text[start : start + _MOST]):
        is_header = bool(_HEADER.fullmatch(line[0]))
        headers += is_header
        if line[0].strip() and not (is_header or _BODY_LINE.fullmatch(line[0])):
            break
        if headers > _MOST_HEADERS:
            break
        if line[0].strip():
            end = start + line.end() - line[0].endswith("\n")
    return end
