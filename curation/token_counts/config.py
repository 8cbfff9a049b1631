"""What a recipe says of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class TokensConfig:
    """Tokens are counted by the `tokenizer` of this name or path; null: estimated by language."""

    tokenizer: Annotated[str, Field(min_length=1)] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


def told_tokenizer(config: TokensConfig) -> str:
    """What counted, in words."""
    return config.tokenizer or "estimated by language"
