"""A memory of words: what a tokeniser makes of each, so that it reads a word once.

Tokenisers that split at blanks make of a text what they make of its words, one after another. So
words are cut by a kernel and looked up; the tokeniser itself sees those alone that are new. What
is remembered changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.encoder.words_kernel import BROKEN, MISSES, OTHERWISE, insert, look_up

_Ids = npt.NDArray[np.int32]
Encode = Callable[[Sequence[str]], Sequence[_Ids | None]]
_MOST_WORDS, _MOST_BYTES = 1 << 19, 1 << 26  # from which on memory begins anew
BREAKS, OTHER = -1, -2
"""In place of a number of tokens: a text breaks the tokeniser, or is not to be cut into words."""
_BREAKS = np.array([-1], np.int32)
_NORMALISERS = (None, "NFC", "BertNormalizer")


def keeps_blanks(content: Mapping[str, Any]) -> bool | None:
    """Whether white space makes tokens, of a tokeniser that makes of words what it makes of a text.

    By its file, `tokenizer.json`. None: of another one. Known are byte-level BPE as RoBERTa has it,
    and BERT's word pieces.
    """
    splits, normaliser = content.get("pre_tokenizer") or {}, content.get("normalizer") or {}
    if normaliser.get("type") not in _NORMALISERS or (
        normaliser and any(token.get("normalized") for token in content.get("added_tokens", []))
    ):
        return None
    if splits.get("type") == "BertPreTokenizer":
        return False if normaliser.get("clean_text") else None
    plain = splits.get("use_regex", True) and not splits.get("add_prefix_space", True)
    return True if splits.get("type") == "ByteLevel" and plain else None


def added_tokens(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that a tokeniser looks for before it splits: texts with them are not cut into words."""
    return tuple(token["content"] for token in content.get("added_tokens", []))


class Words:
    """What `encode` makes of words; `blanks`: whether white space makes tokens."""

    def __init__(self, encode: Encode, *, blanks: bool) -> None:
        self._encode = encode
        self._blanks = blanks
        self._forget()

    def _forget(self) -> None:
        self._known = 0
        self._slots = np.full(1 << 12, -1, np.int32)
        self._word_starts, self._words = np.zeros(1 << 11, np.int64), np.zeros(1 << 14, np.uint8)
        self._id_starts, self._ids = np.zeros(1 << 11, np.int64), np.zeros(1 << 12, np.int32)

    def first_tokens(
        self, texts: Sequence[bytes | None], needed: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """The first `needed` tokens of each text, in UTF-8, a row each, and how many these are.

        In place of a number there may be `BREAKS`, or `OTHER`, as for None.
        """
        if self._known > _MOST_WORDS or int(self._word_starts[self._known]) > _MOST_BYTES:
            self._forget()
        data = np.frombuffer(b"".join(text or b"" for text in texts), np.uint8)
        starts = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text or b"") for text in texts], out=starts[1:])
        found = np.empty((len(texts), needed), np.int32)
        counts, status = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int8)
        pages = np.arange(len(texts))
        while len(pages):
            misses = np.empty((len(pages) * needed, 2), np.int64)
            missed = look_up(
                data, starts, pages, self._blanks, needed, self._slots, self._word_starts,
                self._words, self._id_starts, self._ids, found, counts, status, misses,
            )  # fmt: skip
            self._learn(data, misses[:missed])
            pages = np.flatnonzero(status == MISSES)
        counts[status == BROKEN] = BREAKS
        counts[status == OTHERWISE] = OTHER
        counts[[text is None for text in texts]] = OTHER
        return found, counts

    def _learn(self, data: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]) -> None:
        """Asks the tokeniser for the words at these places."""
        if not len(places):
            return
        raw = data.tobytes()
        new = list(dict.fromkeys(raw[start:end] for start, end in places.tolist()))
        made = self._encode([word.decode() for word in new])
        ids = [_BREAKS if one is None else one for one in made]
        self._make_room(len(new), sum(map(len, new)), sum(map(len, ids)))
        starts = np.zeros(len(new) + 1, np.int64)
        np.cumsum([len(word) for word in new], out=starts[1:])
        joined = np.frombuffer(b"".join(new), np.uint8)
        insert(joined, starts, self._slots, self._word_starts, self._words, self._known)
        first = int(self._id_starts[self._known])
        ends = first + np.cumsum([len(one) for one in ids])
        self._ids[first : ends[-1]] = np.concatenate(ids)
        self._id_starts[self._known + 1 : self._known + 1 + len(new)] = ends
        self._known += len(new)

    def _make_room(self, words: int, size: int, tokens: int) -> None:
        known = self._known
        self._word_starts = _grown(self._word_starts, known + words + 1)
        self._id_starts = _grown(self._id_starts, known + words + 1)
        self._words = _grown(self._words, int(self._word_starts[known]) + size)
        self._ids = _grown(self._ids, int(self._id_starts[known]) + tokens)
        if 2 * (known + words) > len(self._slots):
            size = 1 << (4 * (known + words)).bit_length()
            self._slots = np.full(size, -1, np.int32)
            again = np.zeros_like(self._word_starts)
            starts = self._word_starts[: known + 1].copy()
            insert(self._words[: starts[-1]].copy(), starts, self._slots, again, self._words, 0)
            self._word_starts = again


def _grown(array: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    if least <= len(array):
        return array
    made = np.zeros(max(least, 2 * len(array)), array.dtype)
    made[: len(array)] = array
    return made
