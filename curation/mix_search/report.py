"""What the search found: `report.json` with all models, `report.md` for people, `recipe.yaml`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import yaml

from classifiers.card import table
from curation.mix_search.compare import CONFIDENCE, Difference, losses_of
from curation.mix_search.config import SampleConfig, SearchConfig
from curation.mix_search.corpus import Corpus
from curation.mix_search.schedule import Floats
from curation.mix_search.search import Found, seeds_of, weights_of
from curation.mix_search.train import Trained

_LEAST_TOLD = 0.5


@dataclass(frozen=True)
class Report:
    """All that is told; the recipe is that of the largest size."""

    config: SearchConfig
    sample: SampleConfig
    corpus: Corpus
    reads: str
    found: Sequence[Found]

    @property
    def largest(self) -> Found:
        """What models of the largest size say."""
        return self.found[-1]

    def json(self) -> bytes:
        """For programs: all models with what they were trained on and their losses."""
        config = self.config
        told = {
            "default": dict(config.default),
            "weights": dict(zip(config.domains, weights_of(config).tolist(), strict=True)),
            "at_least": dict(config.at_least),
            "at_most": dict(config.at_most),
            "seed": config.seed,
            "reads": self.reads,
            "shares_of": self.shares_of,
            "train": asdict(config.train),
            "sample": asdict(self.sample),
            "domains": {name: self._pages(name) for name in config.domains},
            "sizes": [self._size(found) for found in self.found],
        }
        return json.dumps(told, indent=1).encode() + b"\n"

    @property
    def shares_of(self) -> str:
        """What shares are shares of."""
        if self.corpus.counted:
            return "tokens as the data set counts them"
        if self.reads == "bytes":
            return "bytes of UTF-8"
        return f"tokens of {self.reads}"

    def recipe(self) -> bytes:
        """The fragment: shares of the best predicted mix."""
        found = self.largest
        fragment = {"mix": {"shares": {name: round(s, 4) for name, s in found.best.items()}}}
        notes = [
            f"curate mix-search, models of {found.size}; {verdict(found)}",
            "Small models and few tokens: see report.md.",
        ]
        comments = "".join(f"# {note}\n" for note in notes)
        return (comments + yaml.safe_dump(fragment, sort_keys=False)).encode()

    def markdown(self) -> str:
        """For people."""
        sections = {
            "What this can tell": limits(self),
            "Pages": self._pages_section(),
            "Objective": self._objective_section(),
        }
        for found in self.found:
            sections[f"Models of {found.size}"] = self._found_section(found)
        if len(self.found) > 1:
            sections["Sizes"] = self._trend_section()
        summary = f"# Mix search\n\n**{verdict(self.largest)}**\n\n{self._mixes(self.largest)}"
        told = [f"## {name}\n\n{text}" for name, text in sections.items()]
        return "\n\n".join([summary, *told]) + "\n"

    def _pages(self, name: str) -> dict[str, Any]:
        of = self.corpus.domains[name]
        return {
            "pages": of.found,
            "train_pages": len(of.train),
            "train_tokens": of.train_tokens,
            "held_out_pages": len(of.page_bytes),
            "held_out_bytes": int(of.page_bytes.sum()),
            "ids_per_token": round(of.per_token, 4),
        }

    def _size(self, found: Found) -> dict[str, Any]:
        domains = self.config.domains

        def by_domain(values: Floats) -> dict[str, float]:
            return dict(zip(domains, np.round(values, 6).tolist(), strict=True))

        def run(mix: Mapping[str, float], seed: int, model: Trained) -> dict[str, Any]:
            losses = by_domain(losses_of(model, self.corpus))
            epochs = {name: round(times, 3) for name, times in model.epochs.items()}
            return {"seed": seed, "shares": dict(mix), "loss": losses, "epochs": epochs}

        seeds = seeds_of(self.config)
        noise = found.tried.noise_of_mean(weights_of(self.config))
        candidates = [
            {
                "shares": by_domain(row),
                "loss": by_domain(loss),
                "left_out_error": None if np.isnan(error).any() else by_domain(error),
            }
            for row, loss, error in zip(
                found.tried.shares, found.tried.losses, found.errors, strict=True
            )
        ]
        return {
            "size": str(found.size),
            "parameters": found.tried.default_models[0].parameters,
            "noise": by_domain(found.tried.noise) | {"objective": round(noise, 6)},
            "left_out_error": by_domain(root_mean_square(found.errors)),
            "best": dict(found.best),
            "best_from": by_domain(found.spread[0]),
            "best_to": by_domain(found.spread[1]),
            "allowed_from": by_domain(found.limits.least),
            "allowed_to": by_domain(found.limits.most),
            "predicted": by_domain(found.predicted),
            "difference": {
                **{
                    name: _plain(difference)
                    for name, difference in found.comparison.domains.items()
                },
                "objective": _plain(found.comparison.objective),
            },
            "candidates": candidates,
            "default_models": [
                run(self.config.default, *of)
                for of in zip(seeds, found.tried.default_models, strict=True)
            ],
            "best_models": [
                run(found.best, *of) for of in zip(seeds, found.best_models, strict=True)
            ],
        }

    def _pages_section(self) -> str:
        rows = [
            (
                name,
                f"{of.found:,}",
                f"{len(of.train):,}",
                f"{of.train_tokens:,}",
                f"{len(of.page_bytes):,}",
                f"{of.page_bytes.sum():,}",
                _times(self.largest.tried.default_models[0].epochs[name]),
                _times(self.largest.best_models[0].epochs[name]),
            )
            for name, of in self.corpus.domains.items()
        ]
        head = ("", "pages", "to train on", "their tokens", "held out", "their bytes")
        return table((*head, "times read: default", "best"), rows)

    def _objective_section(self) -> str:
        weights = dict(zip(self.config.domains, weights_of(self.config).tolist(), strict=True))
        shown = ", ".join(f"{name} {weight:.3g}" for name, weight in weights.items())
        return (
            f"The mean of the domains' losses on held-out pages, in bits per byte, with weights"
            f" {shown}. A domain whose loss moves more with the mix counts for more in it. Shares"
            f" are of {self.shares_of}."
        )

    def _mixes(self, found: Found) -> str:
        rows = [
            (
                name,
                f"{self.config.default[name]:.3f}",
                f"{found.best[name]:.3f}",
                f"{found.spread[0][n]:.3f} to {found.spread[1][n]:.3f}",
                f"{found.limits.least[n]:.3f} to {found.limits.most[n]:.3f}",
            )
            for n, name in enumerate(self.config.domains)
        ]
        head = ("share", "default", "best", "under the regression's error", "allowed")
        return table(head, rows)

    def _found_section(self, found: Found) -> str:
        default = np.mean(
            [losses_of(model, self.corpus) for model in found.tried.default_models], axis=0
        )
        best = np.mean([losses_of(model, self.corpus) for model in found.best_models], axis=0)
        errors, weights = root_mean_square(found.errors), weights_of(self.config)
        spreads = found.tried.losses.std(axis=0)
        rows = [
            (
                name,
                *(f"{value:.4f}" for value in (default[n], best[n], found.predicted[n])),
                _shown(found.comparison.domains[name]),
                *(f"{value:.4f}" for value in (found.tried.noise[n], errors[n], spreads[n])),
            )
            for n, name in enumerate(self.config.domains)
        ]
        mean = (
            *(f"{weights @ losses:.4f}" for losses in (default, best, found.predicted)),
            _shown(found.comparison.objective),
            f"{found.tried.noise_of_mean(weights):.4f}",
            f"{root_mean_square(found.errors @ weights):.4f}",
            f"{(found.tried.losses @ weights).std():.4f}",
        )
        head = ("loss", "default", "best", "predicted", "best - default")
        shown = table(
            (*head, "noise of seeds", "error of the regression", "spread of candidates"),
            [*rows, ("weighted mean", *mean)],
        )
        config = self.config
        return (
            f"{found.tried.default_models[0].parameters:,} parameters, {config.train.windows}"
            f" windows of {config.train.context} tokens each; {len(found.tried.shares)} candidates,"
            f" {config.repeats} models each of the default and the best.\n\n{shown}\n\n"
            f"![losses and shares](mix-{found.size}.png)\n\n{_measured_best(found, weights, self)}"
        )

    def _trend_section(self) -> str:
        rows = [
            (
                str(found.size),
                f"{found.tried.default_models[0].parameters:,}",
                *(f"{found.best[name]:.3f}" for name in self.config.domains),
                _shown(found.comparison.objective),
            )
            for found in self.found
        ]
        shown = table(("size", "parameters", *self.config.domains, "best - default"), rows)
        return (
            f"{shown}\n\nAll sizes read as many tokens. If shares move with size, they will move"
            " on; no law of scale is claimed."
        )


def verdict(found: Found) -> str:
    """One sentence."""
    difference = found.comparison.objective
    shown = f"{_shown(difference)} bits per byte, {CONFIDENCE:.0%} interval"
    if not difference.beyond_noise:
        return f"The best predicted mix cannot be told from the default: {shown}"
    if difference.mean < 0:
        return f"The best predicted mix is better than the default: {shown}"
    return f"The best predicted mix is worse than the default, so keep the default: {shown}"


def limits(report: Report) -> str:
    """What to keep in mind."""
    found, config = report.largest, report.config
    objective = found.comparison.objective
    least = min(config.domains, key=lambda name: len(report.corpus.domains[name].page_bytes))
    of_size = (
        f"A model of {found.tried.default_models[0].parameters:,} parameters that has read"
        f" {config.train.windows * config.train.context:,} tokens says little of a large one: it"
        " learns spelling and short phrases, and what a domain teaches beyond these is not seen."
    )
    of_noise = (
        f"The interval has the noise of {config.repeats} seeds ({objective.seeds:.4f}) and of which"
        f" pages were held out ({objective.pages:.4f}); the domain with fewest, {least}, has"
        f" {len(report.corpus.domains[least].page_bytes)}."
    )
    of_best = (
        "Best is best among shares that were tried. An optimum is often flat: 'under the"
        " regression's error' is how far its shares move when losses move by that error."
    )
    told = [of_size, of_noise, of_best]
    errors, spreads = root_mean_square(found.errors), found.tried.losses.std(axis=0)
    blind = [name for n, name in enumerate(config.domains) if errors[n] > _LEAST_TOLD * spreads[n]]
    if blind:
        told.append(
            f"The regression says little of {', '.join(blind)}: it errs by more than"
            f" {_LEAST_TOLD:.0%} of the spread of candidates. More --tokens, or more --candidates,"
            " would help; until then take its best mix for a guess."
        )
    repeated = [n for n in config.domains if found.best_models[0].epochs[n] > 1]
    if repeated:
        told.append(
            f"Pages of {', '.join(repeated)} were read more than once: with more of them the best"
            " mix may have more of them."
        )
    if len(report.found) == 1:
        told.append("One size says nothing about how the mix moves with size: --sizes shows that.")
    return "\n".join(f"- {line}" for line in told)


def root_mean_square(errors: Floats) -> Floats:
    """Over candidates."""
    found: Floats = np.sqrt(np.nanmean(np.square(errors), axis=0))
    return found


def _measured_best(found: Found, weights: Floats, report: Report) -> str:
    row = int(np.argmin(found.tried.losses @ weights))
    shares = ", ".join(
        f"{n} {s:.3f}" for n, s in zip(found.best, found.tried.shares[row], strict=True)
    )
    return (
        f"The best candidate of those measured: {shares}, with"
        f" {float(found.tried.losses[row] @ weights):.4f}"
        + (" (the default itself)." if row == 0 else f", one model (seed {report.config.seed}).")
    )


def _plain(difference: Difference) -> dict[str, Any]:
    told = {name: round(value, 6) for name, value in asdict(difference).items()}
    return {**told, "beyond_noise": difference.beyond_noise}


def _shown(difference: Difference) -> str:
    return f"{difference.mean:+.4f} ± {difference.half_width:.4f}"


def _times(value: float) -> str:
    return f"{value:.2f}"
