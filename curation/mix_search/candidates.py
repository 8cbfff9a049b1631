"""The mixes that are tried: around the default, at each corner, and with equal shares.

Drawn from a Dirichlet distribution whose mean is the default, as RegMix does. No share is under
`FLOOR`: without any text of a domain its loss is of another kind, which bends the regression where
nobody wants to be. The first n candidates are the same however many are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from curation.mix_search.config import SearchConfig
from curation.mix_search.schedule import UNITS, Floats, rounded

FLOOR = 0.02
_CONCENTRATION = 6.0
Mix = Mapping[str, float]


def as_mix(shares: Floats, domains: tuple[str, ...]) -> dict[str, float]:
    """`shares` by name, in ten thousandths, which add up to 1."""
    return dict(zip(domains, (rounded(shares) / UNITS).tolist(), strict=True))


def as_shares(mixes: Sequence[Mix]) -> Floats:
    """A row for each mix."""
    return np.array([list(mix.values()) for mix in mixes])


def candidate_mixes(config: SearchConfig) -> list[dict[str, float]]:
    """The default, a corner per domain, equal shares, and those that are drawn."""
    domains = config.domains
    shares = np.array(list(config.default.values()))
    rng = np.random.default_rng(config.seed)
    drawn = [rng.dirichlet(_CONCENTRATION * shares) for _ in range(config.candidates)]
    others = [*np.eye(len(domains)), np.full(len(domains), 1 / len(domains)), *drawn]
    lifted = [FLOOR + (1 - FLOOR * len(domains)) * other for other in others]
    return [as_mix(mix, domains) for mix in (shares, *lifted)]
