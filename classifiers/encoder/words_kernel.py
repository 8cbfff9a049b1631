r"""Kernels: texts cut at blanks into words; words looked up in a table of what they are in tokens.

A word is a run without ASCII white space. Where a tokeniser keeps blanks (byte-level BPE), one
space before a word belongs to it, and other white space is a word of its own, cut as GPT-2's
pattern cuts it: `\s+(?!\S)` leaves the last blank of a run to what follows.

A table is open addressing over words' bytes, which are compared: a look-up is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels import helper, int64, njit

Bytes = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
DONE, MISSES, OTHERWISE, BROKEN = 0, 1, 2, 3
"""What became of a page: all tokens found, some words are not known yet, not to be cut into words,
or a word breaks the tokeniser."""
LONGEST_WORD = 1024
_SPACE = 32


@helper
def _is_blank(byte: int, keeps_blanks: bool) -> bool:
    """Vertical tabs and form feeds part words of byte-level tokenisers; BERT's take them out."""
    return (
        byte == 32
        or byte == 9
        or byte == 10
        or byte == 13
        or (keeps_blanks and (byte == 11 or byte == 12))
    )


@helper
def _is_wide_blank(data: Bytes, at: int, end: int) -> bool:
    """Whether white space beyond ASCII begins there."""
    first = data[at]
    if first == 0xC2 and at + 1 < end:
        return data[at + 1] == 0x85 or data[at + 1] == 0xA0
    if at + 2 >= end:
        return False
    second, third = data[at + 1], data[at + 2]
    if first == 0xE1:
        return second == 0x9A and third == 0x80
    if first == 0xE2:
        return (
            second == 0x80 and (third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF)
        ) or (second == 0x81 and third == 0x9F)
    return first == 0xE3 and second == 0x80 and third == 0x80


@helper
def _word_end(data: Bytes, at: int, end: int, keeps_blanks: bool) -> int:
    """The end of the word that begins at `at`; -1 where the text is not to be cut into words."""
    wide_at = -1
    start = at
    while at < end and not _is_blank(data[at], keeps_blanks):
        if at - start > LONGEST_WORD:
            return -1
        if keeps_blanks and data[at] >= 0xC2 and _is_wide_blank(data, at, end):
            if at == start:
                return -1
            wide_at = at
        at += 1
    # White space beyond ASCII next to a blank is one run with it.
    if wide_at >= 0 and at - wide_at <= 3 and (data[wide_at] != 0xC2 or at - wide_at == 2):
        return -1
    return at


@helper
def _is_letter(byte: int) -> bool:
    return 97 <= byte <= 122 or 65 <= byte <= 90


@helper
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@helper
def _contraction(data: Bytes, at: int, end: int) -> int:
    """The length of 's, 't, 'm, 'd, 're, 've or 'll there; else 0."""
    if data[at] != 39 or at + 1 == end:
        return 0
    first = data[at + 1]
    if first == 115 or first == 116 or first == 109 or first == 100:
        return 2
    if at + 2 == end:
        return 0
    second = data[at + 2]
    if ((first == 114 or first == 118) and second == 101) or (first == 108 and second == 108):
        return 3
    return 0


@helper
def _gpt2_end(data: Bytes, at: int, end: int) -> int:
    """The end of what GPT-2's pattern takes first of ASCII that has no blank but one before it."""
    taken = _contraction(data, at, end)
    if taken:
        return at + taken
    if data[at] == _SPACE:
        at += 1
    letter, digit = _is_letter(data[at]), _is_digit(data[at])
    while at < end and _is_letter(data[at]) == letter and _is_digit(data[at]) == digit:
        at += 1
    return at


@helper
def _bert_end(data: Bytes, at: int, end: int) -> int:
    """The same of BERT's: a mark by itself, or a run of letters and digits."""
    first = at
    while at < end and (_is_letter(data[at]) or _is_digit(data[at])):
        at += 1
    return max(at, first + 1)


@helper
def _is_plain(data: Bytes, at: int, end: int) -> bool:
    """Whether all is ASCII and no control character."""
    while at < end and 32 <= data[at] < 127:
        at += 1
    return at == end


