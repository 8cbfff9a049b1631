"""An index: what later crawls need of earlier ones, in a folder of its own, without any text.

`index.json` names the runs and the files: `keys/` (`schemas.index`), each file of one run, and
`lines/` (`schemas.line_count`), sums over all runs. Indexes are merged by copying the ones and
adding up the others, and whatever the order, the same bytes come out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, TypedDict

import pyarrow as pa

from curation.artefact import Artefact
from curation.errors import UserError
from curation.parts import Files, Parts, plan_parts
from curation.storage import join, put
from schemas.keys import KEYS
from schemas.line_count import LINE_COUNT
from schemas.manifest import MANIFEST

INDEX = "index.json"


class Signatures(TypedDict):
    """What two signatures must have in common to be compared."""

    ngram: int
    n: int
    seed: int


_OF_SIGNATURES = {"ngram", "n", "seed"}


class IndexedRun(TypedDict):
    """A run in an index: its id, its documents that were still in, and all its pages."""

    id: str
    documents: int
    pages: int


@dataclass(frozen=True)
class Index:
    """The index in `folder`; runs are in order of their ids, files (of the manifest) of paths.

    `buckets` is in how many lines are counted; None for an index without counts.
    """

    folder: str
    signatures: Signatures | None
    buckets: int | None
    runs: Sequence[IndexedRun]
    files: Files

    def parts(self) -> list[Parts]:
        """Those of each run: its files are its splits."""
        return [self._of_run(run["id"]) for run in self.runs]

    def counts(self) -> Files:
        """The files of `lines/`."""
        return [file for file in self.files if file["table"] == LINE_COUNT.name]

    def _of_run(self, run: str) -> Parts:
        of_splits: dict[int, list[Mapping[str, Any]]] = {}
        for file in self.files:
            if file["table"] == KEYS.name and run_and_number(file)[0] == run:
                of_splits.setdefault(run_and_number(file)[1], []).append(file)
        parts = plan_parts(self.folder, of_splits, dict.fromkeys(of_splits, ""), KEYS)
        return replace(parts, run=run)

    def put(self) -> None:
        """Writes `index.json`: last, for what it names is the index."""
        told = {name: value for name, value in asdict(self).items() if name != "folder"}
        put(join(self.folder, INDEX), json.dumps(told, indent=1).encode())


def file_name(run: str, number: int) -> str:
    """Of a file of `keys/`, without its ending."""
    return f"{run}-{number:06d}"


def load_index(index: Artefact) -> Index:
    """The index by its `index.json`; raises `UserError` for what is none."""
    try:
        found = Index(index.path.rsplit("/", 1)[0], **json.loads(index.read()))
        _check(found)
    except (ValueError, TypeError, KeyError, AttributeError, pa.ArrowException) as error:
        raise UserError(f"{index.path}: is no index, or one of another version") from error
    return found


def _check(index: Index) -> None:
    """Raises for what no index has: so that none is taken for one without pages."""
    MANIFEST.batch(map(dict, index.files))
    numbers: list[Any] = [index.buckets or 0, *(index.signatures or {}).values()]
    numbers += [number for run in index.runs for number in (run["documents"], run["pages"])]
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError("not a number")
    if index.signatures and set(index.signatures) != _OF_SIGNATURES:
        raise ValueError("signatures of another kind")
    rows = {run["id"]: 0 for run in index.runs}
    for file in index.files:
        if file["table"] == KEYS.name:
            rows[run_and_number(file)[0]] += file["rows"]
    if any(rows[run["id"]] < run["documents"] for run in index.runs):
        raise ValueError("files are missing")


def run_and_number(file: Mapping[str, Any]) -> tuple[str, int]:
    """Of a file of `keys/`."""
    run, _, number = file["path"].rsplit("/", 1)[1].split(".")[0].rpartition("-")
    return run, int(number)


def merged(indexes: Sequence[Index], folder: str) -> Index:
    """The index of all their runs in `folder`, with the files of `keys/`, still to be copied.

    Raises `UserError` where they share a run, or what they hold cannot be compared.
    """
    first = indexes[0]
    for other in indexes[1:]:
        if other.signatures != first.signatures:
            what = "their signatures are made in different ways (dedup.near)"
            raise UserError(f"{first.folder} and {other.folder} cannot be merged: {what}")
        if other.buckets != first.buckets:
            what = f"lines are counted in {first.buckets} and {other.buckets} buckets"
            raise UserError(f"{first.folder} and {other.folder} cannot be merged: {what}")
    runs = sorted((run for index in indexes for run in index.runs), key=lambda run: run["id"])
    if twice := [a["id"] for a, b in pairwise(runs) if a["id"] == b["id"]]:
        raise UserError(f"the run {twice[0]} is in two of these indexes")
    files = [file for index in indexes for file in index.files if file["table"] == KEYS.name]
    return Index(folder, first.signatures, first.buckets, runs, by_path(files))


def by_path(files: Files) -> Files:
    """In the order in which an index names them."""
    return sorted(files, key=lambda file: str(file["path"]))
