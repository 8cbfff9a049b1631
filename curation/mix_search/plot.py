"""What models of one size say, as a picture."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from curation.mix_search.config import SearchConfig
from curation.mix_search.search import Found, weights_of

_GREY, _BLUE, _RED = "#9a9a9a", "#2b6cb0", "#c53030"


def plot(found: Found, config: SearchConfig) -> bytes:
    """A PNG: each domain's loss by its share, what the regression is worth, shares, differences."""
    domains = config.domains
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(3.1 * max(3, len(domains)), 6.6), layout="constrained")
        parts: Any = figure.subfigures(2, 1)
        above, below = parts
        for number, axes in enumerate(np.atleast_1d(above.subplots(1, len(domains)))):
            _losses(axes, found, number, domains[number])
        left, middle, right = below.subplots(1, 3)
        _regression(left, found, config)
        _shares(middle, found, config)
        _differences(right, found, config)
        parameters = found.tried.default_models[0].parameters
        figure.suptitle(f"{found.size}: {parameters:,} parameters")
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return file.getvalue()


def _losses(axes: Any, found: Found, number: int, domain: str) -> None:
    shares, losses = found.tried.shares[:, number], found.tried.losses[:, number]
    axes.scatter(shares[1:], losses[1:], s=16, color=_GREY, label="candidates")
    axes.errorbar(
        *(shares[0], losses[0]),
        yerr=2 * found.tried.noise[number],
        fmt="o",
        color=_BLUE,
        label="default, ± 2 noise",
    )
    axes.scatter(
        *(found.best[domain], found.predicted[number]),
        marker="*",
        s=110,
        color=_RED,
        label="best, predicted",
        zorder=3,
    )
    axes.set(title=domain, xlabel=f"share of {domain}")
    if number == 0:
        axes.set_ylabel("held-out bits per byte")
        axes.legend(frameon=False)


def _regression(axes: Any, found: Found, config: SearchConfig) -> None:
    weights = weights_of(config)
    measured = found.tried.losses @ weights
    predicted = measured + found.errors @ weights
    axes.errorbar(
        *(measured, predicted),
        xerr=2 * found.tried.noise_of_mean(weights),
        fmt="o",
        ms=4,
        color=_GREY,
    )
    ends = [np.nanmin([measured, predicted]), np.nanmax([measured, predicted])]
    axes.plot(ends, ends, color=_BLUE, lw=1)
    axes.set(title="weighted mean of losses", xlabel="measured", ylabel="predicted, left out")


def _shares(axes: Any, found: Found, config: SearchConfig) -> None:
    places = np.arange(len(config.domains))
    best = np.array(list(found.best.values()))
    low, high = np.minimum(found.spread[0], best), np.maximum(found.spread[1], best)
    axes.bar(places - 0.2, list(config.default.values()), 0.38, color=_BLUE, label="default")
    axes.bar(places + 0.2, best, 0.38, color=_RED, label="best")
    axes.errorbar(places + 0.2, best, yerr=[best - low, high - best], fmt="none", color="black")
    axes.set_xticks(places, config.domains)
    axes.set(title="shares, with the regression's error")
    axes.legend(frameon=False)


def _differences(axes: Any, found: Found, config: SearchConfig) -> None:
    every = [*found.comparison.domains.values(), found.comparison.objective]
    places = np.arange(len(every))
    means, widths = [of.mean for of in every], [of.half_width for of in every]
    axes.axvline(0, color=_BLUE, lw=1)
    axes.errorbar(means, places, xerr=widths, fmt="o", color=_RED)
    axes.set_yticks(places, [*config.domains, "weighted mean"])
    axes.invert_yaxis()
    axes.set(title="best less default, measured", xlabel="bits per byte, 95 % (below 0 is better)")
