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

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, inlined, int64, njit

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

HIERARCHICAL, SIGMOID, SOFTMAX = range(3)
_OPENS, _CLOSES = np.uint8(ord("<")), np.uint8(ord(">"))
_FIRST_HASH, _PRIME = 2166136261, 16777619  # FNV-1a
_NEXT_WORD = np.int64(116049371)
_TAIL, _TAIL_BITS = np.uint8(0x80), np.uint8(0xC0)  # of bytes that go on a character
_LITTLE = 1e-5  # that fastText adds to a probability, lest its logarithm be infinite
_ROOM = 1024  # features that are found before they are looked up: then memory is waited for once
_L, _A, _B, _E = (np.uint8(ord(letter)) for letter in "labe")
_UNDERSCORE, _SLASH, _S = (np.uint8(ord(letter)) for letter in "_/s")


class Model(NamedTuple):
    """Row w of `table` is of word w, with its n-grams of characters; `features[w]` is their number.

    A bucket's row is `rows[bucket]`, or, where `rows` is empty, `len(features) + bucket`; the last
    row is of nothing, all zero. `slots` finds words: at `hash & (len(slots) - 1)` or next to it is
    the hash and the number of a word, or -1. Word w is `text[ends[w - 1]:ends[w]]`; known labels
    follow the words. `outputs`, if not empty, turns a row's mean into one number per label.
    """

    slots: Places
    text: Bytes
    ends: Ints
    features: Places
    table: Floats
    rows: Places
    outputs: Doubles
    lefts: Places
    rights: Places
    loss: int
    labels: int
    buckets: int
    word_ngrams: int
    min_characters: int
    max_characters: int
    end_word: int
    end_hash: int


class Scratch(NamedTuple):
    """`hashes` of the words of a text; `found` rows, not yet added to `sums`; a word in `<>`."""

    hashes: Ints
    word: Bytes
    found: Places
    sums: Doubles
    scores: Doubles


@njit(cache=True, nogil=True)
def predict(data: Bytes, offsets: Ints, model: Model, probabilities: Floats) -> None:
    """Writes the probabilities of each text, shape (texts, labels), not a number if it has none."""
    _predict(data, offsets, model, _new_scratch(_longest(offsets), model), probabilities)


@njit(cache=True, nogil=True)
def fold(model: Model) -> None:
    """Adds to the row of each word those of the n-grams of its characters, and counts them."""
    scratch = _new_scratch(
        max(_longest(model.ends), model.ends[0] if len(model.ends) else 0), model
    )
    for word in range(len(model.features)):
        if word != model.end_word:
            _fold(word, model, scratch)


