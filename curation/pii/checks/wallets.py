"""Addresses of crypto currencies.

Sources: Base58Check (Bitcoin wiki), BIP 173 and 350 (by Presidio's check), EIP-55 (the form alone:
its check needs a hash that few libraries have), Monero and other networks' documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from curation.pii.candidates import Candidate
from curation.pii.checks.presidio import is_valid
from curation.pii.kinds import PiiType, Span

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CHECKED = re.compile(rf"(?<!\w)[13LM2DX9AT7t][{_BASE58}]{{24,34}}(?!\w)", re.ASCII)
_MONERO = re.compile(rf"(?<!\w)[48][0-9AB][{_BASE58}]{{93}}(?!\w)", re.ASCII)
_ETHEREUM = re.compile(r"(?<![\w])0x[0-9a-fA-F]{40}(?!\w)", re.ASCII)
_BECH32 = re.compile(
    r"(?<!\w)(?:ltc1|addr1|cosmos1|bnb1)[02-9ac-hj-np-z]{38,98}(?!\w)", re.IGNORECASE | re.ASCII
)


_BITCOIN = re.compile(r"(?<!\w)bc1[02-9ac-hj-np-z]{25,87}(?!\w)", re.IGNORECASE | re.ASCII)


def wallet(candidate: Candidate) -> Iterator[Span]:
    """Addresses whose check digits are right, and those whose form is unlike anything else."""
    text, start = candidate.window, candidate.start
    end = min(candidate.end + 1, len(text))
    for match in _BITCOIN.finditer(text, start, end):
        if is_valid("CryptoRecognizer", match[0].lower()):
            yield Span(*match.span(), PiiType.CRYPTO_ADDRESS, 1.0)
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
