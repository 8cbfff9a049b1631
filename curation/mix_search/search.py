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
from curation.mix_search.runs import Runs
from curation.mix_search.schedule import Floats
from curation.mix_search.train import Task, Trained

_REDRAWN = 50
_SPREAD = (0.05, 0.95)
_LEAST_LOSS = 1e-3


@dataclass(frozen=True)
class Tried:
    """The candidates: a row of shares and of losses for each, the default first.

    `default_models` are those of the default with all seeds, `default_losses` has a row for each.
    """

    shares: Floats
    losses: Floats
    default_models: Sequence[Trained]
    default_losses: Floats

    @property
    def noise(self) -> Floats:
        """Of each domain's loss: the standard deviation over seeds."""
        found: Floats = self.default_losses.std(axis=0, ddof=1)
        return found

    def noise_of_mean(self, weights: Floats) -> float:
        """Of the weighted mean of losses."""
        return float((self.default_losses @ weights).std(ddof=1))


@dataclass(frozen=True)
class Found:
    """What models of one size say.

    `errors` are those of the regression, leave-one-out, predicted less measured, NaN at corners;
    `spread` are the least and greatest share of the best mix, in nine cases of ten, when losses are
    drawn again with that error; `predicted` are the losses of the best mix.
    """

    size: Size
    tried: Tried
    errors: Floats
    limits: Limits
    best: Mapping[str, float]
    spread: Floats
    predicted: Floats
    best_models: Sequence[Trained]
    comparison: Comparison


def search(runs: Runs, config: SearchConfig) -> list[Found]:
    """The best mix by models of each size, the smallest first."""
    sizes = sorted(set(config.sizes), key=lambda size: (size.width**2 * size.layers, size.layers))
    return [_search(runs, config, size) for size in sizes]


def _search(runs: Runs, config: SearchConfig, size: Size) -> Found:
    weights = weights_of(config)
    tried = _try(runs, config, size)
    limits = limits_of(config, tried.shares)
    laws = [fit(tried.shares, losses) for losses in tried.losses.T]
    errors = np.column_stack([left_out_errors(tried.shares, losses) for losses in tried.losses.T])
    best = as_mix(best_mix(laws, weights, limits), config.domains)
    models = runs.of([Task(size, best, seed) for seed in seeds_of(config)], f"{size}: best")
    return Found(
        size=size,
        tried=tried,
        errors=errors,
        limits=limits,
        best=best,
        spread=_spread(tried, errors, weights, limits, seed=config.seed),
        predicted=_predict(laws, best),
        best_models=models,
        comparison=compare(models, tried.default_models, runs.corpus, weights),
    )


def _try(runs: Runs, config: SearchConfig, size: Size) -> Tried:
    """Trains a model on each candidate, and on the default one more with each other seed."""
    mixes, (first, *others) = candidate_mixes(config), seeds_of(config)
    tasks = [Task(size, mix, first) for mix in mixes]
    repeats = [Task(size, mixes[0], seed) for seed in others]
    models = runs.of([*tasks, *repeats], f"{size}: candidates")
    losses = np.stack([losses_of(model, runs.corpus) for model in models])
    default = [0, *range(len(tasks), len(models))]
    return Tried(
        shares=as_shares(mixes),
        losses=losses[: len(tasks)],
        default_models=[models[row] for row in default],
        default_losses=losses[default],
    )


def seeds_of(config: SearchConfig) -> list[int]:
    """Of models of the default and of the best mix; candidates have the first."""
    return [config.seed + number for number in range(config.repeats)]


def weights_of(config: SearchConfig) -> Floats:
    """Of each domain's loss; they add up to 1."""
    return np.array([config.weight_of(domain) for domain in config.domains])


def _predict(laws: Sequence[Law], mix: Mapping[str, float]) -> Floats:
    (row,) = as_shares([mix])
    return np.array([float(law.predict(row)) for law in laws])


def _spread(tried: Tried, errors: Floats, weights: Floats, limits: Limits, *, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    deviations = np.sqrt(np.nanmean(np.square(errors), axis=0))
    found = []
    for _ in range(_REDRAWN):
        moved = tried.losses + deviations * rng.standard_normal(tried.losses.shape)
        laws = [fit(tried.shares, losses) for losses in np.maximum(moved, _LEAST_LOSS).T]
        found.append(best_mix(laws, weights, limits))
    spread: Floats = np.quantile(np.stack(found), _SPREAD, axis=0)
    return spread