@njit
def _new_scratch(longest: int, model: Model) -> Scratch:
    return Scratch(
        np.empty(longest // 2 + 2, np.int64),
        np.empty(longest + 2, np.uint8),
        np.empty(_ROOM + 4, np.int32),
        np.empty(model.table.shape[1], np.float64),
        np.empty(3 * model.labels, np.float64),
    )


@helper
def _longest(offsets: Ints) -> int:
    longest = int64(0)
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return longest


@helper
def _fold(word: int, model: Model, scratch: Scratch) -> None:
    scratch.sums[:] = 0
    first = model.ends[word - 1] if word else 0
    size = _put_in_brackets(model.text, first, model.ends[word], scratch.word)
    found, more = _find_characters(scratch.word, size, 0, model, scratch)
    _add(model.table, found, scratch)
    for column in range(len(scratch.sums)):
        model.table[word, column] += scratch.sums[column]
    model.features[word] += more


@helper
def _predict(
    data: Bytes, offsets: Ints, model: Model, scratch: Scratch, probabilities: Floats
) -> None:
    for row in range(len(offsets) - 1):
        scratch.sums[:] = 0
        features = _add_text(data, offsets[row], offsets[row + 1], model, scratch)
        if features:
            for column in range(len(scratch.sums)):
                scratch.sums[column] /= features
            _finish(model, scratch, probabilities[row])
        else:
            probabilities[row] = np.nan


@helper
def _add_text(data: Bytes, at: int, end: int, model: Model, scratch: Scratch) -> int:
    """Adds all features of a text; returns how many there are."""
    words, features, found = 0, 0, 0
    is_open = True
    while is_open:
        while at < end and _parts_words(data[at]):
            at += 1
        start, value = at, _FIRST_HASH
        while at < end and not _parts_words(data[at]):
            value = _extend(value, data[at])
            at += 1
        if at == start:  # the end of the line is a word
            is_open = False
            word, value = model.end_word, model.end_hash
        else:
            word = find_word(data, start, at, value, model.slots, model.text, model.ends)
            is_open = not (value == model.end_hash and _is_end(data, start, at))
        if word >= len(model.features) or (word < 0 and _is_label(data, start, at)):
            continue
        scratch.hashes[words] = value
        words += 1
        if word >= 0:
            scratch.found[found] = word
            found += 1
            features += model.features[word]
        elif model.max_characters and is_open:
            size = _put_in_brackets(data, start, at, scratch.word)
            found, more = _find_characters(scratch.word, size, found, model, scratch)
            features += more
        if found >= _ROOM:
            _add(model.table, found, scratch)
            found = 0
    found, more = _find_ngrams(words, found, model, scratch)
    _add(model.table, found, scratch)
    return features + more


@inlined
def _parts_words(byte: np.uint8) -> bool:
    return byte <= 32 and (byte == 32 or 9 <= byte <= 13 or byte == 0)


@inlined
def _extend(value: int, byte: np.uint8) -> int:
    """FNV-1a of 32 bits, but for bytes being signed, as they are in fastText."""
    return ((value ^ (int64(np.int8(byte)) & 0xFFFFFFFF)) * _PRIME) & 0xFFFFFFFF


@helper
def hash_of(data: Bytes, at: int, end: int) -> int:
    """The hash of bytes `at` to `end`."""
    value = _FIRST_HASH
    for byte in range(at, end):
        value = _extend(value, data[byte])
    return value


@helper
def find_word(
    data: Bytes, at: int, end: int, value: int, slots: Places, text: Bytes, ends: Ints
) -> int:
    """The number of the word in bytes `at` to `end` whose hash is `value`, or -1."""
    slot = value & (len(slots) - 1)
    low = np.int32(value)
    while slots[slot, 1] >= 0:
        if slots[slot, 0] == low:
            word = slots[slot, 1]
            first = ends[word - 1] if word else 0
            if ends[word] - first == end - at:
                same = 0
                while same < end - at and text[first + same] == data[at + same]:
                    same += 1
                if same == end - at:
                    return int64(word)
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@inlined
def _is_end(data: Bytes, at: int, end: int) -> bool:
    is_tag = end - at == 4 and data[at] == _OPENS and data[at + 1] == _SLASH
    return is_tag and data[at + 2] == _S and data[at + 3] == _CLOSES


@inlined
def _is_label(data: Bytes, at: int, end: int) -> bool:
    """Whether it begins with `__label__`: it is no word then, whether or not it is known."""
    if end - at < 9 or data[at] != _UNDERSCORE or data[at + 1] != _UNDERSCORE:
        return False
    front = data[at + 2] == _L and data[at + 3] == _A and data[at + 4] == _B
    back = data[at + 5] == _E and data[at + 6] == _L
    return front and back and data[at + 7] == _UNDERSCORE and data[at + 8] == _UNDERSCORE


@helper
def _put_in_brackets(data: Bytes, at: int, end: int, word: Bytes) -> int:
    """Writes `<word>`; returns its size."""
    word[0] = _OPENS
    for byte in range(at, end):
        word[byte - at + 1] = data[byte]
    word[end - at + 1] = _CLOSES
    return end - at + 2


@helper
def _find_characters(
    word: Bytes, size: int, found: int, model: Model, scratch: Scratch
) -> tuple[int, int]:
    """Finds the n-grams of characters of `<word>`; returns what is found and how many they are."""
    features, nothing = 0, len(model.table) - 1
    for start in range(size):
        if word[start] & _TAIL_BITS == _TAIL:
            continue
        at, value = start, _FIRST_HASH
        for length in range(1, model.max_characters + 1):
            if at == size:
                break
            value = _extend(value, word[at])
            at += 1
            while at < size and word[at] & _TAIL_BITS == _TAIL:
                value = _extend(value, word[at])
                at += 1
            if length < model.min_characters or (length == 1 and (start == 0 or at == size)):
                continue
            row = _row_of(value % model.buckets, model)
            scratch.found[found] = row
            found += 1
            features += row != nothing
            if found == _ROOM:
                _add(model.table, found, scratch)
                found = 0
    return found, features


@helper
def _find_ngrams(words: int, found: int, model: Model, scratch: Scratch) -> tuple[int, int]:
    """Finds the n-grams of words; returns what is found and how many they are."""
    features, nothing, buckets = 0, len(model.table) - 1, np.uint64(model.buckets)
    for first in range(words):
        value = scratch.hashes[first]
        value = int64(np.int32(value))  # from here on, as in fastText, it has a sign
        for word in range(first + 1, min(first + model.word_ngrams, words)):
            value = value * _NEXT_WORD + int64(np.int32(scratch.hashes[word]))
            row = _row_of(int64(np.uint64(value) % buckets), model)
            scratch.found[found] = row
            found += 1
            features += row != nothing
            if found == _ROOM:
                _add(model.table, found, scratch)
                found = 0
    return found, features


@inlined
def _row_of(bucket: int, model: Model) -> int:
    return int64(model.rows[bucket]) if len(model.rows) else len(model.features) + bucket


@helper
def _add(table: Floats, found: int, scratch: Scratch) -> None:
    """Adds the rows that were found, by fours, lest each sum wait for the one before."""
    rows, sums, nothing = scratch.found, scratch.sums, len(table) - 1
    rows[found : found + 3] = nothing
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


@helper
def _finish(model: Model, scratch: Scratch, probabilities: Floats) -> None:
    """From the mean in `sums` to probabilities, as fastText reports them: a little is added."""
    scores = scratch.scores
    if len(model.outputs):
        for label in range(len(model.outputs)):
            score = 0.0
            for column in range(len(scratch.sums)):
                score += model.outputs[label, column] * scratch.sums[column]
            scores[label] = score
    else:
        for column in range(len(scratch.sums)):
            scores[column] = scratch.sums[column]
    if model.loss == HIERARCHICAL:
        _descend(model, scores)
    elif model.loss == SIGMOID:
        for label in range(model.labels):
            scores[label] = _sigmoid(scores[label]) + _LITTLE
    elif len(scratch.sums) == 1 and model.labels == 2:  # the one is what the second is better by
        better = scores[0]
        scores[0] = 1 / (1 + math.exp(better)) + _LITTLE
        scores[1] = 1 / (1 + math.exp(-better)) + _LITTLE
    else:
        _soften(scores, model.labels)
    for label in range(model.labels):
        probabilities[label] = np.float32(min(scores[label], 1.0))


@helper
def _soften(scores: Doubles, labels: int) -> None:
    highest, total = scores[0], 0.0
    for label in range(labels):
        highest = max(highest, scores[label])
    for label in range(labels):
        scores[label] = math.exp(scores[label] - highest)
        total += scores[label]
    for label in range(labels):
        scores[label] = scores[label] / total + _LITTLE


@inlined
def _sigmoid(score: float) -> float:
    """As fastText reads it from a table of 512 steps between -8 and 8."""
    if score < -8:
        return 0.0
    if score > 8:
        return 1.0
    step = int64((np.float32(score) + np.float32(8)) * np.float32(32))
    return 1 / (1 + math.exp(8 - step / 32))


@helper
def _descend(model: Model, scores: Doubles) -> None:
    """From scores of inner nodes to those of labels, which are the leaves: down from the root."""
    labels, logarithms = model.labels, scores[model.labels :]
    logarithms[2 * labels - 2] = 0
    for inner in range(labels - 2, -1, -1):
        above, right = logarithms[labels + inner], 1 / (1 + math.exp(-scores[inner]))
        logarithms[model.lefts[inner]] = above + math.log(1 - right + _LITTLE)
        logarithms[model.rights[inner]] = above + math.log(right + _LITTLE)
    for label in range(labels):
        scores[label] = math.exp(logarithms[label])
