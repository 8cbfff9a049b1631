"""The data set: shards, and all that a reader must know of them.

Among the shards lies `_manifest.json` (files in order, with rows, tokens and checksums; the mix,
the recipe, the versions), whose name makes readers of whole folders pass it over; above them
`README.md`, the data card (`card.py`). Both are made of tables and counts of the run alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import yaml

from curation.ledger import Step
from curation.mixing.card import make_card
from curation.mixing.loading.folder import MANIFEST
from curation.mixing.shards import path_of
from curation.recipe import Recipe, dump
from curation.run import made_with
from curation.storage import join, put
from curation.token_counts.config import told_tokenizer
from schemas.shard import SHARD

FOLDER = SHARD.name
CARD = "README.md"


@dataclass(frozen=True)
class DataSet:
    """What is known of the shards in `folder`/shards.

    `files` are manifest rows, of which those of shards count; `layout`, `mix` and `composition` are
    these tables; `benchmarks` are those that were looked for; `scored_with` is what an encoder ran
    on (`encoder/scored_with.py`); `funnels` say what stages dropped of each input.
    """

    folder: str
    run: str
    recipe: Recipe
    benchmarks: Sequence[str]
    scored_with: Mapping[str, Any]
    files: Sequence[Mapping[str, Any]]
    layout: pa.Table
    mix: pa.Table
    composition: pa.Table
    funnels: Mapping[str, Sequence[Step]]

    @property
    def shards(self) -> list[dict[str, Any]]:
        """Files in order, with paths below the folder of shards, rows, tokens and checksums."""
        of_shards = [file for file in self.files if file["table"] == SHARD.name]
        sizes = {file["path"].removeprefix(f"{FOLDER}/"): file for file in of_shards}
        found = []
        for shard in self.layout.to_pylist():
            if shard["name"]:
                path = f"{path_of(shard)}.parquet"
                of_file = {name: sizes[path][name] for name in ("rows", "bytes", "sha256")}
                found.append({"path": path, "tokens": shard["tokens"], **of_file})
        return found


def benchmarks_of(recipe: Recipe) -> list[str]:
    """The names of benchmarks that it looks for."""
    return [one.name for one in recipe.decontaminate.benchmarks] if recipe.decontaminate else []


def write_data_set(data: DataSet) -> None:
    """Puts manifest and card, over those of before."""
    shards = data.shards
    manifest = {
        "name": data.recipe.name,
        "run": data.run,
        "made_with": dict(made_with()),
        "scored_with": dict(data.scored_with),
        "tokenizer": told_tokenizer(data.recipe.tokens),
        "rows": sum(shard["rows"] for shard in shards),
        "tokens": sum(shard["tokens"] for shard in shards),
        "files": shards,
        "mix": [_told(row) for row in data.mix.to_pylist()],
        "composition": data.composition.to_pylist(),
        "recipe": yaml.safe_load(dump(data.recipe)),
    }
    put(join(data.folder, FOLDER, MANIFEST), json.dumps(manifest, indent=1).encode())
    put(join(data.folder, CARD), make_card(data, manifest).encode())


def _told(part: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the mix without what only a take-down needs."""
    return {
        n: value for n, value in part.items() if n not in ("draw_key", "doc_id", "epoch", "skipped")
    }
