"""What a recipe says of tokens.

tokens: {tokenizer: null}                          # estimated by language and length
tokens: {tokenizer: bundled:cl100k_base}           # what comes with the package
tokens: {tokenizer: models/Llama-3/tokenizer.json} # or the folder that has it, or OWNER/NAME
tokens: {tokenizer: "tokenizer.model#llama3"}      # ranks as tiktoken has them, and their pattern
"""

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
