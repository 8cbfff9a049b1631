"""fastText's predictions: texts in, the probability of each label out.

In: the bytes and offsets of a batch, and a model as `fasttext_tables` lays it out. Out: a row of
probabilities per text. Invariant: a row depends on nothing but its own bytes and the model; sums
are made in one order, of 64 bits.

What fastText does: the rows of all features (words, the n-grams of their characters, n-grams of
words) are averaged, and the mean is multiplied by a vector per label. Multiplied first, the rows
are shorter wherever there are fewer labels than dimensions; so the table here has, per feature,
what it adds to each label.

Source: Joulin et al., Bag of tricks for efficient text classification, 2016; fastText 0.9.2,
`Dictionary::getLine`, `Loss`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from classifiers.fasttext_losses_kernel import Doubles, Floats, Places, finish
from classifiers.fasttext_words_kernel import (
    END,
    FIRST_HASH,
    LONG,
    extend,
    find_word,
    find_words,
    is_end,
    is_label,
)
from curation.arrow_text import Bytes, Ints, longest
from curation.kernels import helper, inlined, int64, njit

_OPENS, _CLOSES = np.uint8(ord("<")), np.uint8(ord(">"))
_NEXT_WORD = np.int64(116049371)
_TAIL, _TAIL_BITS = np.uint8(0x80), np.uint8(0xC0)  # of bytes that go on a character
_ROOM = 1024  # n-grams of characters that are found before their rows are added


class Model(NamedTuple):
    """Row w of `table` is of word w, with its n-grams of characters; `features[w]` is their number.

    Behind the words are the rows of buckets, in order, and last one of nothing, all zero. Where not
    all buckets have a row, bit b of `kept[k]` says whether bucket `32 * k + b` does, and its high
    half where the rows of these 32 begin; else `kept` is empty.

    Word w is `text[ends[w - 1]:ends[w]]`; known labels follow the words. A place in `slots` is a
    key, and twice a word's number, and `LONG` if it has more than eight bytes, or -1: a word is at
    `hash & (len(slots) - 1)`, or behind. `outputs`, if not empty, turns a mean of rows into a
    number per label.
    """

    slots: Ints
    text: Bytes
    ends: Ints
    features: Places
    table: Floats
    kept: Ints
    outputs: Doubles
    lefts: Places
    rights: Places
    loss: int
    labels: int
    buckets: int
    word_ngrams: int
    min_characters: int
    max_characters: int


class Scratch(NamedTuple):
    """Of the words of one text: where they start and end, their hashes and keys, their slots.

    `found` are rows, not yet added to `sums`; `word` is a word in angle brackets.
    """

    starts: Places
    ends: Places
    hashes: Ints
    keys: Ints
    slots: Ints
    found: Places
    word: Bytes
    sums: Doubles
    scores: Doubles


@njit(cache=True, nogil=True)
def predict(data: Bytes, offsets: Ints, model: Model, probabilities: Floats) -> None:
    """Writes the probabilities of each text, shape (texts, labels), not a number if it has none."""
    _predict(data, offsets, model, _new_scratch(longest(offsets), model), probabilities)


@njit(cache=True, nogil=True)
def fold(model: Model) -> None:
    """Adds to the row of each word those of the n-grams of its characters, and counts them."""
    first = model.ends[0] if len(model.ends) else 0
    scratch = _new_scratch(max(longest(model.ends), first), model)
    for word in range(len(model.features)):
        _fold(word, model, scratch)


@njit(cache=True, nogil=True)
def _new_scratch(most: int, model: Model) -> Scratch:
    words = most // 2 + 2
    return Scratch(
        np.empty(words, np.int32),
        np.empty(words, np.int32),
        np.empty(words, np.int64),
        np.empty(words, np.int64),
        np.empty((words, 2), np.int64),
        np.empty(max(words, _ROOM) + 3, np.int32),
        np.empty(most + 2, np.uint8),
        np.empty(model.table.shape[1], np.float64),
        np.empty(3 * model.labels, np.float64),
    )


@helper
def _fold(word: int, model: Model, scratch: Scratch) -> None:
    first = model.ends[word - 1] if word else 0
    if is_end(model.text[first : model.ends[word]]):
        return
    scratch.sums[:] = 0
    features = _add_characters(model.text[first : model.ends[word]], model, scratch)
    for column in range(len(scratch.sums)):
        model.table[word, column] += scratch.sums[column]
    model.features[word] += features


@helper
def _predict(
    data: Bytes, offsets: Ints, model: Model, scratch: Scratch, probabilities: Floats
) -> None:
    for row in range(len(offsets) - 1):
        scratch.sums[:] = 0
        features = _add_text(data[offsets[row] : offsets[row + 1]], model, scratch)
        if features:
            for column in range(len(scratch.sums)):
                scratch.sums[column] /= features
            kind, nodes = model.loss, (model.lefts, model.rights)
            finish(scratch.sums, model.outputs, nodes, kind, scratch.scores, probabilities[row])
        else:
            probabilities[row] = np.nan


@helper
def _add_text(text: Bytes, model: Model, scratch: Scratch) -> int:
    """Adds all features of a text; returns how many there are."""
    words = find_words(text, scratch.starts, scratch.ends, scratch.hashes, scratch.keys)
    _fetch(model.slots, scratch.hashes, words, scratch.slots)
    words, features = _add_words(text, words, model, scratch)
    if model.word_ngrams > 1:
        features += _add_ngrams(words, model, scratch)
    return features


@helper
def _fetch(slots: Ints, hashes: Ints, words: int, fetched: Ints) -> None:
    """Copies the first slot of each word: without a branch, so memory is waited for only once."""
    for word in range(words):
        slot = hashes[word] & (len(slots) - 1)
        fetched[word, 0], fetched[word, 1] = slots[slot, 0], slots[slot, 1]


@helper
def _add_words(text: Bytes, words: int, model: Model, scratch: Scratch) -> tuple[int, int]:
    """Adds words and characters; returns how many words are left without labels, and features."""
    kept, found, features, known = 0, 0, 0, len(model.features)
    for at in range(words):
        start, end = scratch.starts[at], scratch.ends[at]
        value, key, number = scratch.hashes[at], scratch.keys[at], scratch.slots[at, 1] >> 1
        is_sure = scratch.slots[at, 0] == key and scratch.slots[at, 1] & LONG == 0
        if number >= 0 and not (is_sure and end - start <= 8):
            word = text[start:end] if end > start else END
            number = find_word(word, value, key, model.slots, model.text, model.ends)
        scratch.hashes[kept] = int64(np.int32(value))  # from here on it has a sign
        if 0 <= number < known:
            scratch.found[found] = number
            found, kept = found + 1, kept + 1
            features += model.features[number]
        elif number < 0 and not is_label(text, start, end):
            kept += 1
            scratch.starts[kept - found - 1] = start  # of words that are not known
            scratch.ends[kept - found - 1] = end
    _add(model.table, scratch.found, found, scratch.sums)
    if model.max_characters:
        for at in range(kept - found):
            word = text[scratch.starts[at] : scratch.ends[at]]
            if not (len(word) == 0 or is_end(word)):
                features += _add_characters(word, model, scratch)
    return kept, features


@helper
def _add_characters(word: Bytes, model: Model, scratch: Scratch) -> int:
    """Adds the n-grams of characters of `<word>`; returns how many have a row."""
    size = _put_in_brackets(word, scratch.word)
    found, features = 0, 0
    first, most = max(model.min_characters, 1), model.max_characters
    for start in range(size):
        if scratch.word[start] & _TAIL_BITS == _TAIL:
            continue
        at, length, value = start, 0, FIRST_HASH
        while at < size and length < most:
            value = extend(value, scratch.word[at])
            at, length = at + 1, length + 1
            while at < size and scratch.word[at] & _TAIL_BITS == _TAIL:
                value = extend(value, scratch.word[at])
                at += 1
            if length >= first and not (length == 1 and (start == 0 or at == size)):
                scratch.found[found] = np.uint32(value) % np.uint32(model.buckets)
                found += 1
        if found > _ROOM - most:
            features += _add_buckets(found, model, scratch)
            found = 0
    return features + _add_buckets(found, model, scratch)


@helper
def _put_in_brackets(word: Bytes, target: Bytes) -> int:
    """Writes `<word>`; returns its size."""
    target[0] = _OPENS
    for at in range(len(word)):
        target[at + 1] = word[at]
    target[len(word) + 1] = _CLOSES
    return len(word) + 2


@helper
def _add_ngrams(words: int, model: Model, scratch: Scratch) -> int:
    """Adds the n-grams of words, the shorter ones first; returns how many have a row."""
    features, values, hashes = 0, scratch.keys, scratch.hashes
    for at in range(words):
        values[at] = hashes[at]
    for length in range(1, min(model.word_ngrams, words)):
        for at in range(words - length):
            values[at] = values[at] * _NEXT_WORD + hashes[at + length]
            scratch.found[at] = np.uint64(values[at]) % np.uint64(model.buckets)
        features += _add_buckets(words - length, model, scratch)
    return features


@helper
def _add_buckets(found: int, model: Model, scratch: Scratch) -> int:
    """Adds the rows of the buckets in `found`; returns how many have one."""
    features, rows, nothing = found, scratch.found, len(model.table) - 1
    if len(model.kept):
        for at in range(found):
            block, bit = model.kept[rows[at] >> 5], rows[at] & 31
            has_row = block >> bit & 1
            row = (block >> 32) + _count_bits(block & ((int64(1) << bit) - 1))
            rows[at] = row if has_row else nothing
            features -= 1 - has_row
    else:
        for at in range(found):
            rows[at] += len(model.features)
    _add(model.table, rows, found, scratch.sums)
    return features


@inlined
def _count_bits(bits: int) -> int:
    """Of the low 32, how many are set."""
    bits -= bits >> 1 & 0x55555555
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333)
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F
    return bits * 0x01010101 >> 24 & 0xFF


@helper
def _add(table: Floats, rows: Places, found: int, sums: Doubles) -> None:
    """Adds rows by fours, lest each sum wait for the one before."""
    rows[found : found + 3] = len(table) - 1
    if len(sums) == 1:
        total = 0.0
        for at in range(0, found, 4):
            pair = np.float64(table[rows[at], 0]) + np.float64(table[rows[at + 1], 0])
            other = np.float64(table[rows[at + 2], 0]) + np.float64(table[rows[at + 3], 0])
            total += pair + other
        sums[0] += total
        return
    for at in range(0, found, 4):
        one, two, three, four = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
        for column in range(len(sums)):
            pair = np.float64(table[one, column]) + np.float64(table[two, column])
            other = np.float64(table[three, column]) + np.float64(table[four, column])
            sums[column] += pair + other
