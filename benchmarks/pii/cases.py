"""Texts with invented personal data and secrets of every type but PERSON, and near misses.

In: how many of each type, and a seed. Out: cases with gold spans; a near miss has none and a label
that says what it looks like. The same seed gives the same cases, and a case does not depend on how
many there are. Texts are the templates beside this file, `language|text`, where `§` is a value of
the type, `^` a telephone number with its country code, and `‹slot›` another value or a filler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from benchmarks.pii import contact, credentials, crypto, identities, money
from benchmarks.pii.draw import Draw, Maker
from benchmarks.pii.fillers import TEMPLATES, fill
from curation.pii.kinds import PiiType

Gold = tuple[int, int, PiiType]
TYPES = tuple(kind for kind in PiiType if kind != PiiType.PERSON)
_SLOT = re.compile(r"[§^]|‹(\w+)›")
_COIN = re.compile("^(?:0x|bc1|ltc1|.)")
_PIPE = "\\|"
_NO_LANGUAGE = "*"
_MRZ_SHARE = 0.25
_MAKERS = {
    PiiType.EMAIL: contact.email,
    PiiType.PHONE: contact.phone,
    PiiType.IP_ADDRESS: contact.ip_address,
    PiiType.CREDIT_CARD: money.credit_card,
    PiiType.IBAN: money.iban,
    PiiType.CRYPTO_ADDRESS: crypto.crypto_address,
    PiiType.US_SSN: identities.us_ssn,
    PiiType.PASSPORT: identities.passport,
    PiiType.PRIVATE_KEY: credentials.private_key,
}


@dataclass(frozen=True)
class Case:
    """A text and all that is to be found in it."""

    text: str
    gold: Sequence[Gold]
    label: str
    """The type, the country and name of a national number, or what a near miss looks like."""
    language: str | None = None
    line_kinds: str | None = None
    about: PiiType | None = None
    """The type that it is a case of; other values may stand beside."""


@dataclass(frozen=True)
class _Template:
    label: str
    head: str
    """A language, the kind of the lines, or the name of a national number."""
    text: str


def make_cases(per_type: int, *, seed: int = 0) -> Iterator[Case]:
    """So many cases of each type, type by type."""
    for kind in TYPES:
        for number in range(per_type):
            yield _case(kind, number, Draw(f"{seed}/{kind}/{number}"))


def make_near_misses(number: int, *, seed: int = 0) -> Iterator[Case]:
    """So many texts in which nothing is to be found; each template gets its turn."""
    templates = _templates("near_misses")
    for at in range(number):
        template = templates[at % len(templates)]
        text, gold = _write(template.text, Draw(f"{seed}/near/{at}"), {})
        kinds = template.head * (text.count("\n") + 1) if template.head == "c" else None
        yield Case(text, gold, template.label, None, kinds)


def _case(kind: PiiType, number: int, draw: Draw) -> Case:
    if kind == PiiType.NATIONAL_ID:
        return _national(number, draw)
    name = str(kind)
    if kind == PiiType.PASSPORT and draw.random() < _MRZ_SHARE:
        name = "PASSPORT_MRZ"
    template = draw.choice(_templates(name))
    language = None if template.head == _NO_LANGUAGE else template.head
    values: dict[str, tuple[Maker, PiiType]] = {
        other: (partial(make, language=language), other) for other, make in _MAKERS.items()
    }
    if kind != PiiType.API_KEY:
        values["§"] = _mrz if name == "PASSPORT_MRZ" else values[kind]
    values["^"] = contact.international_phone, PiiType.PHONE
    values["IP_HOST"] = values[PiiType.IP_ADDRESS]
    for key, make in (credentials.KEYS | credentials.SECRETS).items():
        values[key] = make, PiiType.API_KEY
    text = template.text.replace("‹KEY›", f"‹{draw.choice(tuple(credentials.KEYS))}›")
    filled, gold = _write(text, draw, values)
    label = _label(name, text, filled, gold, language)
    return Case(filled, gold, label, language, about=kind)


def _label(name: str, template: str, text: str, gold: Sequence[Gold], language: str | None) -> str:
    """The type, and what kind of value or language it is where that matters."""
    start, end = next(span[:2] for span in gold if name.startswith(span[2]))
    value = text[start:end]
    if name == PiiType.API_KEY:
        slots = [slot for slot in _SLOT.findall(template) if slot.isupper()]
        return f"{name} {slots[-1]}"
    if name == PiiType.IP_ADDRESS:
        return f"{name} {'v6' if ':' in value else 'v4'}"
    if name == PiiType.CRYPTO_ADDRESS:
        return f"{name} {_COIN.findall(value.lower())[0]}"
    if name in {PiiType.PHONE, PiiType.PASSPORT, PiiType.EMAIL}:
        return f"{name} {language or 'structured'}"
    return name


def _national(number: int, draw: Draw) -> Case:
    """Each country gets its turn."""
    kinds = tuple(identities.id_kinds().values())
    kind = kinds[number % len(kinds)]
    templates = [t for t in _templates("national_id_contexts") if t.head == kind.name]
    text, gold = _write(draw.choice(templates).text, draw, {"§": (kind.make, PiiType.NATIONAL_ID)})
    return Case(text, gold, kind.name, kind.language, about=PiiType.NATIONAL_ID)


def _mrz_lines(draw: Draw) -> str:
    return "\n".join(identities.mrz(draw) if draw.random() < 0.6 else identities.mrz_card(draw))


_mrz = (_mrz_lines, PiiType.PASSPORT)


def _write(
    template: str, draw: Draw, values: dict[str, tuple[Maker, PiiType]]
) -> tuple[str, list[Gold]]:
    """The text with slots filled, and where the values are."""
    text, gold, at = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()]
        at = slot.end()
        name = slot[1] or slot[0]
        if name not in values:
            text += fill(draw, name)
            continue
        make, kind = values[name]
        value = make(draw)
        opening, closing = ("[", "]") if name == "IP_HOST" and ":" in value else ("", "")
        start = len(text) + len(opening)
        gold.append((start, start + len(value), kind))
        text += f"{opening}{value}{closing}"
    return text + template[at:], gold


@cache
def _templates(name: str) -> tuple[_Template, ...]:
    lines = (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(_read(name, line) for line in lines)


def _read(name: str, line: str) -> _Template:
    first, rest = line.split("|", 1)
    label, head = name, first
    if name == "near_misses":
        label = first
        head, rest = rest.split("|", 1)
    return _Template(label, head, rest.replace(_PIPE, "|").replace(r"\n", "\n"))
