"""English words of the bundled sample's pages, as frequent as there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.documents import read_sentences

_LANGUAGE = "en"
_WORD = re.compile(r"[a-z]+")
_ENDS = {" ": 226, ", ": 14, ". ": 9, ".\n": 7}
"""What follows a word, in 256 of them."""
_PLACES = 1 << 20


@dataclass(frozen=True)
class Words:
    """Different words, the most frequent first, and tables from which random numbers draw.

    `frequent` has a number of a word as often as the word comes, `ended` all words with each of
    the things that may follow, and `ends` what is to add to a word's number to get there.
    """

    words: list[str]
    frequent: npt.NDArray[np.int32]
    ended: pa.StringArray
    ends: npt.NDArray[np.int32]


def load_words(folder: Path) -> Words:
    """Found in the sample once, and kept in `folder`."""
    sentences = read_sentences(folder)
    english = sentences.filter(pc.equal(sentences["language"], _LANGUAGE))["sentence"]
    counts = Counter(word for s in english.to_pylist() for word in _WORD.findall(s.lower()))
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    share = np.cumsum([counts[word] for word in ordered]) / counts.total()
    places = (np.arange(_PLACES) + 0.5) / _PLACES
    return Words(
        ordered,
        np.searchsorted(share, places).astype(np.int32),
        pa.array([word + end for end in _ENDS for word in ordered]),
        np.repeat(np.arange(len(_ENDS)) * len(ordered), list(_ENDS.values())).astype(np.int32),
    )