@helper
def _hash(data: Bytes, start: int, end: int) -> np.uint64:
    """FNV-1a, 64 bits."""
    found = np.uint64(0xCBF29CE484222325)
    for at in range(start, end):
        found = (found ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
    return found ^ (found >> np.uint64(29))


@helper
def _find(data: Bytes, start: int, end: int, slots: Ids, word_starts: Longs, words: Bytes) -> int:
    """The number of a word, or -1 less the slot where it would be."""
    mask = len(slots) - 1
    slot = int64(_hash(data, start, end) & np.uint64(mask))
    while slots[slot] >= 0:
        number = slots[slot]
        first = word_starts[number]
        if word_starts[number + 1] - first == end - start:
            at = 0
            while at < end - start and words[first + at] == data[start + at]:
                at += 1
            if at == end - start:
                return int64(number)
        slot = (slot + 1) & mask
    return -1 - slot


@njit(cache=True, nogil=True)
def insert(
    data: Bytes, starts: Longs, slots: Ids, word_starts: Longs, words: Bytes, known: int
) -> None:
    """Puts the words `data[starts[i]:starts[i + 1]]` into the table; all are new and different.

    `known` words are in it; the numbers of the new ones follow these.
    """
    for i in range(len(starts) - 1):
        slot = -1 - _find(data, starts[i], starts[i + 1], slots, word_starts, words)
        length = starts[i + 1] - starts[i]
        first = word_starts[known]
        for at in range(length):
            words[first + at] = data[starts[i] + at]
        word_starts[known + 1] = first + length
        slots[slot] = known
        known += 1


@helper
def _run_end(data: Bytes, start: int, end: int, keeps_blanks: bool) -> int:
    """The end of the run that begins at `start`: a word with the space before it, or blanks.

    -1 where the text is not to be cut into words.
    """
    if not _is_blank(data[start], keeps_blanks):
        return _word_end(data, start, end, keeps_blanks)
    at = start
    while at < end and _is_blank(data[at], keeps_blanks):
        at += 1
    if at == end or not keeps_blanks:
        return at
    if at - start > 1:
        return at - 1  # the last blank of a run is left to what follows
    if data[start] == _SPACE:
        return _word_end(data, at, end, keeps_blanks)
    return at


@helper
def _next_end(
    data: Bytes, start: int, end: int, plain_end: int, keeps_blanks: bool
) -> tuple[int, int]:
    """(The end of the next word, that of the plain run in which it is): as `_run_end`.

    What is plain ASCII is cut further, as a tokeniser cuts it, so that there are fewer words.
    """
    if start >= plain_end:
        at = _run_end(data, start, end, keeps_blanks)
        if at < 0 or data[at - 1] == _SPACE or not _is_plain(data, start, at):
            return at, plain_end
        plain_end = at
    if keeps_blanks:
        return _gpt2_end(data, start, plain_end), plain_end
    return _bert_end(data, start, plain_end), plain_end


@njit(cache=True, nogil=True)
def look_up(
    data: Bytes,
    starts: Longs,
    pages: Longs,
    keeps_blanks: bool,
    needed: int,
    slots: Ids,
    word_starts: Longs,
    words: Bytes,
    id_starts: Longs,
    ids: Ids,
    found: Ids,
    counts: Longs,
    status: npt.NDArray[np.int8],
    misses: Longs,
) -> int:
    """The first `needed` tokens of each of `pages` into its row of `found`; returns the misses.

    Page p is `data[starts[p]:starts[p + 1]]`. A word that is not known is noted in `misses`, as
    where it begins and ends, and counts as one token.
    """
    missed = 0
    for page in pages:
        at, end, plain_end = starts[page], starts[page + 1], int64(0)
        count = 0
        status[page] = DONE
        while at < end and count < needed:
            start = at
            at, plain_end = _next_end(data, start, end, plain_end, keeps_blanks)
            if at < 0:
                status[page] = OTHERWISE
                break
            if not keeps_blanks and _is_blank(data[start], keeps_blanks):
                continue
            number = _find(data, start, at, slots, word_starts, words)
            if number < 0:
                misses[missed, 0], misses[missed, 1] = start, at
                missed += 1
                status[page] = MISSES
                count += 1
                continue
            first, last = id_starts[number], id_starts[number + 1]
            if last > first and ids[first] < 0:
                status[page] = BROKEN
                break
            for token in range(first, min(last, first + needed - count)):
                found[page, count] = ids[token]
                count += 1
        counts[page] = count
    return missed


@njit(cache=True, nogil=True)
def pieces_of(
    found: Ids, counts: Longs, before: Ids, after: Ids, room: int, most: int
) -> tuple[Ids, Ids, Ids]:
    """Of pages with `counts` tokens, or -1: the pieces' tokens, lengths, and pages."""
    total, number = 0, 0
    around = len(before) + len(after)
    for count in counts:
        if count >= 0 and count + around > 0:
            pieces = min(most, max(1, -(-count // room)))
            number += pieces
            total += min(count, room * most) + pieces * around
    ids = np.empty(total, np.int32)
    lengths, page = np.empty(number, np.int32), np.empty(number, np.int32)
    at, piece = 0, 0
    for row in range(len(counts)):
        if counts[row] < 0 or counts[row] + around == 0:
            continue
        for part in range(min(most, max(1, -(-counts[row] // room)))):
            start = at
            first = part * room
            for token in before:
                ids[at] = token
                at += 1
            for token in range(first, min(first + room, counts[row])):
                ids[at] = found[row, token]
                at += 1
            for token in after:
                ids[at] = token
                at += 1
            lengths[piece], page[piece] = at - start, row
            piece += 1
    return ids, lengths, page
