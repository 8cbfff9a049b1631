"""Synthetic documents with planted duplicates, of so many as one asks for.

In: a folder and how many. Out: Parquet files (`id`, `url`, `text`) in it, kept for the next call
and the same for the same number. A text is of 6 KB in the mean: words, blanks, some punctuation
and line ends. Each word comes from a hash of its document and its place, so a document that
repeats another one needs nothing of it but its number.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numba import njit

from benchmarks.dedup.families import Families, draw_families
from benchmarks.dedup.words import Words, load_words

_FILE_ROWS, _GROUP_ROWS = 20_000, 2500
_LEAST_FILES = 4  # work for more than one process
_SITES = 5000
_Numbers = npt.NDArray[np.int64]


def make_corpus(folder: Path, documents: int) -> Path:
    """The folder of so many documents; what is there already is not made again."""
    made = folder / f"documents-{documents}"
    made.mkdir(parents=True, exist_ok=True)
    rows = min(_FILE_ROWS, -(-documents // _LEAST_FILES))
    missing = {
        first: file
        for first in range(0, documents, rows)
        if not (file := made / f"part-{first // rows:05d}.parquet").exists()
    }
    if missing:
        words, families = load_words(folder), draw_families(documents)
        for first, file in missing.items():
            last = min(first + rows, documents)
            groups = [
                make_rows(at, _texts(words, families, np.arange(at, min(at + _GROUP_ROWS, last))))
                for at in range(first, last, _GROUP_ROWS)
            ]
            write_rows(pa.concat_tables(groups), file)
    return made


def make_rows(first: int, texts: pa.Array) -> pa.Table:
    """Rows of documents with numbers from `first` on."""
    numbers = range(first, first + len(texts))
    urls = [f"https://site{number % _SITES}.example/pages/{number}" for number in numbers]
    return pa.table({"id": [name(number) for number in numbers], "url": urls, "text": texts})


def name(number: int) -> str:
    """What stands in the column `id`."""
    return f"document-{number:07d}"


def write_rows(rows: pa.Table, file: Path) -> None:
    """All of the file or nothing."""
    new = file.with_suffix(".new")
    pq.write_table(rows, new, compression="zstd", row_group_size=_GROUP_ROWS)
    new.rename(file)


def _texts(words: Words, families: Families, rows: _Numbers) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(families.words[rows])])
    edits = np.stack([families.scattered[rows], families.tail[rows]])
    documents = np.stack([rows, families.source[rows]])
    drawn = _draw(documents, offsets, edits, words.frequent, words.ends)
    of_texts = pa.ListArray.from_arrays(offsets.astype(np.int32), words.ended.take(pa.array(drawn)))
    return pc.binary_join(of_texts, "")


@njit(cache=True)
def _draw(
    documents: _Numbers,
    offsets: _Numbers,
    edits: npt.NDArray[np.float64],
    frequent: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """The numbers, among words with an end, of all words of the documents.

    `documents` are their own numbers and those of their sources, `edits` what is scattered and
    what is tail.
    """
    drawn = np.empty(offsets[-1], np.int32)
    for i in range(len(offsets) - 1):
        first, end = offsets[i], offsets[i + 1]
        scattered, tail = edits[0, i], end - edits[1, i] * (end - first)
        own, of_source = _hash(np.uint64(documents[0, i]), 2), _hash(np.uint64(documents[1, i]), 1)
        for at in range(first, end):
            chance = (_hash(own, at - first) >> np.uint64(11)) * 2.0**-53
            replaced = at >= tail or chance < scattered
            number = _hash(own + np.uint64(1) if replaced else of_source, at - first)
            word = frequent[number >> np.uint64(44)]
            drawn[at] = word + ends[number & np.uint64(255)]
    return drawn


@njit(cache=True)
def _hash(seed: np.uint64, place: int) -> np.uint64:
    """Number `place` of the sequence that SplitMix64 makes from `seed`."""
    value = seed + np.uint64(0x9E3779B97F4A7C15) * np.uint64(place + 1)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
