"""Shares in; the windows that a model reads, in their order, out.

Windows of each domain are spread evenly, so that every stretch of training has the mix. How many
there are is exact to one window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from curation.mix_search.config import TrainConfig
from curation.mix_search.corpus import Corpus
from curation.mix_search.tokens import Ids

Floats = npt.NDArray[np.float64]
UNITS = 10_000


def rounded(shares: Floats, units: int = UNITS) -> npt.NDArray[np.int64]:
    """`shares` (which add up to 1) as whole numbers of `units`, by largest remainder."""
    exact = np.asarray(shares, np.float64) * units
    counts = np.floor(exact + 1e-9).astype(np.int64)
    missing = units - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:missing]] += 1
    return counts


def window_counts(
    shares: Mapping[str, float], corpus: Corpus, config: TrainConfig
) -> dict[str, int]:
    """Windows of each domain: shares are of the data set's tokens, windows are of ids."""
    ids = np.array([shares[name] * domain.per_token for name, domain in corpus.domains.items()])
    counts = rounded(ids / ids.sum(), config.windows)
    return dict(zip(corpus.domains, counts.tolist(), strict=True))


def epochs(counts: Mapping[str, int], corpus: Corpus, config: TrainConfig) -> dict[str, float]:
    """How many times a model reads each domain's pages."""
    return {
        name: counts[name] * config.context / domain.train_tokens
        for name, domain in corpus.domains.items()
    }


def batches(
    counts: Mapping[str, int], corpus: Corpus, config: TrainConfig, *, seed: int
) -> Iterator[Ids]:
    """Arrays of (batch, context + 1) ids."""
    names = [name for name in corpus.domains if counts[name]]
    windows = [
        corpus.domains[name].windows(counts[name], context=config.context, seed=seed)
        for name in names
    ]
    places = np.concatenate([(np.arange(counts[n]) + 0.5) / counts[n] for n in names])
    of = np.concatenate([np.full(counts[name], number) for number, name in enumerate(names)])
    order = of[np.lexsort((of, places))]
    for start in range(0, len(order), config.batch):
        yield np.stack([next(windows[number]) for number in order[start : start + config.batch]])
