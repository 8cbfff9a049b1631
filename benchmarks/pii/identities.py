"""Numbers of persons by country, with right check digits, all invented.

A shape of `national_ids.tsv` is a text in which `#` is a digit, `@` a letter, `[abc]` one of these
(`[a|b]` one of these texts), `{ymd}` a date in that order (`Y` with the century) and `?` a check
character: those are tried until the number is valid by the country's module of python-stdnum.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from benchmarks.pii.draw import DIGITS, UPPER, Draw

_PART = re.compile(r"\[([^\]]+)\]|\{(\w+)\}|(.)")
_CHECK_LETTERS = DIGITS + UPPER
_MRZ_WEIGHTS = (7, 3, 1)
_STATES = "D USA GBR FRA ESP ITA POL NLD SWE JPN KOR CHN IND TUR BRA MEX UTO"
_FAMILY = "MUSTER ERIKSSON KOWALSKA ROSSI TANAKA SILVA DUPONT VAN<DER<BERG OZTURK GARCIA<LOPEZ"
_GIVEN = "ERIKA ANNA<MARIA JAN LUCA YUKI JOAO CLAIRE PIETER ELIF CARMEN"


@dataclass(frozen=True)
class IdKind:
    """A kind of number: its module, language, shapes, and the ways that it is written."""

    name: str
    language: str
    shapes: Sequence[str]
    writings: Sequence[str]
    """`x` is a character of the number; anything else stands between."""

    def make(self, draw: Draw) -> str:
        """A valid number."""
        is_valid = _CHECKS.get(self.name) or _stdnum(self.name)
        while True:
            shape = draw.choice(self.shapes)
            for candidate in _candidates(draw, shape):
                if is_valid(candidate):
                    return _write(draw.choice(self.writings), candidate)


@cache
def id_kinds() -> dict[str, IdKind]:
    """All of `national_ids.tsv`, by name."""
    rows = Path(__file__).with_name("templates") / "national_ids.tsv"
    kinds = {}
    for line in rows.read_text(encoding="utf-8").splitlines():
        name, language, shapes, writings = line.split("\t")
        kinds[name] = IdKind(name, language, shapes.split(" "), writings.split(";"))
    return kinds


def _candidates(draw: Draw, shape: str) -> Iterator[str]:
    parts = [_part(draw, *found) for found in _PART.findall(shape)]
    checks = [at for at, part in enumerate(parts) if part == "?"]
    alphabet = DIGITS if len(checks) == 2 else _CHECK_LETTERS
    for values in itertools.product(alphabet, repeat=len(checks)):
        for at, value in zip(checks, values, strict=True):
            parts[at] = value
        yield "".join(parts)


def _part(draw: Draw, choice: str, date: str, character: str) -> str:
    if choice:
        return draw.choice(choice.split("|") if "|" in choice else choice)
    if date:
        year = draw.randrange(1940, 2000)
        names = {
            "Y": str(year),
            "y": f"{year % 100:02d}",
            "m": f"{draw.randrange(1, 13):02d}",
            "d": f"{draw.randrange(1, 29):02d}",
        }
        return "".join(names[name] for name in date)
    return {"#": draw.choice(DIGITS), "@": draw.choice(UPPER)}.get(character, character)


def _write(writing: str, number: str) -> str:
    characters = iter(number)
    return "".join(next(characters, "") if c == "x" else c for c in writing) + "".join(characters)


def _stdnum(name: str) -> Callable[[str], bool]:
    found: Callable[[str], bool] = import_module(f"stdnum.{name}").is_valid
    return found


def _weighted(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def _is_sg_nric(number: str) -> bool:
    total = _weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + 4 * (number[0] in "TG")
    letters = "JZIHGFEDCBA" if number[0] in "ST" else "XWUTRQPNMLK"
    return letters[total % 11] == number[8]


def _is_medicare(number: str) -> bool:
    return _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(number[8], 36)


def _is_snils(number: str) -> bool:
    return _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100 == int(number[9:])


_CHECKS: dict[str, Callable[[str], bool]] = {
    "sg.nric": _is_sg_nric,
    "au.medicare": _is_medicare,
    "ru.snils": _is_snils,
}


def us_ssn(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """Area, group and serial as issued: no 000, 666 or 9xx, no 00, no 0000."""
    area = draw.choice([n for n in range(1, 900) if n != 666])
    parts = f"{area:03d}", f"{draw.randrange(1, 100):02d}", f"{draw.randrange(1, 10_000):04d}"
    return draw.choice(("-", "-", "-", " ")).join(parts)


def passport(draw: Draw, language: str | None = None) -> str:  # noqa: ARG001
    """A passport's number: letters and digits as some states give them."""
    shape = draw.choice(
        ("########", "@########", "@@#######", "@#######", "@@@######", "##@@#####")
    )
    return "".join(next(_candidates(draw, shape)))


def mrz(draw: Draw) -> tuple[str, str]:
    """The two lines of a passport's machine-readable zone (ICAO 9303, TD3)."""
    state = draw.choice(_STATES.split())
    name = f"{draw.choice(_FAMILY.split())}<<{draw.choice(_GIVEN.split())}"
    number = (draw.choice(UPPER) + draw.digits(8)).ljust(9, "<")
    born, until = _candidate(draw, "{ymd}"), f"{draw.randrange(26, 36)}{_candidate(draw, '{md}')}"
    number, born, until = (part + _mrz_check(part) for part in (number, born, until))
    rest = "<" * 14 + "0"
    line = number + state.ljust(3, "<") + born + draw.choice("MF") + until + rest
    return (
        f"P<{state.ljust(3, '<')}{name}".ljust(44, "<"),
        line + _mrz_check(number + born + until + rest),
    )


def mrz_card(draw: Draw) -> tuple[str, str, str]:
    """The three lines of an identity card's zone (TD1)."""
    state = draw.choice(_STATES.split()).ljust(3, "<")
    number = draw.choice(UPPER) + draw.digits(8)
    first = f"I<{state}{number}{_mrz_check(number)}".ljust(30, "<")
    born, until = _candidate(draw, "{ymd}"), f"{draw.randrange(26, 36)}{_candidate(draw, '{md}')}"
    born, until = (part + _mrz_check(part) for part in (born, until))
    second = (born + draw.choice("MF") + until + state).ljust(29, "<")
    second += _mrz_check(first[5:30] + born + until + second[18:29])
    name = f"{draw.choice(_FAMILY.split())}<<{draw.choice(_GIVEN.split())}"
    return first, second, name.ljust(30, "<")


def _candidate(draw: Draw, shape: str) -> str:
    return next(_candidates(draw, shape))


def _mrz_check(text: str) -> str:
    values = (0 if c == "<" else int(c, 36) for c in text)
    return str(sum(v * w for v, w in zip(values, itertools.cycle(_MRZ_WEIGHTS), strict=False)) % 10)
