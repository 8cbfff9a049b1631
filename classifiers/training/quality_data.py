"""What `quality` learns from: documents in, labelled examples of text out, each with its source.

Good is a stretch of edited prose, with at most a little furniture around it. Poor are pages made by
the rules of `quality_pages` and texts that are so as they stand. Classes have the same languages
and about the same lengths, and snippets of good documents stand in poor pages.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifiers.training.quality_material import Document, Material
from classifiers.training.quality_pages import KINDS, NOTICES, Draw, Stock, english
from classifiers.training.quality_readers import Lines

GOOD, POOR = "good", "poor"
_SEED = 9
_SIZES = (400, 6000)  # characters of a good stretch
_POOR_SIZES = (100, 6000)
_PASSES = 3  # over each document, with other cuts
_MOST, _MOST_ENGLISH = 250, 1200  # stretches of a source in a language
_LEAST_PHRASES = 20
_ENDS = tuple('.!?。！？…:;"”»।')


@dataclass(frozen=True)
class Example:
    """A text, whether it is good, and where it is from."""

    text: str
    label: str
    language: str
    source: str


@dataclass(frozen=True)
class Half:
    """Sources of text, kinds of furniture and rules: all but some."""

    without: frozenset[str]

    def has(self, name: str) -> bool:
        """Whether it is in this half."""
        return name not in self.without


EVERYTHING = Half(frozenset())
_FIRST = {
    *("handbook", "speeches", "novel", "declaration", "list mail", "newsletters"),
    *("forum", "blog", "menu", "chat", "listing"),
    *("teasers", "thread", "notices"),
}
_SECOND = {
    *(
        "security",
        "apache",
        "history",
        "game help",
        "essays",
        "wikipedia",
        "sales mail",
        "fortunes",
    ),
    *("shop", "site", "event", "sales"),
    *("record", "comments", "fragment"),
}
HALVES = Half(frozenset(_SECOND)), Half(frozenset(_FIRST))
"""Two that share no source, no phrase and no rule: what one teaches is tested on the other."""


def stocks(
    documents: Sequence[Document], furniture: Mapping[str, Mapping[str, list[str]]], half: Half
) -> dict[str, Stock]:
    """What poor pages of each language are made of."""
    lines: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for document in documents:
        lines[document.language][document.kind] += [x for x in document.lines if len(x) > 40]
    phrases: dict[str, dict[str, Sequence[str]]] = {
        language: {**kinds} for language, kinds in furniture.items()
    }
    of_software = {
        kind if kind.endswith(NOTICES) else f"{kind} software": texts
        for kind, texts in phrases["en"].items()
    }
    phrases["en"] = of_software | dict(english())
    found = {}
    for language, of in sorted(lines.items()):
        known = {
            kind: texts
            for kind, texts in phrases.get(language, {}).items()
            if len(texts) >= _LEAST_PHRASES and half.has(kind.split(" ")[0])
        }
        if known and of["prose"]:
            found[language] = Stock(known, of["prose"], of["chat"], of["sales"])
    return found


def good_examples(documents: Sequence[Document], known: Mapping[str, Stock]) -> Iterator[Example]:
    """Stretches of prose of many lengths; half of them with a few lines of furniture."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    rng = random.Random(_SEED)  # noqa: S311 - of texts
    order = [document for document in documents if document.kind == "prose"] * _PASSES
    rng.shuffle(order)
    for document in order:
        if document.language not in known:
            continue
        for stretch in _stretches(document.lines, rng, _SIZES):
            key = document.source, document.language
            most = _MOST_ENGLISH if document.language == "en" else _MOST
            if counts[key] < most and is_prose(stretch):
                counts[key] += 1
                lines = _furnished(stretch, Draw(rng, known[document.language]))
                yield Example("\n".join(lines), GOOD, document.language, document.source)


def _stretches(lines: Lines, rng: random.Random, sizes: tuple[int, int]) -> Iterator[Lines]:
    at = 0
    while at < len(lines):
        size = _size(rng, sizes)
        held: Lines = []
        while at < len(lines) and sum(map(len, held)) < size:
            held.append(lines[at])
            at += 1
        if sum(map(len, held)) >= sizes[0]:
            yield held


def _size(rng: random.Random, sizes: tuple[int, int]) -> int:
    return round(math.exp(rng.uniform(math.log(sizes[0]), math.log(sizes[1]))))


def is_prose(lines: Lines) -> bool:
    """Most of it stands in lines that end as sentences do, and lines are no short ones."""
    size = sum(map(len, lines))
    ended = sum(len(line) for line in lines if line.endswith(_ENDS))
    return ended >= 0.7 * size and size >= 80 * len(lines)


def _furnished(lines: Lines, draw: Draw) -> Lines:
    if not draw.maybe(0.5):
        return lines
    kinds = ("blog", "menu", "site", "event", "shop", "forum")
    most = min(6, 1 + sum(map(len, lines)) // 300)
    above = [draw.phrase(*kinds) for _ in draw.some(0, most)]
    return above + lines + [draw.phrase(*kinds) for _ in draw.some(0, most)]


def poor_examples(
    documents: Sequence[Document],
    known: Mapping[str, Stock],
    wanted: Mapping[str, int],
    half: Half,
) -> Iterator[Example]:
    """`wanted` of each language: made pages, and a share of texts that are poor as they stand."""
    rng = random.Random(_SEED + 1)  # noqa: S311 - of texts
    real: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        if document.kind != "prose":
            real[document.language, document.source].append(document)
    rules = [name for name in sorted(KINDS) if half.has(name)]
    for language, count in sorted(wanted.items()):
        sources = [source for of, source in sorted(real) if of == language]
        for number in range(count):
            if sources and number % 3 == 0:
                source = sources[number // 3 % len(sources)]
                lines = _of_real(real[language, source], rng)
            else:
                source = rules[number % len(rules)]
                lines = _of_rule(source, Draw(rng, known[language]))
            yield Example("\n".join(lines), POOR, language, source)


def _of_real(documents: Sequence[Document], rng: random.Random) -> Lines:
    """Neighbouring documents, up to a drawn size, and no more than that."""
    at, size = rng.randrange(len(documents)), _size(rng, _POOR_SIZES)
    found: Lines = []
    for document in documents[at : at + 20]:
        for line in document.lines:
            if sum(map(len, found)) >= size:
                return found
            found.append(line[:2000])
    return found


def _of_rule(rule: str, draw: Draw) -> Lines:
    """One page after the other, up to a drawn size."""
    size = _size(draw.rng, _POOR_SIZES)
    found: Lines = []
    for _ in range(20):
        found += [line for line in KINDS[rule](draw) if line.strip()]
        if sum(map(len, found)) >= size:
            break
    return found


def examples_of(material: Material, half: Half) -> list[Example]:
    """Of the sources and rules in a half; as many poor ones of a language as good ones."""
    of_half = [document for document in material.documents if half.has(document.source)]
    known = stocks(of_half, material.furniture, half)
    good = list(good_examples(of_half, known))
    wanted: dict[str, int] = defaultdict(int)
    for example in good:
        wanted[example.language] += 1
    return good + list(poor_examples(of_half, known, wanted, half))
