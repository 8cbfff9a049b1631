"""Buckets: pages that share a band of their signatures, and so may be near-duplicates.

In: signatures, part by part. Out: (bucket, position) for every bucket of two pages and more. Only
band keys and positions move; that the language is the same is in the key. Bands that put the same
pages together give the same bucket, so what is compared later is compared once. Planted pages of
the certificate come along, and are in no bucket.

Source: Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import Broadcast

from curation.arrow_text import Hashes, Ints
from curation.dedup.certificate.planted import Planted
from curation.dedup.groups import first_of_each
from curation.dedup.lsh import band_keys
from curation.dedup.minhash import MinHashParams, matrix
from curation.exchange import Sent, gather, scatter, spread
from curation.ingest.urls import hash64
from curation.kernels import compile_once, njit
from curation.parts import Parts
from curation.tokens.names_kernel import finish
from schemas.keys import KEYS

_COLUMNS = ("position", "language", "signature")
_NO_END = np.iinfo(np.int64).max
_finish_all: Any = finish.py_func  # NumPy does it for whole arrays


def send_bands(
    part: int,
    *,
    parts: Broadcast[Parts],
    params: MinHashParams,
    tasks: int,
    planted: Broadcast[Planted] | None,
) -> Iterator[pa.RecordBatch]:
    """The band keys of a part's documents that are still in, to the tasks where equal ones meet.

    Beside them those of near-duplicates that were planted to the part's documents.
    """
    sent = parts.value.kept(part, KEYS, _COLUMNS)
    if planted:
        of_parts = parts.value.of(planted.value.origins)
        sent = chain(sent, [planted.value.among(of_parts, part)])
    return scatter(_of_bands(batch, params, tasks) for batch in sent)


def _of_bands(keys: pa.RecordBatch, params: MinHashParams, tasks: int) -> Sent:
    signed = keys.filter(keys.column("signature").is_valid())
    signatures = matrix(signed.column("signature"), params)
    found = band_keys(signatures, language_hashes(signed.column("language")), params).ravel()
    positions = np.repeat(signed.column("position").to_numpy(), params.bands)
    rows = pa.RecordBatch.from_pydict({"key": pa.array(found), "position": pa.array(positions)})
    return Sent(rows, spread(found, tasks))


def language_hashes(languages: pa.StringArray) -> Hashes:
    """A hash of each language; null is one too."""
    encoded = languages.fill_null("").dictionary_encode()
    hashes = [hash64(name) for name in encoded.dictionary.to_pylist()]
    return np.array(hashes, np.int64)[encoded.indices.to_numpy()].view(np.uint64)


def meet(
    batches: Iterator[pa.RecordBatch],
    *,
    parts: Broadcast[Parts],
    old_wins: bool,
    planted: Broadcast[Planted] | None,
) -> Iterator[pa.RecordBatch]:
    """The buckets of the keys that met here, to the tasks of the parts that their pages lie in.

    With `old_wins` pages of earlier runs are not compared with one another, so there is no bucket
    of such alone.
    """
    rows = gather(batches)
    if rows is None:
        return
    keys, positions = rows["key"].to_numpy(), rows["position"].to_numpy()
    if planted:
        planted.value.note_met(parts.value.folder, keys, positions)
        keys, positions = keys[positions >= 0], positions[positions >= 0]
    end = parts.value.end if old_wins else _NO_END
    buckets, positions = find_buckets(keys, positions, end)
    found = pa.RecordBatch.from_pydict({"bucket": pa.array(buckets), "position": positions})
    yield from scatter([Sent(found, parts.value.of(positions))])


def find_buckets(keys: Hashes, positions: Ints, end: int = _NO_END) -> tuple[Ints, Ints]:
    """The bucket and the position of each page that shares its key; a key has a page once.

    One position at least in a bucket is below `end`.
    """
    _compile()
    return _find_buckets(keys, positions, end)


@cache
def _compile() -> None:
    """Before the first keys of a process."""
    one = np.zeros(1, np.uint64), np.zeros(1, np.int64)
    compile_once("buckets", lambda: _find_buckets(*one, _NO_END))


def _find_buckets(keys: Hashes, positions: Ints, end: int) -> tuple[Ints, Ints]:
    order = np.argsort(keys)
    begins = np.append(np.flatnonzero(first_of_each(keys[order])), len(order))
    positions = positions[order]
    return _name_buckets(begins, positions, mixed(positions), end)


@njit(cache=True, nogil=True)
def _name_buckets(begins: Ints, positions: Ints, hashes: Hashes, below: int) -> tuple[Ints, Ints]:
    """A bucket's name is a hash of its pages, in whatever order they came."""
    buckets, found = np.empty(len(positions), np.int64), np.empty(len(positions), np.int64)
    end = 0
    for group in range(len(begins) - 1):
        first, last = begins[group], begins[group + 1]
        if last - first < 2 or positions[first:last].min() >= below:
            continue
        name = np.uint64(last - first)
        for row in range(first, last):
            name += hashes[row]
        for row in range(first, last):
            buckets[end], found[end] = np.int64(name), positions[row]
            end += 1
    return buckets[:end], found[:end]


def mixed(numbers: Ints) -> Hashes:
    """A hash of each number: the last step of MurmurHash3."""
    hashes: Hashes = _finish_all(numbers.view(np.uint64))
    return hashes
