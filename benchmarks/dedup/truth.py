"""Documents whose similarity is known: pairs that share so many word 5-grams as we say.

In: a folder. Out: `truth/` with 20,000 documents (`id`, `url`, `text`) and `truth-pairs.parquet`
(`a`, `b`, `jaccard`), kept for the next call. The two of a pair begin alike and end differently;
no word comes twice in both of them, so that each 5-gram is one of a kind and the shared ones are
those of the start. Every pair is counted again before it is written. Documents of no pair have
nothing in common with any other; nor have those of different pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

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
_GRAM = 5
_SIZES = range(20, 70, 2)
"""Of a pair: the different 5-grams of both together, in twentieths."""
_LINE = 12  # words
_WORD = re.compile(r"\w+")


def make_truth(folder: Path) -> tuple[Path, Path]:
    """The folder of the documents and the file of the pairs."""
    made, pairs = folder / "truth", folder / "truth-pairs.parquet"
    if not pairs.exists():
        made.mkdir(parents=True, exist_ok=True)
        words = np.array(load_words(folder).words)
        draw = np.random.default_rng(_SEED)
        numbers = draw.permutation(DOCUMENTS).tolist()
        texts: list[str] = [""] * DOCUMENTS
        rows = []
        for similarity in [s for s in SIMILARITIES for _ in range(PAIRS)]:
            a, b = sorted((numbers.pop(), numbers.pop()))
            texts[a], texts[b] = _pair(draw, words, similarity)
            if jaccard(grams(texts[a]), grams(texts[b])) != similarity:
                raise AssertionError(f"{name(a)} and {name(b)} are not {similarity} alike")
            rows.append({"a": name(a), "b": name(b), "jaccard": float(similarity)})
        for number in numbers:
            texts[number] = _text(draw.choice(words, 20 * _SIZES[len(_SIZES) // 2], replace=False))
        _write(texts, made)
        pq.write_table(pa.Table.from_pylist(rows), pairs)
    return made, pairs


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


def _text(words: np.ndarray) -> str:
    lines = (words[at : at + _LINE].tolist() for at in range(0, len(words), _LINE))
    return "\n".join(" ".join(line) for line in lines)


def _write(texts: Sequence[str], folder: Path) -> None:
    each = -(-len(texts) // _FILES)
    for number in range(_FILES):
        rows = make_rows(number * each, pa.array(texts[number * each : (number + 1) * each]))
        write_rows(rows, folder / f"part-{number:05d}.parquet")
