"""The search, as a table of contents: candidates, laws, the best mix, and whether it is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.mix_search.candidates import as_mix, as_shares, candidate_mixes
from curation.mix_search.compare import Comparison, compare, losses_of
from curation.mix_search.config import SearchConfig, Size
from curation.mix_search.law import Law, fit, left_out_errors
from curation.mix_search.optimum import Limits, best_mix, limits_of
from curation.mix_search.runs import Runs, Task
from curation.mix_search.schedule import Floats
from curation.mix_search.train import Trained

_REDRAWN = 50
_SPREAD = (0.05, 0.95)


@dataclass(frozen=True)
class Found:
    """What models of one size say.

    `shares` and `losses` have a row for each candidate, the default first, and a column for each
    domain; `errors` are those of the regression, leave-one-out; `noise` is the standard deviation
    of the default's losses over seeds, `objective_noise` that of their mean. `spread` are the least
    and greatest share of the best mix (of nine tenths) when losses are drawn again with the
    regression's error.
    """

    size: Size
    shares: Floats
    losses: Floats
    errors: Floats
    noise: Floats
    objective_noise: float
    limits: Limits
    best: Mapping[str, float]
    spread: Floats
    predicted: Floats
    default_models: Sequence[Trained]
    best_models: Sequence[Trained]
    comparison: Comparison


def search(runs: Runs, config: SearchConfig) -> list[Found]:
    """The best mix by models of each size, the smallest first."""
    sizes = sorted(set(config.sizes), key=lambda size: (size.width**2 * size.layers, size.layers))
    return [_search(runs, config, size) for size in sizes]


def _search(runs: Runs, config: SearchConfig, size: Size) -> Found:
    mixes = candidate_mixes(config.default, config.candidates, seed=config.seed)
    shares, weights = as_shares(mixes), weights_of(config)
    limits = limits_of(config, shares)
    seeds = [config.seed + number for number in range(config.repeats)]
    repeats = [Task(size, mixes[0], seed) for seed in seeds[1:]]
    tried = [Task(size, mix, config.seed) for mix in mixes]
    trained = runs.of([*tried, *repeats], f"{size}: candidates")
    default = [trained[0], *trained[len(tried) :]]
    losses = np.stack([losses_of(model, runs.corpus) for model in trained[: len(tried)]])
    noises = np.stack([losses_of(model, runs.corpus) for model in default])

    laws = [fit(shares, column) for column in losses.T]
    errors = np.column_stack([left_out_errors(shares, column) for column in losses.T])
    best = as_mix(best_mix(laws, weights, limits), config.domains)
    spread = _spread(shares, losses, errors, weights, limits, seed=config.seed)
    models = runs.of([Task(size, best, seed) for seed in seeds], f"{size}: best")
    return Found(
        size=size,
        shares=shares,
        losses=losses,
        errors=errors,
        noise=noises.std(axis=0, ddof=1),
        objective_noise=float((noises @ weights).std(ddof=1)),
        limits=limits,
        best=best,
        spread=spread,
        predicted=_predict(laws, best),
        default_models=default,
        best_models=models,
        comparison=compare(models, default, runs.corpus, weights),
    )


def weights_of(config: SearchConfig) -> Floats:
    """Of each domain's loss; they add up to 1."""
    return np.array([config.weight_of(domain) for domain in config.domains])


def _predict(laws: Sequence[Law], mix: Mapping[str, float]) -> Floats:
    (row,) = as_shares([mix])
    return np.array([float(law.predict(row)) for law in laws])


def _spread(
    shares: Floats,
    losses: Floats,
    errors: Floats,
    weights: Floats,
    limits: Limits,
    *,
    seed: int,
) -> Floats:
    """How far the best mix moves when each loss moves by as much as the regression errs."""
    rng = np.random.default_rng(seed)
    deviations = np.sqrt(np.square(errors).mean(axis=0))
    found = []
    for _ in range(_REDRAWN):
        moved = np.maximum(losses + deviations * rng.standard_normal(losses.shape), 1e-3)
        laws = [fit(shares, column) for column in moved.T]
        found.append(best_mix(laws, weights, limits))
    spread: Floats = np.quantile(np.stack(found), _SPREAD, axis=0)
    return spread
