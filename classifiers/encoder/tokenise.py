"""Texts in, tokens out, by a checkpoint's own fast tokeniser.

The same tokens as of the whole text cut to `max_tokens`, but of a long text only so much is
tokenised as surely holds them: up to white space, where tokenisers that split there begin anew. Of
a page at most 1,048,576 characters per piece are read, and a word of more than 65,536 characters
may be cut. Without torch: processes that only tokenise start fast. How many threads tokenise is
for the caller to say, by the environment (`TOKENIZERS_PARALLELISM`, `RAYON_NUM_THREADS`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.cut import splits_at_blanks
from classifiers.encoder.tokens import LongPages, Tokens

_BLANK = re.compile(r"\s")
_CHARACTERS_PER_TOKEN = 6  # of most texts enough at the first try
_GROWTH = 4
_SPARE_TOKENS = 16  # what a cut changes is in the tokens right before it
_MOST_CHARACTERS = 1 << 20
_LONGEST_WORD = 1 << 16
_PAGES_AT_ONCE = 64
_PROBES = ("a", "the", "0", ".")
_Ids = npt.NDArray[np.int32]


class Tokeniser:
    """The tokeniser of a checkpoint; a piece has `max_tokens` at most, special ones included."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        max_tokens: int,
        long_pages: LongPages = "first",
        max_windows: int = 8,
    ) -> None:
        positions = checkpoint.max_tokens
        if positions is not None and max_tokens > positions:
            raise ValueError(f"max_tokens {max_tokens}: the checkpoint has {positions} positions")
        self._tokenizer = _read(checkpoint)
        self._before, self._after = _special_tokens(self._tokenizer)
        self._room = max_tokens - len(self._before) - len(self._after)
        if self._room < 1:
            raise ValueError(f"max_tokens {max_tokens}: special tokens alone need as many")
        self._windows = 1 if long_pages == "first" else max_windows
        self._needed = self._room * self._windows
        self._cuts = splits_at_blanks(checkpoint.tokenizer_file)

    def tokens(self, texts: Sequence[str | None]) -> Tokens:
        """The pieces of each text; none of a null or empty one, or that breaks the tokeniser."""
        numbers = [number for number, text in enumerate(texts) if text]
        pieces: list[_Ids] = []
        page: list[int] = []
        for first in range(0, len(numbers), _PAGES_AT_ONCE):
            some = numbers[first : first + _PAGES_AT_ONCE]
            for number, ids in zip(some, self._ids([texts[n] or "" for n in some]), strict=True):
                made = self._pieces(ids)
                pieces += made
                page += [number] * len(made)
        flat = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
        lengths = np.array([len(piece) for piece in pieces], np.int32)
        return Tokens(flat, lengths, np.array(page, np.int32), len(texts))

    def _pieces(self, ids: _Ids | None) -> list[_Ids]:
        if ids is None:
            return []
        starts = range(0, max(1, min(len(ids), self._needed)), self._room)
        return [
            np.concatenate([self._before, ids[start : start + self._room], self._after])
            for start in starts
        ]

    def _ids(self, texts: Sequence[str]) -> list[_Ids | None]:
        """All tokens that count of each, and perhaps more; without special ones."""
        found: list[_Ids | None] = [None] * len(texts)
        left = list(range(len(texts)))
        characters = self._needed * _CHARACTERS_PER_TOKEN if self._cuts else _MOST_CHARACTERS
        while left:
            most = min(characters, _MOST_CHARACTERS * self._windows)
            parts = [_prefix(texts[at], most) for at in left]
            short = []
            for at, part, ids in zip(left, parts, self._encode(parts), strict=True):
                found[at] = ids
                whole = len(part) == len(texts[at]) or most < characters
                enough = ids is None or len(ids) >= self._needed + _SPARE_TOKENS
                if not whole and not enough:
                    short.append(at)
            left, characters = short, characters * _GROWTH
        return found

    def _encode(self, texts: Sequence[str]) -> list[_Ids | None]:
        try:
            made = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        except BaseException as error:
            if not _breaks(error):
                raise
            if len(texts) == 1:
                return [None]
            return [ids for text in texts for ids in self._encode([text])]
        return [np.array(one.ids, np.int32) for one in made]


def _prefix(text: str, characters: int) -> str:
    """So many characters and the rest of a word, where it is not too long."""
    if len(text) <= characters:
        return text
    blank = _BLANK.search(text, characters, characters + _LONGEST_WORD)
    return text[: blank.start() if blank else characters + _LONGEST_WORD]


def _breaks(error: BaseException) -> bool:
    """Whether the tokeniser failed at a text: it raises bare exceptions, or panics."""
    return type(error) is Exception or type(error).__name__ in {
        "PanicException",
        "TextInputSequenceError",
        "UnicodeEncodeError",
    }


def _read(checkpoint: Checkpoint) -> Tokenizer:
    path = checkpoint.tokenizer_file
    try:
        tokenizer = Tokenizer.from_buffer(path.read_bytes())
    except BaseException as error:
        if not (_breaks(error) or isinstance(error, (OSError, ValueError))):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: no tokeniser that can be read: {reason}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _special_tokens(tokenizer: Tokenizer) -> tuple[_Ids, _Ids]:
    """Those before a text and those after it."""
    for probe in _PROBES:
        inside = tokenizer.encode(probe, add_special_tokens=False).ids
        around = tokenizer.encode(probe).ids
        for start in range(len(around) - len(inside) + 1 if inside else 0):
            end = start + len(inside)
            if around[start:end] == inside:
                return np.array(around[:start], np.int32), np.array(around[end:], np.int32)
    raise ValueError("the tokeniser knows no letter, or changes tokens where it adds special ones")
