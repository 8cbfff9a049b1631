"""Pages of each domain out of data sets, some of them held out.

In: data set folders (shards with doc_id, domain, text and, where counted, tokens). Out: for each
domain the texts to train on and those that are only measured on. Which pages, and on which side a
page is, are hashes of its doc_id alone: so a page that is there several times (another epoch,
another folder) counts once, and none is on both sides. Shards are read twice: narrow columns to
choose, then texts of the row groups that hold a chosen page.
"""

from __future__ import annotations

import heapq
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curation.errors import UserError
from curation.mix_search.config import SampleConfig
from curation.mixing.loading.folder import MANIFEST, open_folder
from curation.storage import FileInfo, RangeReader, join, storage
from curation.tables import read_here

_NEEDED = ("doc_id", "domain", "text")
_TOKENS = "tokens"
_WHOLE = 1 << 64
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Page:
    """A page as it is read: cut text; `tokens` are those of the whole text, None if not counted."""

    doc_id: str
    text: str
    tokens: int | None
    bytes: int


@dataclass
class DomainPages:
    """Pages of a domain, in the order of their hashes; `found` are all that the data sets have."""

    found: int
    train: list[Page] = field(default_factory=list)
    held_out: list[Page] = field(default_factory=list)


def read_sample(
    folders: Sequence[str], domains: Sequence[str], config: SampleConfig
) -> dict[str, DomainPages]:
    """The pages of each of `domains`.

    Raises `UserError` for a folder without shards, shards without a column that is needed, and a
    domain without pages or with too few that are held out.
    """
    files = [file for folder in folders for file in find_shards(folder)]
    chosen, found = _choose(files, domains, config)
    pages = {domain: DomainPages(found[domain]) for domain in domains}
    for page, domain in _read(files, chosen, config):
        held_out = _is_held_out(page.doc_id, config)
        (pages[domain].held_out if held_out else pages[domain].train).append(page)
    for domain, of in pages.items():
        _require(domain, of, config)
        for side_pages in (of.train, of.held_out):
            side_pages.sort(key=lambda page: (_drawn(page.doc_id, config), page.doc_id))
    return pages


def find_shards(folder: str) -> list[FileInfo]:
    """The shards that the folder's manifest names, or, without one, all Parquet files below it."""
    run = join(folder, "run.json")
    if storage(run).find(run):
        raise UserError(f"{folder}: is a whole run: give its shards/")
    manifest = join(folder, MANIFEST)
    if storage(manifest).find(manifest):
        there = open_folder(folder)
        return [FileInfo(there.uri_of(file), file.size, file.sha256) for file in there.files]
    files = [file for file in storage(folder).walk(folder) if file.uri.endswith(".parquet")]
    if not files:
        raise UserError(f"{folder}: no shards there: expected a folder of Parquet files")
    return files


def _choose(
    files: Sequence[FileInfo], domains: Sequence[str], config: SampleConfig
) -> tuple[dict[str, str], Counter[str]]:
    """The domain of each chosen doc_id, and how many pages there are of each domain."""
    pages: dict[str, dict[str, None]] = {domain: {} for domain in domains}
    for file in files:
        table = read_here(_open(file), ["doc_id", "domain"])
        for doc_id, domain in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if domain in pages:
                pages[domain][doc_id] = None
    chosen: dict[str, str] = {}
    for domain, ids in pages.items():
        for side, most in ((True, config.held_out), (False, config.documents)):
            of_side = [i for i in ids if _is_held_out(i, config) == side and i not in chosen]
            drawn = heapq.nsmallest(most, of_side, key=lambda i: (_drawn(i, config), i))
            chosen |= dict.fromkeys(drawn, domain)
    return chosen, Counter({domain: len(ids) for domain, ids in pages.items()})


def _read(
    files: Sequence[FileInfo], chosen: Mapping[str, str], config: SampleConfig
) -> Iterator[tuple[Page, str]]:
    left = dict(chosen)
    for file in files:
        shard = _open(file)
        columns = [*_NEEDED, *([_TOKENS] if _TOKENS in shard.schema_arrow.names else [])]
        for group in range(shard.num_row_groups):
            ids = read_here(shard, ["doc_id"], group=group)["doc_id"].to_pylist()
            if not any(doc_id in left for doc_id in ids):
                continue
            for row in read_here(shard, columns, group=group).to_pylist():
                if left.get(row["doc_id"]) == row["domain"]:
                    yield _page(row, config), left.pop(row["doc_id"])


def _page(row: Mapping[str, str | int], config: SampleConfig) -> Page:
    whole = str(row["text"]).encode()
    doc_id, tokens = str(row["doc_id"]), row.get(_TOKENS)
    most = config.held_out_bytes if _is_held_out(doc_id, config) else config.document_bytes
    text = whole[:most].decode(errors="ignore")  # a cut character goes
    return Page(doc_id, text, None if tokens is None else int(tokens), len(whole))


def _open(file: FileInfo) -> pq.ParquetFile:
    stream = io.BufferedReader(RangeReader(file.uri, file.size), _BLOCK_BYTES)
    try:
        shard = pq.ParquetFile(stream, pre_buffer=False)
    except pa.ArrowInvalid as error:
        raise UserError(f"{file.uri}: is damaged, no Parquet file: {error}") from error
    if missing := [name for name in _NEEDED if name not in shard.schema_arrow.names]:
        raise UserError(
            f"{file.uri}: has no column {missing[0]}: expected shards with {', '.join(_NEEDED)}"
        )
    return shard


def _drawn(doc_id: str, config: SampleConfig) -> int:
    return xxhash.xxh3_64_intdigest(f"drawn {doc_id}".encode(), seed=config.seed)


def _is_held_out(doc_id: str, config: SampleConfig) -> bool:
    found = xxhash.xxh3_64_intdigest(f"held out {doc_id}".encode(), seed=config.seed)
    return found < config.held_out_share * _WHOLE


def _require(domain: str, of: DomainPages, config: SampleConfig) -> None:
    if not of.found:
        raise UserError(
            f"domain {domain}: no page of it: add a data set that has some, or search without it:"
            " --default with other domains"
        )
    if len(of.held_out) < config.least_held_out or not of.train:
        raise UserError(
            f"domain {domain}: {len(of.held_out)} pages held out of {of.found}, expected"
            f" {config.least_held_out}: add pages, or raise --held-out-share"
        )
