"""Texts as words: what a tokenizer makes of one after another is what it makes of the text.

Words of 65,536 characters and more (a million letters without a blank) are cut into pieces of as
many, there alone the tokens may be a few more than those of the whole: so time is linear and memory
bounded, and no pattern meets what it cannot go through.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints, text_view
from curation.kernels import compile_once
from curation.token_counts.words_kernel import SPACES, word_ends

LONGEST_WORD = 1 << 16


def cut_words(texts: pa.StringArray, rule: int | None) -> tuple[pa.StringArray, Ints]:
    """All words; and before each text, and behind the last, how many there are.

    `rule` is of `words_kernel`; without one each text is a word. A null text has none.
    """
    _compile()
    view = text_view(texts)
    ends, firsts = (
        (view.offsets[1:].astype(np.int32), np.arange(len(view.offsets)))
        if rule is None
        else word_ends(view.data, view.offsets, rule)
    )
    offsets = np.concatenate([view.offsets[:1].astype(np.int32), ends])
    buffers = pa.py_buffer(offsets), pa.py_buffer(view.data)
    return pa.StringArray.from_buffers(len(ends), *buffers), firsts


def pieces(word: str, most: int) -> Iterator[str]:
    """A word of any length, in pieces that a tokenizer can take."""
    return (word[at : at + most] for at in range(0, len(word), most))


def stretches(texts: pa.StringArray, rule: int | None, size: int) -> Iterator[tuple[int, str]]:
    """Words joined up to about `size` bytes, each stretch with the number of its text."""
    words, firsts = cut_words(texts, rule)
    ends = np.frombuffer(words.buffers()[1], np.int32)[: len(words) + 1]
    for row in range(len(texts)):
        for first, last in _together(ends, int(firsts[row]), int(firsts[row + 1]), size):
            yield row, "".join(words.slice(first, last - first).to_pylist())


def _together(
    ends: npt.NDArray[np.int32], first: int, last: int, size: int
) -> Iterator[tuple[int, int]]:
    """Numbers of words that make a stretch; a longer word is alone."""
    while first < last:
        at = int(np.searchsorted(ends, int(ends[first]) + size, side="right")) - 1
        end = min(max(at, first + 1), last)
        yield first, end
        first = end


@cache
def _compile() -> None:
    compile_once("token_counts", _call_kernels)


def _call_kernels() -> None:
    view = text_view(pa.array(["two words"]))
    word_ends(view.data, view.offsets, SPACES)
