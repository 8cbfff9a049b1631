"""Data sets of made pages: of some domains there is more to learn than of others."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.mix_search.config import SampleConfig, SearchConfig, Size, TrainConfig
from curation.mix_search.corpus import Corpus, Domain

TINY = Size(1, 32)
QUICK = TrainConfig(tokens=12_288, context=32, batch=4, learning_rate=2e-2)
SAMPLE = SampleConfig(least_held_out=5, held_out=15, held_out_bytes=256)
DEFAULT = {"plain": 0.8, "rich": 0.2}
_SYLLABLES = ["ka", "lo", "mi", "ne", "ru", "sta", "vo", "zen"]


def plain_text(rng: random.Random) -> str:
    """A few models' worth of nothing to learn."""
    return "".join(rng.choice("ab") for _ in range(400))


def rich_text(rng: random.Random) -> str:
    """Words of syllables, which it takes a while to learn."""
    return " ".join("".join(rng.choices(_SYLLABLES, k=2)) for _ in range(90))


def rows(domains: Mapping[str, int], *, tokens: int | None = None) -> list[dict[str, Any]]:
    """So many pages of each domain."""
    made = []
    for domain, count in domains.items():
        text = plain_text if domain == "plain" else rich_text
        rng = random.Random(domain)
        for number in range(count):
            row = {"doc_id": f"{domain}-{number:04d}", "domain": domain, "text": text(rng)}
            made.append(row if tokens is None else {**row, "tokens": tokens})
    return made


def write(folder: Path, pages: list[dict[str, Any]], name: str = "shard-000000.parquet") -> Path:
    """A data set folder of one shard."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(pages), folder / name, row_group_size=16)
    return folder


def corpus(*, plain: int = 40, rich: int = 40, per_token: float = 1.0) -> Corpus:
    """The same world without files; `plain` has `per_token` ids per token."""
    return Corpus(
        {
            "plain": _domain(plain, plain_text, per_token),
            "rich": _domain(rich, rich_text, 1.0),
        },
        vocabulary=257,
        end=256,
        counted=True,
    )


def _domain(count: int, text: Any, per_token: float) -> Domain:
    rng = random.Random(count)
    pages = [np.array([*text(rng).encode(), 256], np.uint16) for _ in range(count)]
    held_out = [page[:200].copy() for page in pages[:10]]
    for page in held_out:
        page[-1] = 256
    return Domain(
        found=count,
        train=pages[10:],
        held_out=np.concatenate(held_out),
        page_bytes=np.full(10, 199),
        per_token=per_token,
    )


def search_config(**given: Any) -> SearchConfig:
    """A search that takes seconds."""
    usual = {"default": DEFAULT, "sizes": (TINY,), "candidates": 4, "repeats": 2, "train": QUICK}
    return SearchConfig(**{**usual, **given})
