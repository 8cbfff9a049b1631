"""Stop words: how many different ones of its language a page has.

Gopher (Rae et al. 2021) asks for two of eight English words. Other languages have lists that make
the same share of a text, 16 % (`stop_words.yaml`, which `build_language_data.py` makes of wordfreq
and stopwordsiso).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import yaml

from curation.arrow_text import Hashes, Ints
from curation.kernels import njit
from curation.language.related import list_language
from curation.tokens.names_kernel import name_of
from curation.tokens.vocabulary import Vocabulary


@cache
def bundled_stop_words() -> Mapping[str, Sequence[str]]:
    """The lists, by labels of lid.176."""
    file = resources.files("curation.heuristics").joinpath("stop_words.yaml")
    lists: Mapping[str, Sequence[str]] = yaml.safe_load(file.read_text("utf-8"))
    return lists


@cache
def _name(word: str) -> int:
    return name_of(word)


def count_stop_words(
    vocabulary: Vocabulary,
    languages: Sequence[str | None],
    lists: Mapping[str, Sequence[str]],
) -> pa.Array:
    """How many words of `lists[language]` (or the bundled list) each row has; null without one."""
    names: list[int] = []
    ranges = np.zeros((len(languages), 2), np.int64)
    known: dict[str, tuple[int, int]] = {}
    for row, language in enumerate(languages):
        label = language if language in lists else list_language(language)
        words = lists.get(label or "") or bundled_stop_words().get(label or "")
        if not words or label is None:
            continue
        if label not in known:
            of_words = dict.fromkeys(map(_name, words))
            known[label] = (len(names), len(names) + len(of_words))
            names += of_words
        ranges[row] = known[label]
    counts = _count(vocabulary, np.array(names, np.uint64), ranges)
    return pa.array(counts, mask=ranges[:, 1] == 0)


@njit(cache=True, nogil=True)
def _count(vocabulary: Vocabulary, names: Hashes, ranges: Ints) -> npt.NDArray[np.int32]:
    counts = np.zeros(len(ranges), np.int32)
    for row in range(len(ranges)):
        for name in range(ranges[row, 0], ranges[row, 1]):
            for word in range(vocabulary.rows[row], vocabulary.rows[row + 1]):
                if vocabulary.names[word] == names[name]:
                    counts[row] += 1
                    break
    return counts
