"""What a recipe says of domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

_Score = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class DomainsConfig:
    """From which score on a page is code, or mathematics; of a page that is both, what it is more.

    `min_code_routed` is for pages whose lines of code sent them to the rules for code: less of a
    score confirms it.
    """

    min_code: _Score = 0.4
    min_code_routed: _Score = 0.2
    min_math: _Score = 0.65
