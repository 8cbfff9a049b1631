"""What a recipe says of pages that mean the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class SemanticConfig:
    """A page goes whose cosine to a better one of its cluster is `threshold` at least.

    A cluster has about `pages_per_cluster` pages; one with over `max_pages_per_cluster` different
    vectors is cut up, so a page meets so many others at most. Centres are found on about `sample`
    pages, in `iterations` steps at most.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.95
    pages_per_cluster: Annotated[int, Field(ge=2)] = 1000
    max_pages_per_cluster: Annotated[int, Field(ge=2)] = 20_000
    sample: Annotated[int, Field(ge=2, le=1_000_000)] = 100_000
    iterations: Annotated[int, Field(ge=1)] = 20
