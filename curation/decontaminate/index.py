"""The index of benchmarks: their runs of words as hashes, made once per machine, shared by workers.

In: the benchmarks of a recipe. Out: `Index`, mapped into memory from one uncompressed Arrow file
that lies beside the compiled kernels, named after the hashes of the files and what decides on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache, partial
from pathlib import Path

import pyarrow as pa

from curation.arrow_text import Ints
from curation.artefact import make_once
from curation.decontaminate.build import Lookup, Told, build
from curation.decontaminate.config import DecontaminateConfig
from curation.errors import UserError
from curation.kernels import cache_folder

_KEY = b"winnow.benchmarks"


@dataclass(frozen=True, eq=False)
class Index:
    """Text t is of `benchmark[t]`, `item[t]`, `column[t]`, with `n_runs[t]` different runs."""

    lookup: Lookup
    benchmark: pa.StringArray
    item: pa.StringArray
    column: pa.StringArray
    n_runs: Ints
    told: Mapping[str, Told]


@cache
def load_index(config: DecontaminateConfig) -> Index:
    """The index of a recipe's benchmarks; raises `UserError` for a file that is none."""
    config = config.pinned() if any(one.sha256 is None for one in config.benchmarks) else config
    made_from = [(astuple(one)[1:], one.path.rsplit("/", 1)[-1]) for one in config.benchmarks]
    values = (made_from, config.ngram, config.min_words, config.max_items, config.lists)
    name = hashlib.sha256(repr(values).encode()).hexdigest()[:32]
    path = cache_folder() / "benchmarks" / name
    make_once(path, partial(_write, config=config))
    return _read(path)


def check_benchmarks(config: DecontaminateConfig) -> None:
    """Raises `UserError` for files that are no benchmarks, or of which nothing is looked for."""
    for name, told in load_index(config).told.items():
        if told.unsought_items == told.items:
            raise UserError(
                f"benchmark '{name}': none of its {told.items:,} items can be looked for: they have"
                f" fewer words than 'decontaminate.min_words' ({config.min_words}), or are lists of"
                " numbers, or all alike"
            )


def notes(config: DecontaminateConfig) -> list[str]:
    """What is not looked for, a line for each benchmark of which there is some."""
    return [
        f"{name}: not looked for are {told.unsought_texts:,} of {told.texts:,} texts"
        f" ({told.short_texts:,} have too few words), so {told.unsought_items:,} of"
        f" {told.items:,} items; and runs of words that are lists ({told.list_runs:,})"
        f" or common ({told.common_runs:,})"
        for name, told in load_index(config).told.items()
        if told.unsought_texts or told.list_runs or told.common_runs
    ]


def _write(path: Path, *, config: DecontaminateConfig) -> None:
    arrays, told = build(config)
    columns = [
        pa.array([values.tolist() if isinstance(values, pa.Array) else values])
        for values in arrays.values()
    ]
    batch = pa.RecordBatch.from_arrays(columns, names=[*arrays])
    said = json.dumps({name: of._asdict() for name, of in told.items()}).encode()
    schema = batch.schema.with_metadata({_KEY: said})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def _read(path: Path) -> Index:
    file = pa.ipc.open_file(pa.memory_map(str(path)))
    told = json.loads(file.schema.metadata[_KEY])
    batch = file.get_batch(0)
    values = {name: batch.column(name).values for name in batch.schema.names}
    numbers = {name: values[name].to_numpy() for name in (*Lookup._fields, "n_runs")}
    return Index(
        Lookup(*(numbers[name] for name in Lookup._fields)),
        values["benchmark"],
        values["item"],
        values["column"],
        numbers["n_runs"],
        {name: Told(**of) for name, of in told.items()},
    )
