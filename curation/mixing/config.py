"""What a recipe says of the mix and of shards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isclose
from typing import Annotated, Literal, get_args

from pydantic import Field

from curation.ingest.config import Domain

DOMAINS: tuple[str, ...] = get_args(Domain)
_NO_HOST = frozenset("/:@ ?#*")
_Share = Annotated[float, Field(ge=0, le=1)]
_Epochs = Annotated[float, Field(ge=0, le=100)]
_Weight = Annotated[float, Field(ge=0, le=100)]


def _default_shares() -> Mapping[str, _Share]:
    return {"general": 0.5, "math": 0.25, "code": 0.17, "multilingual": 0.08}


def _default_epochs() -> Mapping[str, _Epochs]:
    return {"math": 4.0, "code": 4.0}


@dataclass(frozen=True, kw_only=True)
class MixConfig:
    """How much of what is drawn, in tokens.

    `inputs` have shares of their own, whatever the domain of their pages; the others of what they
    leave, by domain, are `shares`. `tokens` is the budget; null: as many as there can be with these
    shares. A page is there at most so often as its domain or input may be (`epochs`; else
    `max_epochs`), and as its host and topic are held to (`hosts`, `topics`; under 1 that part of
    their pages). Better pages are
    drawn more often: `quality` has points (quality, weight), and a weight between two is on the
    line that joins them; pages without a quality have the weight 1.
    """

    shares: Mapping[str, _Share] = field(default_factory=_default_shares)
    inputs: Mapping[str, _Share] = field(default_factory=dict)
    tokens: Annotated[int, Field(ge=1, le=1 << 60)] | None = None
    max_epochs: _Epochs = 1.0
    epochs: Mapping[str, _Epochs] = field(default_factory=_default_epochs)
    hosts: Mapping[str, _Epochs] = field(default_factory=dict)
    topics: Mapping[str, _Epochs] = field(default_factory=dict)
    quality: tuple[tuple[_Share, _Weight], ...] = ((0.0, 0.5), (1.0, 2.0))
    if_short: Literal["take_less", "keep_shares", "keep_tokens", "stop"] = "take_less"


def mistake_in(config: MixConfig, inputs: Collection[str]) -> str | None:
    """What is wrong with values that are each right by themselves; `inputs` are the recipe's."""
    if same := sorted({*config.inputs} & {*DOMAINS}):
        return f"mix.inputs: '{same[0]}' is the name of a domain: name the input otherwise"
    for key, named, known in (
        ("shares", config.shares, DOMAINS),
        ("inputs", config.inputs, inputs),
        ("epochs", config.epochs, (*config.inputs, *DOMAINS)),
    ):
        if unknown := sorted({*named} - {*known}):
            return f"mix.{key}: there is no '{unknown[0]}', but {', '.join(known)}"
    for host in sorted(config.hosts):
        if not host or not _NO_HOST.isdisjoint(host):
            return f"mix.hosts: '{host}' is no host name, such as www.example.com"
    if problem := _wrong_sum(config):
        return problem
    points = [quality for quality, _ in config.quality]
    if any(after <= before for before, after in pairwise(points)):
        return "mix.quality: points go up from one quality to the next"
    return None


def _wrong_sum(config: MixConfig) -> str | None:
    said = ", ".join(f"{name} {share:g}" for name, share in config.shares.items())
    if not isclose(total := sum(config.shares.values()), 1, abs_tol=1e-6):
        return f"mix.shares add up to {total:g} ({said}): change some so that all are 1 together"
    if (total := sum(config.inputs.values())) > 1 + 1e-6:
        return f"mix.inputs add up to {total:g}: change some so that all are 1 together, or less"
    return None


@dataclass(frozen=True, kw_only=True)
class ShardsConfig:
    """How many tokens a shard holds: all hold about as many; and whether domains lie apart."""

    target_tokens: Annotated[int, Field(ge=1, le=1 << 32)] = 64 << 20
    by_domain: bool = False
