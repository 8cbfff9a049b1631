"""What a recipe says of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from curation.artefact import Artefact


@dataclass(frozen=True, kw_only=True)
class Benchmark(Artefact):
    """A test set: JSONL (`.gz`, `.zst` too) or Parquet, an item a row, whose texts are `columns`.

    Without `columns`, all that are strings.
    """

    name: Annotated[str, Field(min_length=1)]
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class DecontaminateConfig:
    """Which runs of words of which benchmarks are looked for, and what goes where one is found."""

    benchmarks: Annotated[tuple[Benchmark, ...], Field(min_length=1)]
    ngram: Annotated[int, Field(ge=1, le=64)] = 13
    remove: Literal["page", "lines"] = "page"
