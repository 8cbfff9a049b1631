"""What a recipe says of the mix and of shards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

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


@dataclass(frozen=True, kw_only=True)
class ShardsConfig:
    """How many tokens a shard holds: all hold about as many; and whether domains lie apart."""

    target_tokens: Annotated[int, Field(ge=1, le=1 << 32)] = 64 << 20
    by_domain: bool = False
