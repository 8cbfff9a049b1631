"""Texts in, tokens out, by a checkpoint's own fast tokeniser.

The same tokens as of the whole text cut to `max_tokens`, but of a long text only so much is
tokenised as surely holds them: up to white space, where tokenisers that split there begin anew. Of
a page at most 1,048,576 characters per piece are read, and a word of more than 65,536 characters
may be cut. Where a tokeniser makes of words what it makes of a text, each word is tokenised once
(`words.py`). Without torch: processes that only tokenise start fast. How many threads tokenise is
for the caller to say, by the environment (`TOKENIZERS_PARALLELISM`, `RAYON_NUM_THREADS`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.choices import LongPages
from classifiers.encoder.cut import splits_at_blanks
from classifiers.encoder.tokens import Tokens
from classifiers.encoder.words import BREAKS, OTHER, Words, added_tokens, keeps_blanks
from classifiers.encoder.words_kernel import pieces_of

# Not \s: BERT's tokenisers take vertical tabs, form feeds and other controls out of a word.
_BLANK = re.compile("[ \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_CHARACTERS_PER_TOKEN = 6  # of most texts enough at the first try
_GROWTH = 4
_SPARE_TOKENS = 16  # what a cut changes is in the tokens right before it
_MOST_CHARACTERS = 1 << 20
_LONGEST_WORD = 1 << 16
_PAGES_AT_ONCE = 64
_PROBES = ("a", "the", "0", ".")
_Ids = npt.NDArray[np.int32]
_NONE = np.empty(0, np.int32)


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
        known, most = checkpoint.config.get("vocab_size"), max(self._tokenizer.get_vocab().values())
        if isinstance(known, int) and most >= known:
            raise ValueError(f"the tokeniser has a token {most}: the checkpoint knows {known}")
        self._room = max_tokens - len(self._before) - len(self._after)
        if self._room < 1:
            raise ValueError(f"max_tokens {max_tokens}: special tokens alone need as many")
        self._windows = 1 if long_pages == "first" else max_windows
        self._needed = self._room * self._windows
        content = json.loads(checkpoint.tokenizer_file.read_text("utf-8"))
        self._cuts, self._added = splits_at_blanks(content), added_tokens(content)
        blanks = keeps_blanks(content)
        self._words = None if blanks is None else Words(self._encode, blanks=blanks)

    def tokens(self, texts: Sequence[str | None]) -> Tokens:
        """The pieces of each text; none of a null or empty one, or that breaks the tokeniser."""
        ids, lengths, page = [_NONE], [_NONE], [_NONE]
        for first in range(0, len(texts), _PAGES_AT_ONCE):
            made = self._some(texts[first : first + _PAGES_AT_ONCE])
            ids.append(made[0])
            lengths.append(made[1])
            page.append(made[2] + np.int32(first))
        return Tokens(
            np.concatenate(ids), np.concatenate(lengths), np.concatenate(page), len(texts)
        )

    def _some(self, texts: Sequence[str | None]) -> tuple[_Ids, _Ids, _Ids]:
        """The pieces' tokens, lengths and pages."""
        found, counts = self._by_words(texts)
        left = np.flatnonzero(counts == OTHER)
        for at, ids in zip(
            left.tolist(), self._ids([texts[at] or "" for at in left.tolist()]), strict=True
        ):
            counts[at] = BREAKS if ids is None else min(len(ids), self._needed)
            if ids is not None:
                found[at, : counts[at]] = ids[: self._needed]
        counts[[not text for text in texts]] = BREAKS  # no piece
        made: tuple[_Ids, _Ids, _Ids] = pieces_of(
            found, counts, self._before, self._after, self._room, self._windows
        )
        return made

    def _by_words(self, texts: Sequence[str | None]) -> tuple[_Ids, npt.NDArray[np.int64]]:
        """A row for each text, and how many of its tokens it has; `OTHER`: not by words."""
        if self._words is None:
            return np.empty((len(texts), self._needed), np.int32), np.full(len(texts), OTHER)
        needed = self._needed + _SPARE_TOKENS
        most = min(needed * _CHARACTERS_PER_TOKEN, _MOST_CHARACTERS)
        parts = [_prefix(text or "", most) for text in texts]
        found, counts = self._words.first_tokens([self._readable(part) for part in parts], needed)
        cut = [len(part) < len(text or "") for part, text in zip(parts, texts, strict=True)]
        counts[(counts < needed) & cut] = OTHER  # there may be more behind the cut
        return found, np.minimum(counts, self._needed)

    def _readable(self, text: str) -> bytes | None:
        """As UTF-8; None for what is none, or has what is looked for before words are cut."""
        if any(token in text for token in self._added):
            return None
        try:
            return text.encode()
        except UnicodeEncodeError:  # a lone surrogate
            return None

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
        "TypeError",  # of a string that is no Unicode: a lone surrogate
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
        try:
            inside = tokenizer.encode(probe, add_special_tokens=False).ids
            around = tokenizer.encode(probe).ids
        except BaseException as error:
            if not _breaks(error):
                raise
            continue
        for start in range(len(around) - len(inside) + 1 if inside else 0):
            end = start + len(inside)
            if around[start:end] == inside:
                return np.array(around[:start], np.int32), np.array(around[end:], np.int32)
    raise ValueError("the tokeniser knows no letter, or changes tokens where it adds special ones")
