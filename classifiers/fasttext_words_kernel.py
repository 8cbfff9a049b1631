"""Words of a text as fastText cuts and hashes them, and how they are found among known ones.

In: the bytes of a text. Out: where each word starts and ends, its hash and a key; the number of a
known word. A text ends with a word `</s>`, and what follows one that is written out is not read.

Source: fastText 0.9.2, `Dictionary::readWord`, `Dictionary::hash`.
"""

from __future__ import annotations

import numpy as np

from classifiers.fasttext_losses_kernel import Places
from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, inlined, int64

FIRST_HASH, _PRIME = 2166136261, 16777619  # FNV-1a
LONG = 1
"""Says of a slot's number that the word has more than eight bytes: its key is not its own."""
END, _LABEL = (np.frombuffer(word, np.uint8) for word in (b"</s>", b"__label__"))
_END_HASH, _END_KEY = 3617362777, int.from_bytes(b"</s>", "little")


@helper
def find_words(text: Bytes, starts: Places, ends: Places, hashes: Ints, keys: Ints) -> int:
    """Cuts a text at white space, up to a word `</s>`, or one that is put at its end."""
    words, at = 0, 0
    while True:
        while at < len(text) and _parts_words(text[at]):
            at += 1
        start, value, key = at, FIRST_HASH, int64(0)
        while at < len(text) and not _parts_words(text[at]):
            value = extend(value, text[at])
            key |= int64(text[at]) << (((at - start) & 7) << 3)
            at += 1
        starts[words], ends[words], hashes[words], keys[words] = start, at, value, key
        words += 1
        if at == start:
            hashes[words - 1], keys[words - 1] = _END_HASH, _END_KEY
            return words
        if key == _END_KEY and at - start == len(END):
            return words


@inlined
def _parts_words(byte: int) -> bool:
    return byte <= 32 and (byte == 32 or 9 <= byte <= 13 or byte == 0)


@inlined
def extend(value: int, byte: np.uint8) -> int:
    """FNV-1a of 32 bits, but for bytes being signed, as they are in fastText."""
    return ((value ^ (int64(np.int8(byte)) & 0xFFFFFFFF)) * _PRIME) & 0xFFFFFFFF


@helper
def hash_and_key(word: Bytes) -> tuple[int, int]:
    """Where a word is looked for, and 64 bits that tell it from most that are found there.

    No two words of up to eight bytes have one key.
    """
    value, key = FIRST_HASH, int64(0)
    for at in range(len(word)):
        value = extend(value, word[at])
        key |= int64(word[at]) << ((at & 7) << 3)
    return value, key


@helper
def find_word(word: Bytes, value: int, key: int, slots: Ints, text: Bytes, ends: Ints) -> int:
    """The number of a word with that hash and key, or -1."""
    slot = value & (len(slots) - 1)
    while slots[slot, 1] >= 0:
        if slots[slot, 0] == key:
            number = slots[slot, 1] >> 1
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


@inlined
def is_end(word: Bytes) -> bool:
    """Whether it is `</s>`."""
    return len(word) == 4 and _is_same(word, END)


@inlined
def is_label(text: Bytes, at: int, end: int) -> bool:
    """Whether it begins with `__label__`: it is no word then, whether or not it is known."""
    if end - at < len(_LABEL) or text[at] != _LABEL[0]:
        return False
    return _is_same(text[at : at + len(_LABEL)], _LABEL)
