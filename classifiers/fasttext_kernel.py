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
_ROOM = 1024  # n-grams of characters that are found before their rows are added
_END, _LABEL = (np.frombuffer(word, np.uint8) for word in (b"</s>", b"__label__"))
_END_HASH, _END_KEY = 3617362777, int.from_bytes(b"</s>", "little")


class Model(NamedTuple):
    """Row w of `table` is of word w, with its n-grams of characters; `features[w]` is their number.

    A bucket's row is `rows[bucket]`, or, where `rows` is empty, `len(features) + bucket`; the last
    row is of nothing, all zero. Word w is `text[ends[w - 1]:ends[w]]`; known labels follow the
    words. Its place in `slots`, pairs of a key and a number or -1, is `hash & (len(slots) - 1)` or
    behind. `outputs`, if not empty, turns a mean of rows into a number per label.
    """

    slots: Ints
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
    _predict(data, offsets, model, _new_scratch(_longest(offsets), model), probabilities)


@njit(cache=True, nogil=True)
def fold(model: Model) -> None:
    """Adds to the row of each word those of the n-grams of its characters, and counts them."""
    first = model.ends[0] if len(model.ends) else 0
    scratch = _new_scratch(max(_longest(model.ends), first), model)
    for word in range(len(model.features)):
        _fold(word, model, scratch)


