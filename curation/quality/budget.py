"""Thresholds for a budget of tokens: counts of scores in; the share to keep, and its tokens, out.

The share is the same in every language of a domain, so that none is favoured for how its scores
lie; what it means as a score differs by language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.quality.counts import BINS, ROUNDING, STAYS


@dataclass(frozen=True)
class LanguageBudget:
    """What a threshold leaves of a language: pages and tokens, of those there are.

    Among both are the pages that no threshold drops; `min_score` is None where all are such.
    """

    language: str
    min_score: float | None
    pages: int
    of_pages: int
    tokens: float
    of_tokens: float


@dataclass(frozen=True)
class Budget:
    """The share of pages that makes up the tokens wanted, and what it leaves of each language."""

    keep: float
    languages: Sequence[LanguageBudget]

    @property
    def tokens(self) -> float:
        """All that stay."""
        return sum(of.tokens for of in self.languages)


def find_budget(counted: pa.Table, tokens: float, *, bytes_per_token: float) -> Budget:
    """The smallest share of the best pages, in each language, that has so many tokens.

    `counted` are the rows of one domain (`count_scores`). All pages, where these have fewer tokens.
    """
    languages = list(_languages(counted, bytes_per_token))
    # Each share at which one more step of scores of some language comes in.
    shares = np.unique(np.concatenate([of.shares for of in languages]))
    totals = sum((of.tokens_at(shares) for of in languages), np.zeros(len(shares)))
    at = int(np.searchsorted(totals, tokens))
    is_enough = at < len(shares) and shares[-1] > 0
    keep = float(shares[at]) if is_enough else 1.0
    return Budget(keep, [of.at(keep) for of in languages])


class _Language:
    """The counts of a language, from the best score on: shares, pages and tokens up to each."""

    def __init__(self, name: str, counted: pa.Table, bytes_per_token: float) -> None:
        stays = counted.filter(pc.equal(counted["bin"], STAYS))
        scored = counted.filter(pc.greater(counted["bin"], STAYS))
        scored = scored.sort_by([("bin", "descending")])
        self._name, self._bins = name, scored["bin"].to_numpy()
        self._pages = _from(stays["pages"], scored["pages"])
        self._tokens = _from(stays["bytes"], scored["bytes"]) / bytes_per_token
        of = max(1, self._pages[-1] - self._pages[0])
        self.shares = (self._pages - self._pages[0]) / of

    def tokens_at(self, shares: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Of the best pages that make up each share at least."""
        found: npt.NDArray[np.float64] = self._tokens[self._last(shares)]
        return found

    def at(self, share: float) -> LanguageBudget:
        """What a share leaves."""
        last = int(self._last(share))
        return LanguageBudget(
            language=self._name,
            min_score=float(self._bins[last - 1] / BINS) if last else None,
            pages=int(self._pages[last]),
            of_pages=int(self._pages[-1]),
            tokens=float(self._tokens[last]),
            of_tokens=float(self._tokens[-1]),
        )

    def _last(self, shares: npt.ArrayLike) -> npt.NDArray[np.int64]:
        found = np.searchsorted(self.shares, np.asarray(shares) * (1 - ROUNDING))
        return np.minimum(found, len(self.shares) - 1)


def _from(stays: pa.ChunkedArray, scored: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """What stays anyhow, and then with each score more."""
    return (pc.sum(stays).as_py() or 0) + np.cumsum([0, *scored.to_pylist()])


def _languages(counted: pa.Table, bytes_per_token: float) -> Iterator[_Language]:
    names = counted["language"].fill_null("")
    for name in sorted(set(names.to_pylist())):
        yield _Language(name, counted.filter(pc.equal(names, name)), bytes_per_token)
