"""Is one mix better than another, beyond noise? Models of both, trained with the same seeds, in.

Two kinds of noise are told apart: seeds (weights and order, of which there are few models:
Student's t), and which pages happened to be held out. Models of one seed are compared with each
other, page by page, so what a seed or a page does to both does not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from curation.mix_search.corpus import Corpus
from curation.mix_search.schedule import Floats
from curation.mix_search.train import Trained

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """In bits per byte: below 0 is better; `seeds` and `pages` are half widths of intervals."""

    mean: float
    seeds: float
    pages: float

    @property
    def half_width(self) -> float:
        """Of the interval that has both kinds of noise."""
        return float(np.hypot(self.seeds, self.pages))

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves out 0."""
        return abs(self.mean) > self.half_width


@dataclass(frozen=True)
class Comparison:
    """Of a mix with the default: each domain's loss, and the weighted mean."""

    domains: Mapping[str, Difference]
    objective: Difference


def losses_of(trained: Trained, corpus: Corpus) -> Floats:
    """Bits per byte of each domain."""
    return np.array(
        [
            sum(trained.bits[name]) / domain.page_bytes.sum()
            for name, domain in corpus.domains.items()
        ]
    )


def compare(
    found: Sequence[Trained], default: Sequence[Trained], corpus: Corpus, weights: Floats
) -> Comparison:
    """`found` less `default`, which are of the same seeds in the same order."""
    pairs = list(zip(found, default, strict=True))
    by_seed = np.stack([losses_of(a, corpus) - losses_of(b, corpus) for a, b in pairs])
    pages = np.array([_of_pages(pairs, name, corpus) for name in corpus.domains])
    means, seeds = by_seed.mean(axis=0), [_of_seeds(column) for column in by_seed.T]
    domains = {
        name: Difference(float(means[n]), seeds[n], float(pages[n]))
        for n, name in enumerate(corpus.domains)
    }
    objective = by_seed @ weights
    together = float(np.linalg.norm(weights * pages))  # pages of domains are drawn apart
    return Comparison(domains, Difference(float(objective.mean()), _of_seeds(objective), together))


def _of_seeds(differences: Floats) -> float:
    error = float(differences.std(ddof=1)) / len(differences) ** 0.5
    return float(t.ppf(0.5 + CONFIDENCE / 2, len(differences) - 1)) * error


def _of_pages(pairs: Sequence[tuple[Trained, Trained]], name: str, corpus: Corpus) -> float:
    """By the error of a ratio of sums over pages."""
    sizes = corpus.domains[name].page_bytes
    bits = np.mean([np.subtract(a.bits[name], b.bits[name]) for a, b in pairs], axis=0)
    rest = bits - bits.sum() / sizes.sum() * sizes
    error = float(rest.std(ddof=1)) * len(sizes) ** 0.5 / float(sizes.sum())
    return float(norm.ppf(0.5 + CONFIDENCE / 2)) * error
