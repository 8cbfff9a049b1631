"""MinHash signatures: texts in, what their similarity is estimated from out.

The similarity of two texts is that of their sets of shingles, runs of `ngram` words: the Jaccard
index, the share of the shingles of either that are in both (Broder, On the resemblance and
containment of documents, 1997). Under a random order of all shingles the two sets have the same
minimum with just that probability. A signature keeps the minima of `n` orders; the share of them
that are equal estimates the index without bias, with the standard error sqrt(s (1 - s) / n).

*Words* are those of `curation.tokens`, without regard to case or lines; symbols are left out, and
so are the placeholders of personal data, such as `<EMAIL>`: what stood there is not text. A text
with fewer words than a shingle has one shingle of all of them.

*Orders* are those of h(x) = a x + b mod 2^64 with odd a (Dietzfelbinger, Hagerup, Katajainen and
Penttonen, A reliable randomized algorithm for the closest-pair problem, 1997: its high bits, which
decide who is least, are almost universal). Such a family is not min-wise independent (Indyk, A
small approximately min-wise independent family of hash functions, 2001), but what it takes are well
mixed hashes, and for such input simple families act as random functions do (Mitzenmacher and
Vadhan, Why simple hash functions work, 2008).

Of each minimum the *low* 32 bits are kept: the least of a thousand numbers starts with some ten
zeros, so its high bits tell few texts apart. The low bits of h are those of a bijection of the low
bits of x: two shingles share them where these agree, for one pair in 2^32.

Invariant: a row depends on its text and the parameters alone, not on other rows, the process or the
machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.arrow_text import Bytes, Hashes, text_view
from curation.dedup.minhash_kernel import Permutations, Shingles, find_shingles, write_minima
from curation.kernels import compile_once
from curation.pii.kinds import PiiType
from curation.tokens.tokenise import Tokens, tokenise

Mask = npt.NDArray[np.bool_]
_BLOCK_BYTES = 192 << 10
"""Of text that is tokenised at a time: its tokens then stay in the processor's cache."""
_MINIMUM, _SHINGLE = np.dtype("<u4"), np.dtype("<u8")
_WEIGHTS_SEED = 0x53_48_49_4E_47_4C_45_53
"""Of the odd constants that shingles are hashed with: the same in every run."""


@dataclass(frozen=True, kw_only=True)
class MinHashParams:
    """How near-duplicates are found: `bands` of `rows` minima each, of signatures of `n`.

    Texts that agree in all minima of a band are compared, and are a pair where their Jaccard index
    is at least `threshold`: as signatures estimate it, or exactly. The defaults are those of
    FineWeb (arXiv 2406.17557).
    """

    ngram: Annotated[int, Field(ge=1, le=1_000)] = 5
    n: Annotated[int, Field(ge=1, le=4096)] = 112
    bands: Annotated[int, Field(ge=1)] = 14
    rows: Annotated[int, Field(ge=1)] = 8
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.75
    verify: Literal["estimate", "exact"] = "estimate"


def mistake_in(params: MinHashParams) -> str | None:
    """What is wrong with values that are each right by themselves; None where nothing is."""
    needed = params.bands * params.rows
    if needed <= params.n:
        return None
    return (
        f"'dedup.near.bands' times 'dedup.near.rows' is {params.bands} x {params.rows} = {needed},"
        f" over the {params.n} of 'dedup.near.n': lower one of them, or set 'dedup.near.n' to"
        f" {needed}"
    )


class Fingerprints(NamedTuple):
    """Of each text, in the order of rows.

    `text_hash` is a 64-bit hash, as signed, of all tokens in their order, whatever their case and
    the blanks between; punctuation counts. Null for a text that is null or without any token.
    `signature` is `n` little-endian uint32; null for a text that is null or without a word that
    counts.
    """

    text_hash: pa.Int64Array
    signature: pa.BinaryArray


class Fingerprinter:
    """Takes the tokens of `rows` texts, some rows at a time."""

    def __init__(self, rows: int, params: MinHashParams) -> None:
        _compile()
        self._params = params
        self._hashes = np.empty(rows, np.uint64)
        self._has_token, self._has_word = np.empty(rows, bool), np.empty(rows, bool)
        self._minima = np.empty((rows, params.n), np.uint32)

    def add(self, rows: slice, tokens: Tokens) -> None:
        """The tokens of these rows."""
        shingles = find_shingles(tokens, _weights(self._params.ngram), placeholders())
        orders = _permutations(self._params.n, self._params.seed)
        write_minima(shingles, orders, self._minima[rows])
        self._hashes[rows] = shingles.texts
        self._has_token[rows] = np.diff(tokens.rows) > 0
        self._has_word[rows] = np.diff(shingles.rows) > 0

    def found(self) -> Fingerprints:
        """Of all rows; raises `OverflowError` where all signatures are over 2 GiB."""
        minima, has_word = self._minima, self._has_word
        present = minima if has_word.all() else minima[has_word]
        return Fingerprints(
            pa.array(self._hashes.view(np.int64), mask=~self._has_token),
            binaries(present.astype(_MINIMUM, copy=False), has_word * self._params.n),
        )


def fingerprints(texts: pa.StringArray, params: MinHashParams) -> Fingerprints:
    """Both of each text, by one tokenisation.

    Raises `OverflowError` where all signatures are over 2 GiB.
    """
    fingerprinter = Fingerprinter(len(texts), params)
    for rows, tokens in blocks(texts):
        fingerprinter.add(rows, tokens)
    return fingerprinter.found()


