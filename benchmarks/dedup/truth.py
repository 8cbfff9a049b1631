"""Documents whose similarity is known: they share so many word 5-grams as we say.

In: a folder. Out: `truth/` with 20,000 documents (`id`, `url`, `text`) and `truth-pairs.parquet`
(`a`, `b`, `jaccard`, `chained`), kept for the next call. The two of a pair begin alike and end
differently. The five of a chain are windows over one long text: each is similar to the next one
(0.85), but not to the one after that (0.72), so to remove all but one of a chain is wrong. No word
comes twice in a pair or chain, so that each 5-gram is one of a kind. Every two of them are counted
again before they are written. Other documents have nothing in common with any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.dedup.corpus import make_rows, name, write_rows
from benchmarks.dedup.words import load_words

SIMILARITIES = [Fraction(part, 20) for part in range(10, 21)]
DOCUMENTS, PAIRS = 20_000, 600
"""Of documents altogether, and of pairs for each similarity."""
_SEED = 0
_FILES = 4
_CHAINS, _LINKS = 400, 5
_CHAINED = 740, 60
"""5-grams of each document in a chain, and how far it is from the one before."""
_GRAM = 5
_SIZES = range(20, 70, 2)
"""Of a pair: the different 5-grams of both together, in twentieths."""
_LINE = 12  # words
_WORD = re.compile(r"\w+")


@dataclass
class _Truth:
    """Texts by the document's number, and how alike they are; `free` are numbers without text."""

    free: list[int]
    texts: list[str] = field(default_factory=lambda: [""] * DOCUMENTS)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, texts: Sequence[str], expected: Sequence[Fraction], *, chained: bool) -> None:
        """Texts in any places; `expected` of two is by how far they are apart."""
        numbers = sorted(self.free.pop() for _ in texts)
        for number, text in zip(numbers, texts, strict=True):
            self.texts[number] = text
        sets = [grams(text) for text in texts]
        for a, b in combinations(range(len(texts)), 2):
            found = jaccard(sets[a], sets[b])
            if found != expected[b - a - 1]:
                raise AssertionError(f"{found}, not {expected[b - a - 1]} alike: {texts[a]}")
            pair = {"a": name(numbers[a]), "b": name(numbers[b])}
            self.rows.append({**pair, "jaccard": float(found), "chained": chained})


def make_truth(folder: Path) -> tuple[Path, Path]:
    """The folder of the documents and the file of the pairs."""
    made, pairs = folder / "truth", folder / "truth-pairs.parquet"
    if not pairs.exists():
        made.mkdir(parents=True, exist_ok=True)
        truth = _draw_truth(np.array(load_words(folder).words))
        _write(truth.texts, made)
        pq.write_table(pa.Table.from_pylist(truth.rows), pairs)
    return made, pairs


def _draw_truth(words: np.ndarray) -> _Truth:
    draw = np.random.default_rng(_SEED)
    truth = _Truth(draw.permutation(DOCUMENTS).tolist())
    for similarity in [s for s in SIMILARITIES for _ in range(PAIRS)]:
        truth.add(list(_pair(draw, words, similarity)), [similarity], chained=False)
    size, step = _CHAINED
    apart = [Fraction(size - far, size + far) for far in range(step, _LINKS * step, step)]
    for _ in range(_CHAINS):
        truth.add(list(_chain(draw, words)), apart, chained=True)
    while truth.free:
        alone = draw.choice(words, 20 * _SIZES[len(_SIZES) // 2], replace=False)
        truth.add([_text(alone)], [], chained=False)
    return truth


def grams(text: str) -> set[tuple[str, ...]]:
    """The different runs of five words, in small letters."""
    words = _WORD.findall(text.casefold())
    return set(zip(*(words[first:] for first in range(_GRAM)), strict=False))


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> Fraction:
    """Of two sets that are not both empty."""
    shared = len(one & other)
    return Fraction(shared, len(one) + len(other) - shared)


def _pair(draw: np.random.Generator, words: np.ndarray, similarity: Fraction) -> Iterator[str]:
    twentieth = int(draw.choice(_SIZES))
    shared = int(similarity * 20 * twentieth)
    own = (20 * twentieth - shared) // 2
    start = shared + _GRAM - 1
    drawn = draw.choice(words, start + 2 * own, replace=False)
    yield _text(drawn[: start + own])
    # Not the same text where all words are the same.
    yield _text(np.concatenate([drawn[:start], drawn[start + own :]])).upper()


def _chain(draw: np.random.Generator, words: np.ndarray) -> Iterator[str]:
    size, step = _CHAINED
    length = size + _GRAM - 1
    drawn = draw.choice(words, length + (_LINKS - 1) * step, replace=False)
    for first in range(0, _LINKS * step, step):
        yield _text(drawn[first : first + length])


def _text(words: np.ndarray) -> str:
    lines = (words[at : at + _LINE].tolist() for at in range(0, len(words), _LINE))
    return "\n".join(" ".join(line) for line in lines)


def _write(texts: Sequence[str], folder: Path) -> None:
    each = -(-len(texts) // _FILES)
    for number in range(_FILES):
        rows = make_rows(number * each, pa.array(texts[number * each : (number + 1) * each]))
        write_rows(rows, folder / f"part-{number:05d}.parquet")
