"""What a recipe says of extraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Engine = Literal["trafilatura"]


@dataclass(frozen=True, kw_only=True)
class ExtractConfig:
    """Which engine turns HTML into text."""

    engine: Engine = "trafilatura"
