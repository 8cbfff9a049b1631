"""What a recipe says of pages that mean the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class SemanticConfig:
    """A page goes that is more similar, by cosine, than `threshold` to a better one of its cluster.

    A cluster has about `pages_per_cluster` pages; centres are found on `sample` pages at most.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.95
    pages_per_cluster: Annotated[int, Field(ge=2)] = 1000
    sample: Annotated[int, Field(ge=2)] = 100_000
    iterations: Annotated[int, Field(ge=1)] = 20
