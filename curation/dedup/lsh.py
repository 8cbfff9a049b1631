"""Locality-sensitive hashing: signatures in, keys that only similar texts share out.

A signature is cut into bands of `rows` minima each. Texts whose Jaccard index is s agree in all of
one band with the probability s^rows, and so in one band at least with 1 - (1 - s^rows)^bands, an
S-shaped curve (Indyk and Motwani, Approximate nearest neighbors, 1998; Leskovec, Rajaraman and
Ullman, Mining of massive datasets, 3.4). Texts that share a key are candidates of a pair.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Hashes
from curation.dedup.minhash import MinHashParams
from curation.dedup.minhash_kernel import START, Signatures, absorb
from curation.kernels import compile_once, njit
from curation.tokens.names_kernel import finish


def band_keys(
    signatures: npt.NDArray[np.uint32], languages: npt.NDArray[np.uint64], params: MinHashParams
) -> npt.NDArray[np.uint64]:
    """The key of each band, shape (rows, bands): a hash of language, band number and minima.

    Two keys are equal where all three are, but for one pair in 2^64: texts of two languages do not
    meet. `signatures` has shape (rows, n), `languages` (rows,) with any number for a language.
    Raises `ValueError` where a signature has no room for the bands, or a row no language.
    """
    width, needed = signatures.shape[1], params.bands * params.rows
    if width < needed:
        raise ValueError(f"signatures of {width} are too short for {needed} in bands")
    if languages.shape != signatures.shape[:1]:
        raise ValueError(f"{len(signatures)} signatures, but {len(languages)} languages")
    _compile()
    return _band_keys(signatures, languages, params)


def candidate_probability(jaccard: float, bands: int, rows: int) -> float:
    """How likely texts of this Jaccard index agree in a band: 1 - (1 - s^rows)^bands."""
    return 1 - (1 - jaccard**rows) ** bands


def estimate_error(jaccard: float, n: int) -> float:
    """The standard error of an index that is estimated from `n` minima: sqrt(s (1 - s) / n)."""
    return math.sqrt(jaccard * (1 - jaccard) / n)


def best_bands(threshold: float, n: int) -> tuple[int, int]:
    """Bands and rows for which least is missed above `threshold` and least met below it.

    That is the area under the curve to the left of it plus that above the curve to the right, as
    datasketch minimises it. Raises `ValueError` for a threshold outside 0 to 1, or where that
    would be less than two bands.
    """
    from datasketch import MinHashLSH

    best = MinHashLSH(threshold=threshold, num_perm=n)
    return best.b, best.r


@cache
def _compile() -> None:
    """Before the first signatures of a process."""
    params = MinHashParams(n=1, bands=1, rows=1)
    one = np.zeros((1, 1), np.uint32), np.zeros(1, np.uint64)
    compile_once("lsh", lambda: _band_keys(*one, params))


def _band_keys(signatures: Signatures, languages: Hashes, params: MinHashParams) -> Hashes:
    # Kernels are compiled for one kind of array: as what Arrow holds, in a row and not writable.
    signatures = np.require(signatures, np.uint32, ["C", "A"]).view()
    languages = np.require(languages, np.uint64, ["C", "A"]).view()
    signatures.flags.writeable = languages.flags.writeable = False
    return _keys(signatures, languages, params.bands, params.rows)


@njit(cache=True, nogil=True)
def _keys(signatures: Signatures, languages: Hashes, bands: int, rows: int) -> Hashes:
    keys = np.empty((len(signatures), bands), np.uint64)
    for row in range(len(signatures)):
        start = absorb(START, languages[row])
        for band in range(bands):
            key = absorb(start, np.uint64(band))
            for i in range(band * rows, (band + 1) * rows):
                key = absorb(key, np.uint64(signatures[row, i]))
            keys[row, band] = finish(key)
    return keys
