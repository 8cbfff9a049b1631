"""Tokenizers of a recipe, by name or path: texts in; numbers of tokens, or the tokens, out.

Names are `bundled:NAME` (what comes with the package), a `tokenizer.json` of Hugging Face or the
folder of one, OWNER/NAME on its hub, ranks as tiktoken has them (`NAME.tiktoken`, or
`PATH#PATTERN`), or a name that tiktoken knows. Files may be in object stores. Nothing of a
tokenizer is run as code, and no text stands for a special token: a page that says `<|endoftext|>`
does not end there. Counting is on one core; whoever has more runs more processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.token_counts.words import LONGEST_WORD, cut_words, pieces, stretches

Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
MOST_IDS = 1 << 31
"""As many as `Ids` can hold."""
_WORDS_AT_ONCE = 1 << 20
_MOST_REMEMBERED = 1 << 19
_LONGEST_REMEMBERED = 64  # characters
_LONGEST_TEXT = 1 << 20  # characters, where texts cannot be cut into words


@dataclass(frozen=True)
class Library:
    """What a library makes of pieces of texts: tokens, or only how many."""

    encode: Callable[[Sequence[str]], list[Ids]]
    count: Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer that is loaded. `rule` says where texts may be cut (`words_kernel`); None: not.

    `vocabulary` is how many ids there are; `end_of_document` is the one between documents.
    """

    name: str
    vocabulary: int
    end_of_document: int | None
    library: Library
    rule: int | None
    sha256: str | None = None
    _known: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def count(self, texts: pa.StringArray) -> pa.Int32Array:
        """How many tokens each text has; null of a null text."""
        words, firsts = cut_words(texts, self.rule)
        parts = [
            self._of_words(words.slice(at, _WORDS_AT_ONCE))
            for at in range(0, len(words), _WORDS_AT_ONCE)
        ]
        sums = np.cumsum(np.concatenate([np.zeros(1, np.int64), *parts]))
        found = sums[firsts[1:]] - sums[firsts[:-1]]
        return pa.array(found.astype(np.int32), mask=texts.is_null().to_numpy(zero_copy_only=False))

    def encode(self, texts: pa.StringArray) -> list[Ids]:
        """The tokens of each text, as many as are counted; none of a null text."""
        found: list[list[Ids]] = [[] for _ in range(len(texts))]
        for row, stretch in stretches(texts, self.rule, LONGEST_WORD):
            found[row] += self.library.encode([*pieces(stretch, self._longest)])
        return [np.concatenate([np.empty(0, np.int32), *ids]) for ids in found]

    @property
    def _longest(self) -> int:
        return _LONGEST_TEXT if self.rule is None else LONGEST_WORD

    def _of_words(self, words: pa.StringArray) -> Longs:
        """How many tokens each word has: of different ones, of which many are known already."""
        coded = words.dictionary_encode()
        counts = self._of_different(coded.dictionary.to_pylist())
        return counts[coded.indices.to_numpy()]

    def _of_different(self, words: list[str]) -> Longs:
        known = self._known
        counts = np.fromiter((known.get(word, -1) for word in words), np.int64, len(words))
        new = np.flatnonzero(counts < 0).tolist()
        told = self._told([words[at] for at in new])
        counts[new] = told
        if len(known) > _MOST_REMEMBERED:
            known.clear()  # what is remembered changes nothing but the time
        for at, count in zip(new, told, strict=True):
            if len(words[at]) <= _LONGEST_REMEMBERED:
                known[words[at]] = count
        return counts

    def _told(self, words: list[str]) -> list[int]:
        """What the library says of each."""
        longest = self._longest
        if all(len(word) <= longest for word in words):
            return self.library.count(words)
        return [sum(self.library.count([*pieces(word, longest)])) for word in words]
