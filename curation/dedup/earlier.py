"""Earlier runs, whose pages count beside ours: what `dedup.against` names in, their parts out.

It names manifests of finished runs, whose `keys/` and `verdicts/` are read where they lie, and
indexes of such runs (`curation.dedup.index`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from curation.artefact import Artefact
from curation.dedup.config import DedupConfig
from curation.dedup.index import INDEX, Signatures, load_index
from curation.errors import UserError
from curation.parts import Parts, parts_of_run
from curation.storage import join, storage
from curation.tables import read_file
from schemas.arrow import Table
from schemas.document import DOCUMENT
from schemas.index import INDEXED
from schemas.keys import KEYS

_RUN = "run.json"


class Finished(NamedTuple):
    """A finished run: its parts, how its signatures were made; its pages, those that were kept."""

    parts: Parts
    signatures: Signatures | None
    pages: int
    documents: int


def earlier_runs(config: DedupConfig) -> list[Parts]:
    """The parts of each run that `config.against` names, with its id, in that order.

    Raises `UserError` for what is neither a run nor an index, was made by another version or with
    other signatures than `config.near` asks for, or is named twice.
    """
    found = [run for named in config.against for run in _named(named, config)]
    require_once(run.run for run in found)
    return found


def require_once(runs: Iterable[str]) -> None:
    """Raises `UserError` for a run that is there twice."""
    ids = list(runs)
    if twice := sorted({run for run in ids if ids.count(run) > 1}):
        raise UserError(f"the run {twice[0]} is there twice: in two indexes, or beside its index")


def _named(named: Artefact, config: DedupConfig) -> list[Parts]:
    folder, name = named.path.rsplit("/", 1)
    if name == INDEX:
        index = load_index(named)
        found, made, table = index.parts(), index.signatures, INDEXED
        if config.near and config.near.verify == "exact":
            raise UserError(f"{folder}: an index has no texts, as 'dedup.near.verify: exact' needs")
    else:
        run = finished_run(named)
        found, made, table = [run.parts], run.signatures, KEYS
    if config.near and made:
        differing = [
            f"'dedup.near.{name}' is {value}, not {getattr(config.near, name)}"
            for name, value in made.items()
            if value != getattr(config.near, name)
        ]
        if differing:
            raise UserError(f"{folder}: has signatures of another kind: its {differing[0]}")
    for parts in found:
        _check_keys(parts, table)
    return found


def finished_run(manifest: Artefact) -> Finished:
    """A run by its manifest; raises `UserError` for what is none."""
    content, folder = manifest.read(), manifest.path.rsplit("/", 1)[0]
    described = join(folder, _RUN)
    try:
        told = json.loads(content)
        parts = replace(parts_of_run(folder, told["files"]), run=told["run"])
        near = json.loads(storage(described).read(described))["recipe"]["dedup"]["near"]
        made = Signatures(ngram=near["ngram"], n=near["n"], seed=near["seed"]) if near else None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest.path}: is no manifest of a finished run") from error
    pages, documents = (
        sum(file["rows"] for file in told["files"] if file["table"] == table.name)
        for table in (KEYS, DOCUMENT)
    )
    return Finished(parts, made, pages, documents)


def _check_keys(parts: Parts, table: Table) -> None:
    """That the first file is there, and is of our kind."""
    keys = (file for of_split in parts.files.values() for file in of_split)
    file = next((file for file in keys if file["table"] == KEYS.name), None)
    if file is None:
        return
    try:
        names = read_file(parts.folder, file).schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        uri = f"{parts.folder}/{file['path']}"
        raise UserError(f"{uri}: cannot be read: {error}") from error
    if missing := set(table.arrow.names) - set(names):
        lacking = f"its keys/ have no '{min(missing)}'"
        raise UserError(f"{parts.folder}: is a run of another version: {lacking}")
