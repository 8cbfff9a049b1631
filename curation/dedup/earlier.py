"""Earlier runs, whose pages count beside ours: what `dedup.against` names in, their parts out.

It names manifests of finished runs, whose `keys/` and `verdicts/` are read where they lie, and
indexes of such runs (`curation.dedup.index`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from curation.artefact import Artefact
from curation.dedup.config import DedupConfig
from curation.dedup.index import INDEX, Signatures, load_index
from curation.dedup.lines.count import CountFiles
from curation.dedup.lines.stage import BUCKETS
from curation.errors import UserError
from curation.parts import Parts, parts_of_run
from curation.storage import join, storage
from curation.tables import read_file
from schemas.arrow import Table
from schemas.document import DOCUMENT
from schemas.index import INDEXED
from schemas.keys import KEYS
from schemas.ledger import LEDGER

_RUN = "run.json"


class Finished(NamedTuple):
    """A finished run: its parts, how its signatures were made, in how many buckets lines counted.

    Then its pages, and how many of them were documents.
    """

    parts: Parts
    signatures: Signatures | None
    buckets: int | None
    pages: int
    documents: int


class Earlier(NamedTuple):
    """Earlier runs: their `parts`; of these, those whose lines are in their keys; counts of others.

    `buckets` is in how many the lines of the others were counted; None where there are no counts.
    """

    parts: tuple[Parts, ...] = ()
    with_lines: tuple[Parts, ...] = ()
    counts: CountFiles = ()
    buckets: int | None = None


def earlier_runs(config: DedupConfig) -> Earlier:
    """All runs that `config.against` names, in that order.

    Raises `UserError` for what is neither a run nor an index, was made by another version, holds
    what `config` cannot compare, or is named twice.
    """
    named = [
        _of_index(file, config) if file.path.endswith(f"/{INDEX}") else _of_run(file, config)
        for file in config.against
    ]
    found = Earlier(
        tuple(run for earlier in named for run in earlier.parts),
        tuple(run for earlier in named for run in earlier.with_lines),
        tuple(file for earlier in named for file in earlier.counts),
        _buckets(named, config),
    )
    ids = [run.run for run in found.parts]
    if twice := sorted({run for run in ids if ids.count(run) > 1}):
        raise UserError(f"the run {twice[0]} is there twice: in two indexes, or beside its index")
    return found


def _buckets(found: Sequence[Earlier], config: DedupConfig) -> int | None:
    numbers = {earlier.buckets for earlier in found if earlier.buckets}
    numbers |= {config.lines.buckets} if config.lines and config.lines.buckets else set()
    if config.lines and len(numbers) > 1:
        told = " and ".join(map(str, sorted(numbers)))
        raise UserError(f"lines are counted in {told} buckets: 'dedup.lines.buckets' and indexes")
    return max(numbers, default=None)


def _of_run(manifest: Artefact, config: DedupConfig) -> Earlier:
    run = finished_run(manifest)
    _require_comparable(run.parts.folder, run.signatures, config)
    _check_keys(run.parts, KEYS)
    return Earlier((run.parts,), (run.parts.before_lines(),))


def _of_index(described: Artefact, config: DedupConfig) -> Earlier:
    index = load_index(described)
    _require_comparable(index.folder, index.signatures, config)
    if config.near and config.near.verify == "exact":
        raise UserError(f"{index.folder}: has no texts, as 'dedup.near.verify: exact' needs them")
    for run in index.parts():
        _check_keys(run, INDEXED)
    counts = tuple((index.folder, file) for file in index.counts())
    return Earlier(tuple(index.parts()), (), counts, index.buckets)


def _require_comparable(folder: str, made: Signatures | None, config: DedupConfig) -> None:
    if not config.near or not made:
        return
    for name, value in made.items():
        if value != (ours := getattr(config.near, name)):
            differing = f"its 'dedup.near.{name}' is {value}, not {ours}"
            raise UserError(f"{folder}: has signatures of another kind: {differing}")


def finished_run(manifest: Artefact) -> Finished:
    """A run by its manifest; raises `UserError` for what is none."""
    content, folder = manifest.read(), manifest.path.rsplit("/", 1)[0]
    described = join(folder, _RUN)
    try:
        told = json.loads(content)
        files = told["files"]
        parts = replace(parts_of_run(folder, files), run=told["run"])
        near = json.loads(storage(described).read(described))["recipe"]["dedup"]["near"]
        made = Signatures(ngram=near["ngram"], n=near["n"], seed=near["seed"]) if near else None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest.path}: is no manifest of a finished run") from error
    ledger = [read_file(folder, file).read() for file in files if file["table"] == LEDGER.name]
    if not ledger:
        raise UserError(f"{manifest.path}: is no manifest of a finished run: it has no ledger")
    rows = pa.concat_tables(ledger).filter(pc.field("outcome") == BUCKETS).to_pylist()
    pages, documents = (
        sum(file["rows"] for file in files if file["table"] == table.name)
        for table in (KEYS, DOCUMENT)
    )
    return Finished(parts, made, rows[0]["pages"] if rows else None, pages, documents)


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
