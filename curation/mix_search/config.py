"""What a mix search is asked for: which pages, which models, which mixes, and what is best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from curation.errors import UserError
from curation.mixing.config import MixConfig

DEFAULT_MIX: Mapping[str, float] = MixConfig().shares


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Which pages are read: of each domain `documents` at most, and as much of a page's text.

    `held_out_share` of all pages, by a hash of doc_id, is only measured on: of each domain
    `held_out` at most, `least_held_out` at least. Of these less is read: many short stretches tell
    more than few long ones, and each model is measured on all of them.
    """

    documents: int = 2000
    held_out: int = 150
    held_out_share: float = 0.2
    least_held_out: int = 20
    document_bytes: int = 16384
    held_out_bytes: int = 2048
    seed: int = 0


@dataclass(frozen=True)
class Size:
    """How large a model is."""

    layers: int
    width: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2x64` is 2 layers of width 64; raises `UserError` for what is no size."""
        found = re.fullmatch(r"([1-9]\d?)x([1-9]\d{1,3})", text)
        if not found or int(found[2]) % HEAD_WIDTH:
            raise UserError(
                f"size {text}: expected LAYERSxWIDTH such as 2x64, the width a multiple of"
                f" {HEAD_WIDTH}"
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{self.layers}x{self.width}"


HEAD_WIDTH = 32


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How each model is trained; all of them alike but for mix, size and seed.

    `tokens` are those that it reads in all, `context` those that it sees at a time, `warmup` the
    share of steps in which the rate rises, `clip` the greatest length of a step's gradient.
    """

    tokens: int = 1_000_000
    context: int = 64
    batch: int = 8
    learning_rate: float = 8e-3
    warmup: float = 0.1
    weight_decay: float = 0.1
    clip: float = 1.0

    @property
    def windows(self) -> int:
        """Stretches of `context` tokens that a model reads: whole batches of them."""
        return max(1, round(self.tokens / (self.context * self.batch))) * self.batch


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """Which mixes are tried, and what the best one is.

    `default` are the shares that the search is around and compared with; its domains are those of
    the search. `candidates` are drawn around it, besides one corner per domain and equal shares;
    the default, and the best, are trained with `repeats` seeds each. `weights` are those of domains
    in the mean loss; `at_least` and `at_most` bound the shares of the best.
    """

    default: Mapping[str, float] = field(default_factory=lambda: DEFAULT_MIX)
    sizes: tuple[Size, ...] = (Size(2, 64),)
    candidates: int = 16
    repeats: int = 3
    weights: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    train: TrainConfig = TrainConfig()

    @property
    def domains(self) -> tuple[str, ...]:
        """In the order of the default mix."""
        return tuple(self.default)

    def weight_of(self, domain: str) -> float:
        """Of its loss in the mean: those given, or all alike; they add up to 1."""
        given = self.weights or dict.fromkeys(self.domains, 1.0)
        return given.get(domain, 0.0) / sum(given.values())


def check(config: SearchConfig) -> None:
    """Raises `UserError` for values that are each right by themselves and wrong together."""
    domains = config.domains
    if len(domains) < 2:
        raise UserError("--default: a mix has two domains at least")
    if abs(sum(config.default.values()) - 1) > 1e-6 or min(config.default.values()) <= 0:
        raise UserError("--default: expected shares above 0 that add up to 1")
    for option in ("weights", "at_least", "at_most"):
        for domain in getattr(config, option):
            if domain not in domains:
                shown = option.replace("_", "-")
                raise UserError(f"--{shown} {domain}: expected one of {', '.join(domains)}")
    if config.weights and sum(config.weights.values()) <= 0:
        raise UserError("--weights: one must be above 0")
    if config.repeats < 2:
        raise UserError("--repeats: 2 at least: noise does not show in one model")
    if config.candidates < len(domains):  # with corners, twice as many mixes as parameters
        raise UserError(f"--candidates: {len(domains)} at least for {len(domains)} domains")
    train = config.train
    if min(train.context, train.batch) < 1 or train.tokens < train.context * train.batch:
        raise UserError("--tokens: one batch at least (--context times --batch)")
