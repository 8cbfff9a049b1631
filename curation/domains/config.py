"""What a recipe says of domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class DomainsConfig:
    """From which score on a page is code, or mathematics."""

    min_code: Annotated[float, Field(ge=0, le=1)] = 0.5
    min_math: Annotated[float, Field(ge=0, le=1)] = 0.5
