"""What a recipe says of benchmarks.

decontaminate:
  benchmarks:
    - {name: gsm8k, path: gsm8k/test.jsonl.gz, columns: [question, answer]}
    - {name: humaneval, path: HumanEval.jsonl.gz, columns: [prompt, test], id: task_id}
  remove: lines
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from curation.artefact import Artefact


@dataclass(frozen=True, kw_only=True)
class Benchmark(Artefact):
    """A test set: JSONL (`.gz`, `.zst` too) or Parquet, an item a row, whose texts are `columns`.

    Without `columns`, all that are strings. `id` is the column that names an item; without it its
    name is the number of its row, from 0.
    """

    name: Annotated[str, Field(min_length=1)]
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class DecontaminateConfig:
    """Which runs of words of which benchmarks are looked for, and what goes where one is found.

    Each `ngram` words in a row of a text are looked for; of a text with fewer, all of them, if they
    are `min_words` at least. Not looked for are runs that are `lists`, of nothing but numbers and
    single letters (pages that count to 16 are many), unless these are wanted, and runs that more
    than `max_items` different texts have, or that many items and most of a benchmark's; null: all
    are. But a text that has mostly runs that others have too keeps them. A text counts as found
    where a share of `min_share` of its runs is; 0: any of them.

    `remove`: the `page`, or the `lines` in which the runs are; then a page with fewer words left
    than `min_words_left` goes too.
    """

    benchmarks: Annotated[tuple[Benchmark, ...], Field(min_length=1)]
    ngram: Annotated[int, Field(ge=1, le=64)] = 13
    min_words: Annotated[int, Field(ge=1, le=64)] = 8
    max_items: Annotated[int, Field(ge=1, le=1000)] | None = 10
    lists: bool = False
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    remove: Literal["page", "lines"] = "page"
    min_words_left: Annotated[int, Field(ge=1)] = 50

    def pinned(self) -> DecontaminateConfig:
        """The same with the hashes of all files."""
        return replace(self, benchmarks=tuple(one.pinned() for one in self.benchmarks))


def mistake_in(config: DecontaminateConfig | None) -> str | None:
    """What is wrong with values that are each right by themselves; None where nothing is."""
    names = [one.name for one in config.benchmarks] if config else []
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"two of 'decontaminate.benchmarks' are named '{twice[0]}': a name tells one"
    return None
