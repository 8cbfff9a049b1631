"""What stands in texts beside the values looked for: names, dates, numbers that are no PII.

In: the name of a slot of a template. Out: some text for it; for near misses, what only looks like
personal data or a secret.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stdnum import ean, isbn, issn

from benchmarks.pii.credentials import certificate
from benchmarks.pii.draw import BASE64, HEX, Draw, Maker
from benchmarks.pii.money import bad_card, bad_iban

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _words() -> dict[str, list[str]]:
    lines = (TEMPLATES / "words.txt").read_text(encoding="utf-8").splitlines()
    named = (line.split("|") for line in lines)
    return {name: words.split(";") for name, words in named}


def fill(draw: Draw, slot: str) -> str:
    """A text for a slot; raises `KeyError` for one that is unknown."""
    if words := _words().get(slot):
        return draw.choice(words)
    kind = slot.rstrip("0123456789")
    if slot not in _MAKERS and kind in _SIZED:
        return draw.of(_SIZED[kind], int(slot[len(kind) :]))
    return _MAKERS[slot](draw)


def _year(draw: Draw) -> int:
    return draw.randrange(1995, 2026)


def _date(draw: Draw, form: str = "{0}-{1:02d}-{2:02d}") -> str:
    return form.format(_year(draw), draw.randrange(1, 13), draw.randrange(1, 29))


def _time(draw: Draw) -> str:
    return f"{draw.randrange(24):02d}:{draw.randrange(60):02d}:{draw.randrange(60):02d}"


def _isbn13(draw: Draw) -> str:
    start = draw.choice(("978", "979")) + draw.digits(9)
    whole = start + ean.calc_check_digit(start)
    return draw.choice((whole, draw.cut(whole, 3, 1, 4, 4, 1, by="-")))


def _ean13(draw: Draw) -> str:
    start = "40" + draw.digits(10)
    return start + ean.calc_check_digit(start)


def _isbn10(draw: Draw) -> str:
    start = draw.digits(9)
    whole = draw.until(lambda d: start + d.choice("0123456789X"), isbn.is_valid)
    return draw.choice((whole, draw.cut(whole, 1, 4, 4, 1, by="-")))


def _bad_ssn(draw: Draw) -> str:
    """An area, group or serial that is never given."""
    good, serial = f"{draw.randrange(100, 600)}", draw.digits(4)
    areas = f"000-{draw.randrange(10, 99)}", f"666-{draw.randrange(10, 99)}", f"{good}-00"
    return draw.choice([*(f"{area}-{serial}" for area in areas), f"{good}-12-0000"])


def _quad(draw: Draw) -> str:
    return ".".join(str(draw.randrange(1, 30)) for _ in range(4))


_SIZED = {"digits": "0123456789", "hex": HEX, "b64_": BASE64}
_MAKERS: dict[str, Maker] = {
    "amount": lambda d: f"{d.randrange(1, 9000)}.{d.digits(2)}",
    "arxiv": lambda d: f"{d.randrange(10, 25)}{d.randrange(1, 13):02d}.{d.digits(5)}",
    "bad_card": bad_card,
    "bad_iban": bad_iban,
    "bad_ssn": _bad_ssn,
    "build": lambda d: str(d.randrange(100, 6000)),
    "byte": lambda d: str(d.randrange(1, 255)),
    "certificate": certificate,
    "cvv": lambda d: d.digits(3),
    "date": _date,
    "date_de": lambda d: _date(d, "{2:02d}.{1:02d}.{0}"),
    "date_us": lambda d: _date(d, "{1:02d}/{2:02d}/{0}"),
    "ean13": _ean13,
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "issn": lambda d: d.until(lambda d: f"{d.digits(4)}-{d.digits(4)}", issn.is_valid),
    "lat": lambda d: f"{d.uniform(-80, 80):.{d.randrange(4, 8)}f}",
    "lon": lambda d: f"{d.uniform(-180, 180):.{d.randrange(4, 8)}f}",
    "mac": lambda d: d.cut(d.of(HEX, 12), 2, by=d.choice(":-")),
    "md5": lambda d: d.of(HEX, 32),
    "num": lambda d: str(d.randrange(100, 99_999)),
    "quad": _quad,
    "sections": _quad,
    "sha1": lambda d: d.of(HEX, 40),
    "sha256": lambda d: d.of(HEX, 64),
    "sha7": lambda d: d.of(HEX, 7),
    "small": lambda d: str(d.randrange(10, 99)),
    "thousands": lambda d: f"{d.randrange(10**6, 10**9):,}",
    "time": _time,
    "unix": lambda d: str(d.randrange(1_000_000_000, 1_750_000_000)),
    "uuid": lambda d: d.cut(d.of(HEX, 32), 8, 4, 4, 4, 12, by="-"),
    "version3": lambda d: f"{d.randrange(20)}.{d.randrange(20)}.{d.randrange(20)}",
    "year": lambda d: str(_year(d)),
}
