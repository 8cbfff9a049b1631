"""What the topics model learns from, before it has labels: words and definitions of words.

In: the unpacked packages wordfreq and WordNet. Out: words with how rare they are, and definitions
in the order of a hash. Sources: Speer, rspeer/wordfreq (2022); Fellbaum, WordNet (1998).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import xxhash

_LISTED = "wordfreq/data/large_en.msgpack.gz"
_WORDNET = "usr/share/wordnet/data.{}"
_WORD = re.compile("[a-z]{3,}")
_COMMON = 2.5  # bels: words as frequent as one in 300 (the, and, you) tell no topic
_LEAST_CHARS = 35
_TAXONOMY = re.compile(r"genus\b|\bfamily of\b")


class Word(NamedTuple):
    """A word and how rare it is: the logarithm of words per occurrence, less that of the common."""

    text: str
    rarity: float


def read_words(wordfreq: Path, count: int) -> list[Word]:
    """The most frequent `count` words of English, of three letters or more."""
    unpack = import_module("msgpack").unpackb  # wordfreq brings it
    levels = unpack(gzip.decompress((wordfreq / _LISTED).read_bytes()))[1:]
    found = (
        Word(text, max(0.0, centibels / 100 - _COMMON))
        for centibels, texts in enumerate(levels)
        for text in texts
        if _WORD.fullmatch(text)
    )
    return [word for word, _ in zip(found, range(count), strict=False)]


def read_definitions(wordnet: Path, words: list[Word], count: int) -> list[str]:
    """`count` of the nouns, verbs and adjectives with a lemma whose words are all among `words`.

    Each as `lemma, lemma: definition; "example"`. Plants and animals that are but placed in a
    family would be a fifth of all, and are left out.
    """
    known = {word.text for word in words}
    found = {
        f"{', '.join(lemmas)}: {gloss}"
        for part in ("noun", "verb", "adj")
        for lemmas, gloss in _synsets((wordnet / _WORDNET.format(part)).read_text("utf-8"))
        if len(gloss) >= _LEAST_CHARS
        and not _TAXONOMY.search(gloss)
        and any(known.issuperset(_WORD.findall(lemma.lower())) for lemma in lemmas)
    }
    return sorted(found, key=lambda text: xxhash.xxh64_intdigest(text.encode()))[:count]


def _synsets(data: str) -> Iterator[tuple[list[str], str]]:
    """Lemmas and gloss, from the format wndb(5WN); lines of the licence begin with a blank."""
    for line in data.splitlines():
        if line and not line.startswith(" "):
            head, _, gloss = line.partition("|")
            fields = head.split()
            lemmas = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            yield (
                [re.sub(r"\(.*\)", "", lemma).replace("_", " ") for lemma in lemmas],
                gloss.strip(),
            )
