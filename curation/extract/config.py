"""What a recipe says of extraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from curation.extract.sandbox import SandboxConfig

Engine = Literal["trafilatura", "resiliparse"]


@dataclass(frozen=True, kw_only=True)
class ExtractConfig:
    """Which engine turns HTML into text, and what a page may cost."""

    engine: Engine = "trafilatura"
    sandbox: SandboxConfig = SandboxConfig()
