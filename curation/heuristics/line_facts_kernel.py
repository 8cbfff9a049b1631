"""What the words of each line are: all that rules of pages and of lines count, in one pass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import decode_at
from curation.kernels import helper, int64, njit
from curation.tokens.lines import Lines
from curation.tokens.tokenise import (
    ALPHABETIC,
    CAPITAL,
    CLOSING_QUOTE,
    END,
    LOWER_CASE,
    NUMERIC,
    UNSPACED_WORD,
    WORD,
    Tokens,
)

(TOKENS, WORDS, WORD_CHARACTERS, STRETCHES, ALPHABETIC_STRETCHES, ELLIPSES) = range(6)
(SENTENCES, LONGEST, FILLED, BULLET, NUMBER_FIRST, ELLIPSIS_LAST) = range(6, 12)
TERMINAL_LAST, SENTENCE_LAST = 12, 13
N_FACTS = 14
"""Numbers of a line; a stretch is what stands between blanks (a word, in a script without spaces),
and `LONGEST` are the characters of the longest one in a script with spaces. Then whether (0 or 1)
the line is not blank, starts with a bullet, has a number for its first word, and ends with an
ellipsis, with a mark that ends sentences, or as a sentence does (the mark, or a quotation that it
may stand in; not an ellipsis; references like `[3]` aside)."""

BULLETS = np.array([ord(c) for c in "•‣⁃∙○◦▪●·*-"], np.int64)
_ELLIPSIS, _FULL_STOP, _OPEN, _CLOSE = 0x2026, 0x2E, 0x5B, 0x5D
_MAX_REFERENCE = 2  # words


@njit(cache=True, nogil=True)
def find_facts(tokens: Tokens, lines: Lines) -> npt.NDArray[np.int32]:
    """The facts of each line, shape (lines, N_FACTS)."""
    facts = np.zeros((len(lines.starts), N_FACTS), np.int32)
    _fill(tokens, lines, facts)
    return facts


@helper
def _fill(tokens: Tokens, lines: Lines, facts: npt.NDArray[np.int32]) -> None:
    for line in range(len(lines.starts)):
        first, end = lines.tokens[line], lines.tokens[line + 1]
        if first == end:
            continue
        _count(tokens, first, end, facts[line])
        facts[line, FILLED] = 1
        code = _code(tokens, first)
        for bullet in BULLETS:
            facts[line, BULLET] |= code == bullet
        facts[line, ELLIPSIS_LAST] = _is_ellipsis(tokens, end - 1)
        facts[line, TERMINAL_LAST] = (tokens.kinds[end - 1] & END) != 0
        last = _before_references(tokens, first, end - 1)
        ends = (tokens.kinds[last] & (END | CLOSING_QUOTE)) != 0
        facts[line, SENTENCE_LAST] = ends and not _is_ellipsis(tokens, last)


@helper
def _count(tokens: Tokens, first: int, end: int, facts: npt.NDArray[np.int32]) -> None:
    ended, in_brackets, sentences, words, characters = True, False, 0, 0, 0
    stretches, alphabetic, stretch, longest, stop = 0, 0, 0, 0, int64(-1)
    has_letter = True
    for token in range(first, end):
        kind = tokens.kinds[token]
        unspaced = kind & UNSPACED_WORD != 0
        if tokens.starts[token] != stop or unspaced:
            stretches += 1
            stretch, has_letter = 0, False
        stretch += tokens.characters[token] * (not unspaced)
        longest = max(longest, stretch)
        alphabetic += kind & ALPHABETIC != 0 and not has_letter
        has_letter |= kind & ALPHABETIC != 0
        stop = tokens.ends[token]
        if kind & WORD:
            if words == 0:
                facts[NUMBER_FIRST] = kind & NUMERIC != 0
            words += 1
            characters += tokens.characters[token]
            # A sentence does not go on in lower case: that was an abbreviation; nor with `[3]`.
            if not in_brackets:
                may_start = sentences == 0 or kind & (LOWER_CASE | CAPITAL) != LOWER_CASE
                sentences += ended and may_start
                ended = False
            in_brackets = False
        else:
            ended |= (kind & END) != 0
            code = _code(tokens, token)
            in_brackets = code == _OPEN
            if code == _FULL_STOP:
                facts[ELLIPSES] += tokens.characters[token] // 3
            elif code == _ELLIPSIS:
                facts[ELLIPSES] += tokens.characters[token]
    facts[TOKENS], facts[WORDS], facts[WORD_CHARACTERS] = end - first, words, characters
    facts[STRETCHES], facts[ALPHABETIC_STRETCHES] = stretches, alphabetic
    facts[SENTENCES], facts[LONGEST] = sentences, longest


@helper
def _code(tokens: Tokens, token: int) -> int:
    """A token's first character."""
    code, _ = decode_at(tokens.data, tokens.starts[token], tokens.ends[token])
    return code


@helper
def _is_ellipsis(tokens: Tokens, token: int) -> bool:
    code = _code(tokens, token)
    return code == _ELLIPSIS or (code == _FULL_STOP and tokens.characters[token] >= 3)


@helper
def _before_references(tokens: Tokens, first: int, last: int) -> int:
    """The last token before references like `[3]` and `[citation needed]`; `last` for none."""
    while last > first and _code(tokens, last) == _CLOSE:
        opening = last - 1
        while opening > first and tokens.kinds[opening] & WORD and last - opening <= _MAX_REFERENCE:
            opening -= 1
        if opening == first or _code(tokens, opening) != _OPEN:
            return last
        last = opening - 1
    return last
