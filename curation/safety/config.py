"""What a recipe says of the stage `safety`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

OptOutName = Literal["noai", "noimageai", "tdm_reservation"]


@dataclass(frozen=True, kw_only=True)
class SafetyConfig:
    """Which opt-outs make a reject, and over which toxicity a page goes; by default none does.

    Which opt-outs bind whom is a question of law that a recipe answers for its user. What toxicity
    is worth is told in `classifiers/models/toxicity.md`.
    """

    opt_outs: tuple[OptOutName, ...] = ()
    max_toxicity: Annotated[float, Field(ge=0, le=1)] | None = None
