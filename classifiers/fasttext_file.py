"""fastText's binary format, read strictly: `.bin` and `.ftz` of supervised models.

In: the bytes of a file, or a buffer that maps one. Out: `FastTextFile`, whose matrices stay where
they are. Invariant: a size is compared with what is left of the file before anything is allocated
by it, and the file ends where the model does; else `ValueError`, in one line that says at which
byte what was expected and what was found.

Source: fastText 0.9.2, `FastText::saveModel` (versions 11 and 12 of the format).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers.fasttext_matrix import Matrix, read_matrix
from classifiers.fasttext_reader import Reader
from curation.arrow_text import Bytes, Ints
from curation.kernels import njit

HIERARCHICAL, NEGATIVE_SAMPLING, SOFTMAX, ONE_VS_ALL = range(1, 5)
"""Losses, by their numbers in the file."""
_MAGIC = (793712314).to_bytes(4, "little")
_VERSIONS = (11, 12)
_MODELS = {1: "word vectors (cbow)", 2: "word vectors (skip-gram)", 3: "a classifier"}
_CLASSIFIER = 3
_MOST_DIMENSIONS, _LONGEST_NGRAM = 1 << 16, 64
_SMALLEST_ENTRY = 1 + 8 + 1  # the NUL after a word, its count, its kind
_WORD, _LABEL = 0, 1


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What it was trained with, as far as predictions ask; n-grams of words and of characters."""

    dimensions: int
    word_ngrams: int
    loss: int
    buckets: int
    min_characters: int
    max_characters: int


@dataclass(frozen=True, kw_only=True)
class FastTextFile:
    """Word i is `data[starts[i]:ends[i]]` and has row i of `inputs`; buckets come behind the words.

    Label i has row i of `outputs`, and stood `label_counts[i]` times in the training data. `pruned`
    has a bucket per row behind the words, where not all were kept.
    """

    arguments: Arguments
    data: Bytes
    starts: Ints
    ends: Ints
    labels: Sequence[bytes]
    label_counts: Ints
    pruned: npt.NDArray[np.int32] | None
    inputs: Matrix
    outputs: Matrix


def read_file(content: bytes | pa.Buffer) -> FastTextFile:
    """The model in `content`; raises `ValueError` where it is no supervised fastText model."""
    reader = Reader(content)
    arguments = _arguments(reader)
    words, labels, pruned_rows = _sizes(reader)
    starts, ends, counts = _entries(reader, words, labels)
    pruned = _pruned(reader, pruned_rows, arguments.buckets)
    rows = words + (arguments.buckets if pruned is None else len(pruned))
    is_quantised = reader.flag("whether it is quantised")
    if pruned is not None and not is_quantised:
        raise reader.error("a quantised matrix, for buckets are pruned", "a dense one")
    inputs = read_matrix(reader, rows, arguments.dimensions, quantised=is_quantised)
    is_quantised &= reader.flag("whether its output is quantised")
    outputs = read_matrix(reader, labels, arguments.dimensions, quantised=is_quantised)
    reader.end()
    spans = zip(starts[words:], ends[words:], strict=True)
    return FastTextFile(
        arguments=arguments,
        data=reader.data,
        starts=starts[:words],
        ends=ends[:words],
        labels=[reader.data[start:end].tobytes() for start, end in spans],
        label_counts=counts[words:],
        pruned=pruned,
        inputs=inputs,
        outputs=outputs,
    )


def _arguments(reader: Reader) -> Arguments:
    reader.magic(_MAGIC)
    version = reader.one_of("version of the format", _VERSIONS)
    dimensions = reader.within("dimensions", 1, _MOST_DIMENSIONS)
    for name in ("window", "epochs", "least count", "negatives"):
        reader.integer(name)
    word_ngrams = reader.within("longest n-gram of words", 0, _LONGEST_NGRAM)
    loss = reader.within("loss", HIERARCHICAL, ONE_VS_ALL)
    model = reader.within("kind of model", 1, _CLASSIFIER)
    if model != _CLASSIFIER:
        raise reader.error(_MODELS[_CLASSIFIER], _MODELS[model])
    buckets = reader.within("buckets", 0, (1 << 31) - 1)
    min_characters = reader.within("shortest n-gram of characters", 0, _LONGEST_NGRAM)
    max_characters = reader.within("longest n-gram of characters", 0, _LONGEST_NGRAM)
    if version == min(_VERSIONS):
        max_characters = 0  # classifiers had none yet
    if not buckets and (word_ngrams > 1 or max_characters):
        raise reader.error("buckets for n-grams", "none")
    reader.integer("rate of updates")
    reader.long("sampling threshold")
    return Arguments(
        dimensions=dimensions,
        word_ngrams=word_ngrams,
        loss=loss,
        buckets=buckets,
        min_characters=min_characters,
        max_characters=max_characters,
    )


def _sizes(reader: Reader) -> tuple[int, int, int]:
    """The numbers of words, labels and pruned rows; of these -1 where all are there."""
    most = reader.left // _SMALLEST_ENTRY
    entries = reader.within("words and labels", 1, most)
    words = reader.within("words", 0, entries)
    labels = reader.within("labels", entries - words, entries - words)
    if not labels:
        raise reader.error("a label", "none")
    reader.long("tokens of the training data")
    return words, labels, reader.within("pruned buckets", -1, reader.left // 8, long=True)


def _entries(reader: Reader, words: int, labels: int) -> tuple[Ints, Ints, Ints]:
    """Where words, then labels, start and end, and how often each was there."""
    starts, ends, counts = (np.empty(words + labels, np.int64) for _ in range(3))
    at = _find_entries(reader.data, reader.at, words, starts, ends, counts)
    if at < 0:
        expected = f"{words} words, then {labels} labels, each with a count"
        raise reader.error(expected, "something else", at=-at)
    reader.at = at
    return starts, ends, counts


@njit(cache=True, nogil=True)
def _find_entries(data: Bytes, at: int, words: int, starts: Ints, ends: Ints, counts: Ints) -> int:
    """The byte behind the last entry, or minus that where one is not as it should be."""
    for entry in range(len(starts)):
        end = at
        while end < len(data) and data[end]:
            end += 1
        if end + _SMALLEST_ENTRY > len(data):
            return -at
        starts[entry], ends[entry], count = at, end, 0
        for byte in range(8):
            count |= np.int64(data[end + 1 + byte]) << (8 * byte)
        counts[entry] = count
        if count < 0 or data[end + 9] != (_WORD if entry < words else _LABEL):
            return -at
        at = end + _SMALLEST_ENTRY
    return at


def _pruned(reader: Reader, rows: int, buckets: int) -> npt.NDArray[np.int32] | None:
    """The bucket of each row behind the words."""
    if rows < 0:
        return None
    at = reader.at
    pairs = reader.array("pruned buckets", np.dtype("<i4"), rows * 2).reshape(rows, 2)
    kept = pairs[np.argsort(pairs[:, 1], kind="stable")]
    is_each_once = np.array_equal(kept[:, 1], np.arange(rows)) and (
        len(np.unique(kept[:, 0])) == rows
    )
    if rows and not (is_each_once and kept[:, 0].min() >= 0 and kept[:, 0].max() < buckets):
        raise reader.error(f"{rows} buckets of {buckets}, each with a row", "others", at=at)
    return np.ascontiguousarray(kept[:, 0])
