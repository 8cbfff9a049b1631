"""Words of letters and digits: IBANs, identity numbers, passports, crypto addresses, keys.

Sources: ISO 13616 (IBAN, by python-stdnum), BIP 173 and 350 (by Presidio), Base58Check (Bitcoin wiki), ICAO Doc
9303 (machine-readable zones), `keys.yaml` for the forms of keys.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import NamedTuple

import yaml
from presidio_analyzer.predefined_recognizers import CryptoRecognizer
from stdnum import iban as iban_number

from curation.pii.candidates import Candidate
from curation.pii.checks.context import stands_before
from curation.pii.checks.identities import identities
from curation.pii.checks.presidio import Recognizer, check_of
from curation.pii.kinds import PiiType, Span

_IBAN = re.compile(r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?", re.IGNORECASE)
_SHORTEST_IBAN = 15  # of Norway
_PASSPORT = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2} ?\d{6,8}|[A-Z]\d{2}[A-Z]{2}\d{4}|\d{2}[A-Z]{2}\d{5}"
    r"|[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7,8}\d?|[A-Z]\d{8}[A-Z]|[A-Z]{3}\d{6})(?![\w-])",
    re.ASCII,
)


@cache
def _bitcoin() -> Recognizer:
    check = check_of(CryptoRecognizer())
    pattern = re.compile(r"(?<!\w)bc1[02-9ac-hj-np-z]{25,87}(?!\w)", re.IGNORECASE | re.ASCII)
    return Recognizer(pattern, lambda text: check(text.lower()))


def iban(candidate: Candidate) -> Iterator[Span]:
    """The longest stretch whose form and check digits are those of an account of its country."""
    match = _IBAN.match(candidate.window, candidate.start)
    if match is None:
        return
    for end in range(len(match[0]), _SHORTEST_IBAN - 1, -1):
        behind = candidate.window[match.start() + end : match.start() + end + 1]
        if not behind.isalnum() and iban_number.is_valid(match[0][:end]):
            yield Span(match.start(), match.start() + end, PiiType.IBAN, 1.0)
            return


def identifier(candidate: Candidate) -> Iterator[Span]:
    """A passport behind that word, or an identity number with letters."""
    yield from identities(candidate, "letters")
    if stands_before(candidate, "passport"):
        limit = min(candidate.end + 2, len(candidate.window))
        for match in _PASSPORT.finditer(candidate.window, max(0, candidate.start - 2), limit):
            yield Span(*match.span(), PiiType.PASSPORT, 0.92)


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHECKED = re.compile(rf"(?<!\w)[13LM2DX9AT7t][{_BASE58}]{{24,34}}(?!\w)", re.ASCII)
_MONERO = re.compile(rf"(?<!\w)[48][0-9AB][{_BASE58}]{{93}}(?!\w)", re.ASCII)
_ETHEREUM = re.compile(r"(?<![\w])0x[0-9a-fA-F]{40}(?!\w)", re.ASCII)
_BECH32 = re.compile(r"(?<!\w)(?:ltc1|addr1|cosmos1|bnb1)[02-9ac-hj-np-z]{38,98}(?!\w)", re.IGNORECASE | re.ASCII)


def token(candidate: Candidate) -> Iterator[Span]:
    """A key, or the address of a wallet."""
    yield from _wallets(candidate)
    yield from _keys(candidate)


def _wallets(candidate: Candidate) -> Iterator[Span]:
    text, start = candidate.window, candidate.start
    end = min(candidate.end + 1, len(text))
    for first, last in _bitcoin().matches(text, start, end):
        yield Span(first, last, PiiType.CRYPTO_ADDRESS, 1.0)
    for match in _CHECKED.finditer(text, start, end):
        if _is_base58check(match[0]):
            yield Span(*match.span(), PiiType.CRYPTO_ADDRESS, 1.0)
    for pattern in (_ETHEREUM, _MONERO, _BECH32):
        for match in pattern.finditer(text, start, end):
            if len(set(match[0][2:])) > 6:
                yield Span(*match.span(), PiiType.CRYPTO_ADDRESS, 0.9)


def _is_base58check(text: str) -> bool:
    """25 bytes, of which the last four are the first of the double hash of the others."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    if number >= 1 << 200:
        return False
    data = number.to_bytes(25, "big")
    return sha256(sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


class _Key(NamedTuple):
    starts: str
    pattern: re.Pattern[str]


@cache
def _known_keys() -> list[_Key]:
    file = resources.files("curation.pii.checks").joinpath("keys.yaml")
    rows = yaml.safe_load(file.read_text("utf-8"))
    bounded = r"(?<![A-Za-z0-9]){}(?![A-Za-z0-9])"
    return [_Key(row["starts"], re.compile(bounded.format(f"(?:{row['form']})"))) for row in rows]


_ASSIGNED = re.compile(
    r"(?:(?<![a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|token|bearer|credentials?|auth|hash_?key"
    r"|(?:api|access|auth|secret|private|client|consumer|app|account|storage|encryption|signing"
    r"|master|license|service|session|ssh|aws|subscription|shared)[ _.-]{0,3}(?:access[ _-]?)?"
    r"(?:key|token|secret|id|password)|[a-z]*key|sharedaccesskey|accountkey)s?)"
    r"[\"'`\]})>]{0,3}\s{0,3}(?:=>|:=|==|=|:|,| is | )\s{0,3}[\"'`(\[<]{0,2}(?:bearer |basic |token )?$"
)
_VALUE = re.compile(r"[A-Za-z0-9_\-+/.~]{16,256}={0,2}")
_DUMMY = re.compile(
    r"example|sample|dummy|placeholder|your|changeme|change_me|insert|replace|xxxx|todo|redacted"
    r"|secret_?key|api_?key|access_?token|foobar|abcdef|123456789|0{6}|deadbeef|test_?key|lorem",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"(?:pass(?:word|wd|phrase)?|pwd)[^a-z]*$")
_PASSWORD_VALUE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s\"'`<>,;)\]}]{8,64}")
_HEX = re.compile(r"[0-9a-fA-F-]+=?")
_MIN_BITS, _MIN_BITS_OF_HEX, _MIN_BITS_OF_PASSWORD = 3.5, 3.0, 2.7