def signatures(texts: pa.StringArray, params: MinHashParams) -> pa.BinaryArray:
    """The signatures alone."""
    return fingerprints(texts, params).signature


def shingle_sets(texts: pa.StringArray, params: MinHashParams) -> pa.BinaryArray:
    """The different shingles of each text, as sorted little-endian uint64 hashes.

    Two sets have as many in common as the texts have shingles, but for one pair in 2^64. Null where
    the signature is. Raises `OverflowError` where all are over 2 GiB.
    """
    _compile()
    sets: list[Hashes] = [np.empty(0, _SHINGLE)]
    for _, tokens in blocks(texts):
        shingles = find_shingles(tokens, _weights(params.ngram), placeholders())
        sets += map(_distinct, np.split(shingles.hashes[: shingles.rows[-1]], shingles.rows[1:-1]))
    lengths = np.array([len(found) for found in sets[1:]], np.int64)
    return binaries(np.concatenate(sets).astype(_SHINGLE, copy=False), lengths)


def signatures_of_sets(sets: pa.BinaryArray, params: MinHashParams) -> pa.BinaryArray:
    """The signatures of texts that have these shingles, each set as `shingle_sets` gives it.

    Null where a set is null or empty. Raises `OverflowError` where all are over 2 GiB.
    """
    _compile()
    view = text_view(sets)
    hashes = np.array(view.data[view.offsets[0] : view.offsets[-1]].view(_SHINGLE))
    rows = (view.offsets - view.offsets[0]).astype(np.int64) // _SHINGLE.itemsize
    minima = np.empty((len(sets), params.n), np.uint32)
    shingles = Shingles(rows, hashes, np.empty(0, np.uint64))
    write_minima(shingles, _permutations(params.n, params.seed), minima)
    filled = np.diff(rows) > 0
    return binaries(minima[filled].astype(_MINIMUM, copy=False), filled * params.n)


def matrix(signatures: pa.BinaryArray, params: MinHashParams) -> npt.NDArray[np.uint32]:
    """The signatures as numbers, shape (rows, n): a view that cannot be written to.

    Raises `ValueError` for a null, or a signature of other parameters.
    """
    width = params.n * _MINIMUM.itemsize
    if signatures.null_count:
        raise ValueError(f"{signatures.null_count} signatures are null")
    if len(signatures) == 0:
        return np.empty((0, params.n), _MINIMUM)
    _, offsets_buffer, data = signatures.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[signatures.offset :][: len(signatures) + 1]
    if wrong := set(np.diff(offsets).tolist()) - {width}:
        raise ValueError(f"a signature has {min(wrong)} bytes, not {width}")
    numbers = len(signatures) * params.n
    return np.frombuffer(data, _MINIMUM, numbers, int(offsets[0])).reshape(-1, params.n)


@cache
def _compile() -> None:
    """Before the first texts of a process; a text without spaces takes kernels of its own."""
    texts = pa.array(["Every kernel, once.", "一次。"])
    compile_once("minhash", lambda: _call_kernels(texts, MinHashParams()))


def _call_kernels(texts: pa.StringArray, params: MinHashParams) -> None:
    for _, tokens in blocks(texts):
        shingles = find_shingles(tokens, _weights(params.ngram), placeholders())
        minima = np.empty((len(texts), params.n), np.uint32)
        write_minima(shingles, _permutations(params.n, params.seed), minima)


def blocks(texts: pa.StringArray) -> Iterator[tuple[slice, Tokens]]:
    """Some rows at a time, with their tokens; a text is never cut."""
    offsets, start = text_view(texts).offsets, 0
    while start < len(texts):
        fitting = np.searchsorted(offsets, offsets[start] + _BLOCK_BYTES, "right") - 1
        end = max(start + 1, int(fitting))
        yield slice(start, end), tokenise(texts.slice(start, end - start))
        start = end


def _distinct(hashes: Hashes) -> Hashes:
    """Sorted; NumPy's own `unique` takes twice the time."""
    ordered = np.sort(hashes)
    return ordered[np.diff(ordered, prepend=~ordered[:1]) != 0]


@cache
def _permutations(n: int, seed: int) -> Permutations:
    """Of raw numbers, which NumPy promises not to change; the first do not depend on `n`."""
    raw = np.random.PCG64(seed).random_raw(2 * n).reshape(n, 2)
    return Permutations(raw[:, 0] | np.uint64(1), np.ascontiguousarray(raw[:, 1]))


@cache
def _weights(ngram: int) -> Hashes:
    raw: Hashes = np.random.PCG64(_WEIGHTS_SEED).random_raw(ngram)
    return raw | np.uint64(1)


@cache
def placeholders() -> Bytes:
    """All there are, one behind another."""
    return np.frombuffer("".join(f"<{kind}>" for kind in PiiType).encode(), np.uint8)


def binaries(values: npt.NDArray[np.unsignedinteger], lengths: npt.NDArray[np.int64]) -> pa.Array:
    """Row r is the next `lengths[r]` of `values`; null where it has none."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]) * values.itemsize
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{offsets[-1]} bytes of hashes in one batch")
    buffers = pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(values))
    valid = pa.py_buffer(np.packbits(lengths > 0, bitorder="little"))
    return pa.Array.from_buffers(pa.binary(), len(lengths), [valid, *buffers])
