"""Card numbers and IBANs with right check digits, all invented."""

from __future__ import annotations

import re

from stdnum import iban as stdnum_iban
from stdnum import luhn, numdb

from benchmarks.pii.draw import DIGITS, UPPER, Draw

_NETWORKS = {
    "visa": ("4", 16),
    "mastercard": ("51 52 53 54 55 2221 2300 2650 2720", 16),
    "amex": ("34 37", 15),
    "discover": ("6011 65 644 649", 16),
    "diners": ("300 305 36 38", 14),
    "jcb": ("3528 3540 3589", 16),
    "unionpay": ("62", 16),
}
_COMMON = ("visa", "mastercard", "visa", "mastercard", "amex", "discover", "diners", "jcb")
_PART = re.compile(r"([0-9]+)!([nac])")
_ALPHABETS = {"n": DIGITS, "a": UPPER, "c": DIGITS + UPPER}


def credit_card(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """A number that passes Luhn: with blanks, hyphens or neither."""
    digits = _card_digits(draw)
    groups = (4, 6, 5) if len(digits) == 15 else (4, 6, 4) if len(digits) == 14 else (4,)
    by = draw.choice((" ", "-", "", ""))
    return draw.cut(digits, *groups, by=by)


def bad_card(draw: Draw) -> str:
    """Looks like a card and fails Luhn."""
    digits = _card_digits(draw)
    wrong = digits[:-1] + str((int(digits[-1]) + draw.randrange(1, 10)) % 10)
    return draw.cut(wrong, 4, by=draw.choice((" ", "-", "")))


def _card_digits(draw: Draw) -> str:
    prefixes, size = _NETWORKS[draw.choice((*_COMMON, "unionpay"))]
    start = draw.choice(prefixes.split())
    start += draw.digits(size - 1 - len(start))
    return start + luhn.calc_check_digit(start)


def iban(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """Of any country that has them; in groups of four or none, rarely lower-case."""
    number = draw.until(_iban, stdnum_iban.is_valid)
    number = draw.cut(number, 4, by=" ") if draw.random() < 0.5 else number
    return number.lower() if draw.random() < 0.03 else number


def bad_iban(draw: Draw) -> str:
    """With the structure of its country and wrong check digits."""
    number = _iban(draw)
    wrong = 2 + (int(number[2:4]) + draw.randrange(1, 90)) % 97
    number = f"{number[:2]}{wrong:02d}{number[4:]}"
    if stdnum_iban.is_valid(number, check_country=False):
        return bad_iban(draw)
    return draw.cut(number, 4, by=draw.choice((" ", "")))


def _iban(draw: Draw) -> str:
    country = draw.choice(_COUNTRIES)
    bban = "".join(
        draw.of(_ALPHABETS[kind], int(size)) for size, kind in _PART.findall(_bban(country))
    )
    if country == "BE":
        bban = bban[:-2] + f"{int(bban[:-2]) % 97 or 97:02d}"
    if country == "ES":
        bban = _spanish(bban)
    return country + stdnum_iban.calc_check_digits(f"{country}00{bban}") + bban


def _spanish(bban: str) -> str:
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)

    def check(digits: str) -> str:
        left = 11 - sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
        return {10: "1", 11: "0"}.get(left, str(left))

    return f"{bban[:8]}{check('00' + bban[:8])}{check(bban[10:])}{bban[10:]}"


def _bban(country: str) -> str:
    found: str = numdb.get("iban").info(country)[0][1].get("bban", "")
    return found


_COUNTRIES = tuple(first + second for first in UPPER for second in UPPER if _bban(first + second))