@njit
def _new_scratch(longest: int, model: Model) -> Scratch:
    words = longest // 2 + 2
    return Scratch(
        np.empty(words, np.int32),
        np.empty(words, np.int32),
        np.empty(words, np.int64),
        np.empty(words, np.int64),
        np.empty((words, 2), np.int64),
        np.empty(max(words, _ROOM) + 3, np.int32),
        np.empty(longest + 2, np.uint8),
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
    first = model.ends[word - 1] if word else 0
    if _is_end(model.text[first : model.ends[word]]):
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
            _finish(model, scratch, probabilities[row])
        else:
            probabilities[row] = np.nan


@helper
def _add_text(text: Bytes, model: Model, scratch: Scratch) -> int:
    """Adds all features of a text; returns how many there are."""
    words = _find_words(text, scratch.starts, scratch.ends, scratch.hashes, scratch.keys)
    _fetch(model.slots, scratch.hashes, words, scratch.slots)
    words, features = _add_words(text, words, model, scratch)
    if model.word_ngrams > 1:
        features += _add_ngrams(words, model, scratch)
    return features


@helper
def _find_words(text: Bytes, starts: Places, ends: Places, hashes: Ints, keys: Ints) -> int:
    """Cuts a text at white space, up to a word `</s>`, or one that is put at its end."""
    words, at = 0, 0
    while True:
        while at < len(text) and _parts_words(text[at]):
            at += 1
        start, value, key = at, _FIRST_HASH, int64(0)
        while at < len(text) and not _parts_words(text[at]):
            value = _extend(value, text[at])
            key |= int64(text[at]) << (((at - start) & 7) << 3)
            at += 1
        starts[words], ends[words], hashes[words], keys[words] = start, at, value, key
        words += 1
        if at == start:
            hashes[words - 1], keys[words - 1] = _END_HASH, _END_KEY
            return words
        if key == _END_KEY and at - start == len(_END):
            return words


@inlined
def _parts_words(byte: np.uint8) -> bool:
    return byte <= 32 and (byte == 32 or 9 <= byte <= 13 or byte == 0)


@inlined
def _extend(value: int, byte: np.uint8) -> int:
    """FNV-1a of 32 bits, but for bytes being signed, as they are in fastText."""
    return ((value ^ (int64(np.int8(byte)) & 0xFFFFFFFF)) * _PRIME) & 0xFFFFFFFF


@helper
def hash_and_key(word: Bytes) -> tuple[int, int]:
    """Where a word is looked for, and 64 bits that tell it from most that are found there.

    A word of eight bytes or less has a key of its own.
    """
    value, key = _FIRST_HASH, int64(0)
    for at in range(len(word)):
        value = _extend(value, word[at])
        key |= int64(word[at]) << ((at & 7) << 3)
    return value, key


@helper
def _fetch(slots: Ints, hashes: Ints, words: int, fetched: Ints) -> None:
    """Copies the first slot of each word: without a branch, so memory is waited for only once."""
    for word in range(words):
        slot = hashes[word] & (len(slots) - 1)
        fetched[word, 0], fetched[word, 1] = slots[slot, 0], slots[slot, 1]


@helper
def find_word(word: Bytes, value: int, key: int, slots: Ints, text: Bytes, ends: Ints) -> int:
    """The number of a word with that hash and key, or -1."""
    slot = value & (len(slots) - 1)
    while slots[slot, 1] >= 0:
        if slots[slot, 0] == key:
            number = slots[slot, 1]
            first = ends[number - 1] if number else 0
            if _is_same(word, text[first : ends[number]]):
                return number
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@inlined
def _is_same(one: Bytes, other: Bytes) -> bool:
    same = 0
    if len(one) == len(other):
        while same < len(one) and one[same] == other[same]:
            same += 1
    return same == len(one) == len(other)


@helper
def _add_words(text: Bytes, words: int, model: Model, scratch: Scratch) -> tuple[int, int]:
    """Adds words and characters; returns how many words are left without labels, and features."""
    kept, found, features, known = 0, 0, 0, len(model.features)
    for at in range(words):
        start, end = scratch.starts[at], scratch.ends[at]
        value, key, number = scratch.hashes[at], scratch.keys[at], scratch.slots[at, 1]
        if number >= 0 and (scratch.slots[at, 0] != key or end - start > 8):
            word = text[start:end] if end > start else _END
            number = find_word(word, value, key, model.slots, model.text, model.ends)
        scratch.hashes[kept] = int64(np.int32(value))  # from here on it has a sign
        if 0 <= number < known:
            scratch.found[found] = number
            found, kept = found + 1, kept + 1
            features += model.features[number]
        elif number < 0 and not _is_label(text, start, end):
            kept += 1
            scratch.starts[kept - found - 1] = start  # of words that are not known
            scratch.ends[kept - found - 1] = end
    _add(model.table, scratch.found, found, scratch.sums)
    if model.max_characters:
        for at in range(kept - found):
            word = text[scratch.starts[at] : scratch.ends[at]]
            if not (len(word) == 0 or _is_end(word)):
                features += _add_characters(word, model, scratch)
    return kept, features


@inlined
def _is_end(word: Bytes) -> bool:
    return len(word) == 4 and _is_same(word, _END)


@inlined
def _is_label(text: Bytes, at: int, end: int) -> bool:
    """Whether it begins with `__label__`: it is no word then, whether or not it is known."""
    if end - at < len(_LABEL) or text[at] != _LABEL[0]:
        return False
    return _is_same(text[at : at + len(_LABEL)], _LABEL)


@helper
def _add_characters(word: Bytes, model: Model, scratch: Scratch) -> int:
    """Adds the n-grams of characters of `<word>`; returns how many have a row."""
    size = _put_in_brackets(word, scratch.word)
    found, features = 0, 0
    first, most = max(model.min_characters, 1), model.max_characters
    for start in range(size):
        if scratch.word[start] & _TAIL_BITS == _TAIL:
            continue
        at, length, value = start, 0, _FIRST_HASH
        while at < size and length < most:
            value = _extend(value, scratch.word[at])
            at, length = at + 1, length + 1
            while at < size and scratch.word[at] & _TAIL_BITS == _TAIL:
                value = _extend(value, scratch.word[at])
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
    if len(model.rows):
        for at in range(found):
            rows[at] = model.rows[rows[at]]
            features -= rows[at] == nothing
    else:
        for at in range(found):
            rows[at] += len(model.features)
    _add(model.table, rows, found, scratch.sums)
    return features


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
