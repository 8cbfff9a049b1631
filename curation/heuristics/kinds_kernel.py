r"""How much of each line is code or mathematics: by its kind, or in prose by its looks.

Extraction tells lines of code and display formulas; text that came without kinds, and code that
stood in plain paragraphs, show it by their symbols. A line looks like code when symbols that prose
hardly has make up much of it (`(`, `{`, `=`, `;`, `_` and the like), or some of it where it ends as
a statement does. Formulas inside a line stand between `$` signs that touch them, and no word
outside them, about as pandoc reads them, so that prices are none, or between `\(` and `\)` or `\[`
and `\]`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.lines import CHARACTERS, SPACES, URL_CHARACTERS, Lines
from curation.tokens.tokenise import WORD, Tokens
from schemas.line_kind import LineKind

CODE_CHARACTERS, FORMULA_CHARACTERS = range(2)
_CODE, _TABLE, _MATHEMATICS = ord(LineKind.CODE), ord(LineKind.TABLE), ord(LineKind.MATHEMATICS)
_DOLLAR, _BACKSLASH, _SEMICOLON, _OPEN_CURLY, _CLOSE_CURLY = 0x24, 0x5C, 0x3B, 0x7B, 0x7D
_LESS, _GREATER, _LOW_LINE = 0x3C, 0x3E, 0x5F
_IS_CODE_SYMBOL = np.isin(np.arange(256), [ord(c) for c in "{}()[]=<>\\^_;"])
_MIN_SYMBOLS, _MIN_SHARE = 3, 0.3
_MIN_SYMBOLS_OF_STATEMENT, _MIN_SHARE_OF_STATEMENT = 2, 0.2


@njit(cache=True, nogil=True)
def find_kinds(tokens: Tokens, lines: Lines, kinds: Bytes) -> npt.NDArray[np.int32]:
    """The visible characters of each line that are code, and in formulas; shape (lines, 2)."""
    found = np.zeros((len(lines.starts), 2), np.int32)
    _fill(tokens, lines, kinds, found)
    return found


@helper
def _fill(tokens: Tokens, lines: Lines, kinds: Bytes, found: npt.NDArray[np.int32]) -> None:
    for line in range(len(lines.starts)):
        counts = lines.counts[line]
        visible = counts[CHARACTERS] - counts[SPACES]
        if kinds[line] == _CODE:
            found[line, CODE_CHARACTERS] = visible
        elif kinds[line] == _MATHEMATICS:
            found[line, FORMULA_CHARACTERS] = visible
        elif kinds[line] != _TABLE and visible:
            first, end = lines.tokens[line], lines.tokens[line + 1]
            symbols, marks = _count_symbols(tokens, first, end)
            formulas = _formula_characters(tokens, first, end) if marks > 1 else 0
            found[line, FORMULA_CHARACTERS] = formulas
            is_prose = formulas > 0 or 2 * counts[URL_CHARACTERS] > visible
            if not is_prose and _looks_like_code(tokens, end, symbols, end - first):
                found[line, CODE_CHARACTERS] = visible


@helper
def _count_symbols(tokens: Tokens, first: int, end: int) -> tuple[int, int]:
    """The symbols that code has, and those among them that may delimit a formula."""
    symbols, marks = 0, 0
    for token in range(first, end):
        if tokens.kinds[token] == 0:
            byte = tokens.data[tokens.starts[token]]
            symbols += _IS_CODE_SYMBOL[byte] and not _is_of_placeholder(tokens, token, first, end)
            marks += (byte == _DOLLAR or byte == _BACKSLASH) * tokens.characters[token]
    return symbols, marks


@helper
def _is_of_placeholder(tokens: Tokens, token: int, first: int, end: int) -> bool:
    """Whether `<` or `>` stands at a word in capitals, as in `<EMAIL>`: prose that was redacted."""
    word = token + 1 if tokens.data[tokens.starts[token]] == _LESS else token - 1
    if word <= first or word + 1 >= end or not tokens.kinds[word] & WORD:
        return False
    before, behind = tokens.starts[word - 1], tokens.starts[word + 1]
    if tokens.data[before] != _LESS or tokens.data[behind] != _GREATER:
        return False
    for at in range(tokens.starts[word], tokens.ends[word]):
        if (tokens.data[at] < 0x41 or tokens.data[at] > 0x5A) and tokens.data[at] != _LOW_LINE:
            return False
    return before + 1 == tokens.starts[word] and behind == tokens.ends[word]


@helper
def _looks_like_code(tokens: Tokens, end: int, symbols: int, of_tokens: int) -> bool:
    last = tokens.data[tokens.starts[end - 1]]
    statement = last == _SEMICOLON or last == _OPEN_CURLY or last == _CLOSE_CURLY
    if statement and symbols >= _MIN_SYMBOLS_OF_STATEMENT:
        return symbols >= _MIN_SHARE_OF_STATEMENT * of_tokens
    return symbols >= _MIN_SYMBOLS and symbols >= _MIN_SHARE * of_tokens


@helper
def _formula_characters(tokens: Tokens, first: int, end: int) -> int:
    """The characters between delimiters, and the delimiters; what is in a formula is no other."""
    characters, opening, display = 0, int64(-1), int64(-1)
    token, may_be_escaped = first, True
    while token < end:
        if tokens.kinds[token] == 0:
            is_dollar = tokens.data[tokens.starts[token]] == _DOLLAR
            dollars = is_dollar * tokens.characters[token]
            if dollars == 2:
                if display >= 0:
                    characters += _length(tokens, display, token + 1)
                display = int64(-1) if display >= 0 else token
                opening = int64(-1)
            elif dollars == 1 and display < 0:
                if opening >= 0 and _closes(tokens, token, end):
                    characters += _length(tokens, opening, token + 1)
                    opening = int64(-1)
                elif _opens(tokens, token, first, end):
                    opening = token
            elif may_be_escaped and _is_escaped(tokens, token, end, 0x28, 0x5B):
                after = _end_of_escaped(tokens, token, end)
                may_be_escaped = after > token  # what nothing closes here, nothing does later
                if may_be_escaped:
                    characters += _length(tokens, token, after)
                    token, opening, display = after - 1, int64(-1), int64(-1)
        token += 1
    return characters


@helper
def _end_of_escaped(tokens: Tokens, token: int, end: int) -> int:
    """The token after the brackets that close what those at `token` open, or `token`."""
    for close in range(token + 2, end):
        if _is_escaped(tokens, close, end, 0x29, 0x5D):
            return close + 2
    return token


@inlined
def _touch(tokens: Tokens, token: int) -> bool:
    """Whether no blank stands between a token and the next."""
    return tokens.starts[token + 1] == tokens.ends[token]


@helper
def _opens(tokens: Tokens, token: int, first: int, end: int) -> bool:
    touches = token + 1 < end and _touch(tokens, token)
    word_before = token > first and _touch(tokens, token - 1) and tokens.kinds[token - 1] & WORD
    return touches and not word_before


@helper
def _closes(tokens: Tokens, token: int, end: int) -> bool:
    word_after = token + 1 < end and _touch(tokens, token) and tokens.kinds[token + 1] & WORD
    return _touch(tokens, token - 1) and not word_after


@helper
def _is_escaped(tokens: Tokens, token: int, end: int, round_one: int, square: int) -> bool:
    """Whether a backslash and one of two brackets stand at the token."""
    if token + 1 >= end or tokens.data[tokens.starts[token]] != _BACKSLASH:
        return False
    byte = tokens.data[tokens.starts[token + 1]]
    return _touch(tokens, token) and (byte == round_one or byte == square)


@helper
def _length(tokens: Tokens, first: int, end: int) -> int:
    characters = 0
    for token in range(first, end):
        characters += tokens.characters[token]
    return characters
