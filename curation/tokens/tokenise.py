r"""The one tokenisation that every rule shares: texts in, words and lines out, as flat arrays.

A **token** is a segment of UAX #29 that is no white space. It is a *word* where it has a letter or
a number, else a *symbol*: punctuation stands alone, but a run of one symbol (`...`, `-----`) is one
token. Scripts without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) are cut into words by a
lexicon. A token's `name` is 64 bits of its folded characters: two tokens with one name are the same
word in another case.

A **line** is what stands between two `\n`; it may be blank. Invariant: tokens and lines are in the
order of the text, each token lies in one line, and a slice, a null (which is an empty text) or
bytes that are no UTF-8 change nothing in other rows.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes, Hashes, Ints, decode_at, longest, text_view
from curation.kernels import helper, inlined, njit
from curation.tokens.lexicon import Lexicon, lexicon
from curation.tokens.names_kernel import NAME, extend, finish
from curation.tokens.segment_kernel import Scratch, new_scratch, segment
from curation.tokens.unicode import (
    BREAK,
    DIGIT,
    EXTEND,
    HAN_KANA,
    LETTER,
    LOWER,
    NUMBER,
    QUOTE,
    SPACE,
    TERMINAL,
    UNSPACED,
    UNSPACED_SHIFT,
    UPPER,
    ZWJ,
    CodePoints,
    code_points,
    word_of,
)
from curation.tokens.word_break_kernel import end_of_plain_word, end_of_word, is_plain_symbol

WORD, ALPHABETIC, NUMERIC, CAPITAL, LOWER_CASE, UNSPACED_WORD = (1 << bit for bit in range(6))
END, CLOSING_QUOTE = 1 << 6, 1 << 7
"""What a token is: a word; with a letter, a digit, an upper-case letter, a lower-case one; in a
script without spaces; a symbol that ends sentences, that may close a quotation."""


_BLANK = np.uint8(0x20)
_SECRET = secrets.randbits(63) | 1  # to numba an int64, whatever it is
_UNSPACED_KIND = WORD | ALPHABETIC | UNSPACED_WORD


class Tokens(NamedTuple):
    """The tokens of a batch: those of row r are `rows[r]` to `rows[r + 1]`.

    Token t is `data[starts[t]:ends[t]]`, has `characters[t]` code points, the name `names[t]` and
    the bits `kinds[t]`. Row r's text is `data[offsets[r]:offsets[r + 1]]`. Where hash tables of
    tokens put things depends on `secret`, lest somebody write a text whose words all meet; what is
    found does not.
    """

    data: Bytes
    offsets: Ints
    rows: Ints
    starts: Ints
    ends: Ints
    characters: npt.NDArray[np.int32]
    names: Hashes
    kinds: npt.NDArray[np.uint8]
    secret: int


def tokenise(texts: pa.StringArray | pa.LargeStringArray) -> Tokens:
    """The tokens of each text."""
    view = text_view(texts)
    return _tokenise(view.data, view.offsets, code_points(), lexicon(), _SECRET)


def is_one_word(text: str) -> bool:
    """Whether the text is one word, with nothing around it."""
    tokens = tokenise(pa.array([text]))
    whole = tokens.rows[1] == 1 and tokens.ends[0] - tokens.starts[0] == len(tokens.data)
    return bool(whole and tokens.kinds[0] & WORD)


@njit(cache=True, nogil=True)
def _tokenise(
    data: Bytes, offsets: Ints, points: CodePoints, lexicon: Lexicon, secret: int
) -> Tokens:
    # Room for a token per byte: what is never written to takes no memory.
    room = offsets[-1] - offsets[0]
    tokens = Tokens(
        data,
        offsets,
        np.zeros(len(offsets), np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.uint64),
        np.empty(room, np.uint8),
        secret,
    )
    _fill(tokens, new_scratch(longest(offsets)), points, lexicon)
    return tokens


@helper
def _fill(tokens: Tokens, scratch: Scratch, points: CodePoints, lexicon: Lexicon) -> None:
    data, offsets, count = tokens.data, tokens.offsets, 0
    for row in range(len(offsets) - 1):
        at, end = offsets[row], offsets[row + 1]
        while at < end:
            if data[at] == _BLANK:
                at += 1
                continue
            stop, length, properties, name = end_of_plain_word(data, at, end)
            if stop > at:
                _add(tokens, count, at, stop, length, name, _kind(properties))
                count += 1
                at = stop
                continue
            code, size = decode_at(data, at, end)
            word = word_of(code, points)
            if word & SPACE:
                at += size
            elif word & UNSPACED:
                script = (word & UNSPACED) >> UNSPACED_SHIFT
                stop = _end_of_run(data, at, end, script, points)
                letters = segment(data, at, stop, script, points, lexicon, scratch)
                count = _add_words(letters, script, points, scratch, tokens, count)
                at = stop
            else:
                if is_plain_symbol(data, at, end):
                    stop, length, properties = at + 1, 1, word
                    name = extend(NAME, code, word, points)
                else:
                    stop, length, properties, name = end_of_word(data, at, end, points)
                kind = _kind(properties)
                if kind & WORD == 0 and length == 1:
                    while _is_repeated(data, at, at + size, stop, end):
                        name = extend(name, code, word, points)
                        stop, length = stop + size, length + 1
                _add(tokens, count, at, stop, length, name, kind)
                count += 1
                at = stop
        tokens.rows[row + 1] = count


@inlined
def _is_repeated(data: Bytes, at: int, end: int, next_one: int, last: int) -> bool:
    """Whether the character in bytes `at` to `end` stands at byte `next_one` once more."""
    if next_one + end - at > last:
        return False
    for i in range(end - at):
        if data[at + i] != data[next_one + i]:
            return False
    return True


@inlined
def _add(
    tokens: Tokens, count: int, at: int, stop: int, length: int, name: np.uint64, kind: int
) -> None:
    tokens.starts[count], tokens.ends[count] = at, stop
    tokens.characters[count], tokens.names[count] = length, finish(name)
    tokens.kinds[count] = kind


@inlined
def _kind(properties: int) -> int:
    kind = 0
    if properties & (LETTER | NUMBER):
        kind = WORD
        if properties & LETTER:
            kind |= ALPHABETIC
        if properties & DIGIT:
            kind |= NUMERIC
        if properties & UPPER:
            kind |= CAPITAL
        if properties & LOWER:
            kind |= LOWER_CASE
    elif properties & TERMINAL:
        kind = END
    elif properties & QUOTE:
        kind = CLOSING_QUOTE
    return kind


@helper
def _end_of_run(data: Bytes, at: int, end: int, script: int, points: CodePoints) -> int:
    """The end of the letters of one script, with their marks, that start at byte `at`."""
    while at < end:
        code, size = decode_at(data, at, end)
        word = word_of(code, points)
        same = (word & UNSPACED) >> UNSPACED_SHIFT == script
        if not same and not EXTEND <= word & BREAK <= ZWJ:
            break
        at += size
    return at


@helper
def _add_words(
    letters: int, script: int, points: CodePoints, scratch: Scratch, tokens: Tokens, count: int
) -> int:
    """Adds the words of a run; letters that no word has are one word, but for Han and Kana."""
    first = 0
    while first < letters:
        last = scratch.ends[first]
        if last < 0:
            last = ~last
            while script != HAN_KANA and last < letters and scratch.ends[last] < 0:
                last = ~scratch.ends[last]
        name = NAME
        for letter in range(first, last):
            name = extend(name, scratch.codes[letter], scratch.words[letter], points)
        at, stop = scratch.starts[first], scratch.starts[last]
        _add(tokens, count, at, stop, last - first, name, _UNSPACED_KIND)
        count += 1
        first = last
    return count
