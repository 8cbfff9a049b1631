from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from curation.dedup.lsh import band_keys, best_bands, candidate_probability, estimate_error
from curation.dedup.minhash import MinHashParams, matrix, signatures
from tests.dedup.naive import absorb, finish
from tests.dedup.pairs import pairs_of_similarity

DEFAULT = MinHashParams()
START = 0x9E3779B97F4A7C15


def naive_key(language: int, band: int, values: list[int]) -> int:
    key = absorb(absorb(START, language), band)
    for value in values:
        key = absorb(key, value)
    return finish(key)


@given(st.integers(0, 4), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2), st.data())
def test_keys_are_those_of_the_definition(
    count: int, bands: int, rows: int, more: int, data: st.DataObject
) -> None:
    """Minima beyond the last band do not matter."""
    n = bands * rows + more
    params = MinHashParams(n=n, bands=bands, rows=rows)
    drawn = np.random.default_rng(data.draw(st.integers(0, 99)))
    minima = drawn.integers(0, 2**32, (count, n), np.uint32)
    languages = drawn.integers(0, 2**64, count, np.uint64)
    found = band_keys(minima, languages, params)
    assert found.dtype == np.uint64
    assert found.shape == (count, bands)
    assert found.tolist() == [
        [naive_key(language, band, row[band * rows : (band + 1) * rows]) for band in range(bands)]
        for row, language in zip(minima.tolist(), languages.tolist(), strict=True)
    ]


def test_equal_minima_of_other_bands_or_languages_do_not_meet() -> None:
    keys = band_keys(np.zeros((100, 112), np.uint32), np.arange(100, dtype=np.uint64), DEFAULT)
    assert len(np.unique(keys)) == 1400


def test_each_bit_of_a_key_depends_on_each_number() -> None:
    """A change of one bit changes half of them: keys may be cut into partitions by any."""
    minima = np.random.default_rng(1).integers(0, 2**32, (2000, 8), np.uint32)
    params, languages = MinHashParams(n=8, bands=1, rows=8), np.zeros(2000, np.uint64)
    before = band_keys(minima, languages, params)
    for at in range(8):
        minima[:, at] ^= np.uint32(1 << 31)
        changed = before ^ band_keys(minima, languages, params)
        minima[:, at] ^= np.uint32(1 << 31)
        shares = np.unpackbits(changed.view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
        assert np.abs(shares - 0.5).max() < 0.06


def test_views_of_arrow_and_of_numpy_have_the_same_keys() -> None:
    found = matrix(signatures(pa.array(["one", "two", "three"]), DEFAULT), DEFAULT)
    languages = np.zeros(6, np.uint64)[::2]
    expected = band_keys(found, languages, DEFAULT)
    assert np.array_equal(band_keys(np.asfortranarray(found), languages, DEFAULT), expected)


@pytest.mark.parametrize(
    ("minima", "languages"),
    [(np.zeros((2, 111), np.uint32), 2), (np.zeros((2, 112), np.uint32), 1)],
)
def test_arrays_that_do_not_fit_are_refused(minima: npt.NDArray[np.uint32], languages: int) -> None:
    with pytest.raises(ValueError, match="signatures"):
        band_keys(minima, np.zeros(languages, np.uint64), DEFAULT)


@pytest.mark.parametrize("jaccard", [0.5, 0.6, 0.7, 0.75, 0.8, 0.9])
def test_pairs_meet_as_often_as_the_curve_says(jaccard: float) -> None:
    ones, others = (
        band_keys(found, np.zeros(len(found), np.uint64), DEFAULT)
        for found in (
            matrix(signatures(pa.array(texts), DEFAULT), DEFAULT)
            for texts in pairs_of_similarity(jaccard, 500, seed=3)
        )
    )
    met = int((ones == others).any(axis=1).sum())
    low, high = binom.interval(0.999, 500, candidate_probability(jaccard, 14, 8))
    assert low <= met <= high


def test_the_curve_is_that_of_the_books() -> None:
    """Of Mining of massive datasets, figure 3.8: 20 bands of 5 rows."""
    found = [round(candidate_probability(s / 10, 20, 5), 4) for s in range(2, 9)]
    assert found == [0.0064, 0.0475, 0.1860, 0.4701, 0.8019, 0.9748, 0.9996]


def test_errors_shrink_with_the_root_of_minima() -> None:
    assert estimate_error(0.5, 100) == pytest.approx(0.05)
    assert estimate_error(0.8, 400) == pytest.approx(0.02)


def test_best_bands_are_those_of_datasketch() -> None:
    """Of its manual; and the least area of all, summed here."""
    assert best_bands(0.9, 128) == (5, 25)
    choices = [(b, r) for b in range(1, 33) for r in range(1, 32 // b + 1)]
    assert best_bands(0.6, 32) == min(choices, key=lambda choice: areas(0.6, *choice))


def areas(threshold: float, bands: int, rows: int) -> float:
    similarity = (np.arange(20_000) + 0.5) / 20_000
    met = 1 - (1 - similarity**rows) ** bands
    return float(np.where(similarity < threshold, met, 1 - met).sum())