def _keys(candidate: Candidate) -> Iterator[Span]:
    text, start, end = candidate.window, candidate.start, candidate.end
    for key in _known_keys():
        at = text.find(key.starts)
        if at < 0:
            continue
        for match in key.pattern.finditer(text):
            if match.end() > start and not _is_dummy(match[0][len(key.starts) :]):
                yield Span(*match.span(), PiiType.API_KEY, 1.0)
    core = text[start:end]
    head = re.match(r"[A-Za-z][\w.-]*=(?=.)", core)  # `key=...` is one word to the scan
    first = start + head.end() if head else start
    before = text[max(0, first - 48) : first].lower()
    if not _ASSIGNED.search(before):
        return
    is_password = bool(_PASSWORD.search(before))
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
_BODY = re.compile(r"(?:[A-Za-z0-9+/=:,. ()_-]|\\[nrt]|[\r\n\t\"'])*")
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
    for line in re.finditer(r"[^\n]*\n?", text[start : start + _MOST]):
        if line[0].strip() and not re.fullmatch(
            r"\s*[A-Za-z0-9+/=\\]{16,}\s*|\s*\w+: .*\s*", line[0]
        ):
            break
        if line[0].strip():
            end = start + line.end() - line[0].endswith("\n")
    return end


_MRZ_WEIGHTS = (7, 3, 1)


_MRZ_LENGTHS = (30, 36, 44)


def machine_readable(candidate: Candidate) -> Iterator[Span]:
    """Lines of a machine-readable zone, of which one has names or right check digits."""
    text, length = candidate.page.text, len(candidate.core)
    if length not in _MRZ_LENGTHS:
        return
    at = candidate.base + candidate.start
    zone = re.compile(rf"[A-Z0-9<]{{{length}}}(?:\n[A-Z0-9<]{{{length}}}(?![A-Z0-9<])){{0,2}}")
    found = zone.match(text, at)
    if found and any(_has_names(line) or _has_check_digits(line) for line in found[0].split("\n")):
        yield Span(candidate.start, found.end() - candidate.base, PiiType.PASSPORT, 0.95)


def _has_names(line: str) -> bool:
    of_passport = re.fullmatch(r"[PIACV][A-Z<][A-Z<]{3}[A-Z<]+<<[A-Z<]+", line)
    return bool(of_passport or re.fullmatch(r"(?=.{30}$)[A-Z]+(?:<[A-Z]+)*<<[A-Z<]+", line))


def _has_check_digits(line: str) -> bool:
    fields = {
        44: ((0, 9), (13, 19), (21, 27)),
        36: ((0, 9), (13, 19), (21, 27)),
        30: ((0, 6), (8, 14)) if line[0].isdigit() else ((5, 14),),
    }[len(line)]
    return all(_mrz_digit(line[a:b]) == line[b] for a, b in fields)


def _mrz_digit(field: str) -> str:
    values = [0 if c == "<" else int(c, 36) for c in field]
    return str(sum(v * _MRZ_WEIGHTS[i % 3] for i, v in enumerate(values)) % 10)
