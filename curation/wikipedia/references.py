"""Dumps of Wikipedia in, the table of what they cite out.

Each dump is read by one task as a stream, so give a wiki's numbered parts rather than one big file.
Citations meet by `url_hash` at the tasks that count them. Which file of the output a URL is in, and
what bytes that has, depends on the dumps alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Ints
from curation.dedup.groups import first_of_each
from curation.errors import UserError
from curation.exchange import PACKED, Sent, exchange, gather, scatter, spread
from curation.spark_tables import map_each
from curation.storage import FileInfo, storage
from curation.tables import write_file
from curation.wikipedia.cited import read_articles, read_citations
from curation.wikipedia.dump import DumpFile, inspect
from schemas.manifest import MANIFEST
from schemas.wikipedia import REFERENCES

_TASK_BYTES = 16 << 20  # of dumps, packed or not: up to a million citations
_SENT_ROWS = 1 << 19  # at a time
_ASKED_AT_ONCE = 16
_ORDER = (
    *(("url_hash", "ascending"), ("page", "ascending"), ("is_article", "descending")),
    ("url", "ascending"),
)


def find_dumps(paths: Sequence[str]) -> list[DumpFile]:
    """The files that paths and patterns name, each inspected, by URI.

    Raises `UserError` for a path that names nothing, for what is no dump, and where there is no
    dump that has links.
    """
    files = sorted({file for path in paths for file in _expand(path)})
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        dumps = list(pool.map(inspect, files))
    if all(dump.kind == "page" for dump in dumps):
        raise UserError(
            f"{dumps[0].file.uri}: tells which pages are articles, not what they cite: give"
            " externallinks or pages-articles too"
        )
    return dumps


def _expand(path: str) -> list[FileInfo]:
    if file := storage(path).find(path):
        return [file]
    found = storage(path).glob(path) or storage(path).walk(path)
    if not found:
        raise UserError(f"{path}: no such file, and no file matches")
    return found


def without_articles(dumps: Sequence[DumpFile]) -> list[str]:
    """Wikis of which there is a table of links, but none that tells which pages are articles."""
    told = {dump.wiki for dump in dumps if dump.kind == "page"}
    return sorted({dump.wiki for dump in dumps if dump.kind == "externallinks"} - told)


def count_references(
    spark: SparkSession, dumps: Sequence[DumpFile], folder: str
) -> list[dict[str, Any]]:
    """Writes `references/` into `folder`; returns the manifest rows of its files."""
    tables = [dump for dump in dumps if dump.kind == "page"]
    others = [dump for dump in dumps if dump.kind != "page"]
    tasks = 1 + sum(dump.file.size for dump in others) // _TASK_BYTES
    articles = spark.sparkContext.broadcast(_articles(spark, tables))
    read = partial(
        _cited, dumps=spark.sparkContext.broadcast(others), articles=articles, tasks=tasks
    )
    cited = exchange(map_each(spark, len(others), read, PACKED), tasks)
    written = cited.mapInArrow(partial(_count, folder=folder, tasks=tasks), MANIFEST.spark)
    return sorted((row.asDict() for row in written.collect()), key=lambda row: str(row["path"]))


def _articles(spark: SparkSession, tables: Sequence[DumpFile]) -> dict[str, Ints]:
    """The sorted numbers of the articles of each wiki: some 7 million of the largest."""
    found: dict[str, list[Ints]] = {}
    read = partial(_read_articles, dumps=spark.sparkContext.broadcast(list(tables)))
    rows = map_each(spark, len(tables), read, "wiki string, page long").toArrow()
    for wiki in rows["wiki"].unique().to_pylist():
        pages = rows.filter(pc.equal(rows["wiki"], wiki))["page"]
        found.setdefault(wiki, []).append(pages.to_numpy())
    return {wiki: np.unique(np.concatenate(pages)) for wiki, pages in found.items()}


def _read_articles(number: int, *, dumps: Broadcast[list[DumpFile]]) -> Iterator[pa.RecordBatch]:
    dump = dumps.value[number]
    for pages in read_articles(dump):
        wiki = pa.array([dump.wiki] * len(pages), pa.string())
        yield pa.RecordBatch.from_pydict({"wiki": wiki, "page": pa.array(pages, pa.int64())})


def _cited(
    number: int,
    *,
    dumps: Broadcast[list[DumpFile]],
    articles: Broadcast[dict[str, Ints]],
    tasks: int,
) -> Iterator[pa.RecordBatch]:
    held: list[Sent] = []
    for rows in read_citations(dumps.value[number], articles.value):
        to = spread(rows["url_hash"].to_numpy().view(np.uint64), tasks)
        held.append(Sent(rows, to))
        if sum(sent.rows.num_rows for sent in held) >= _SENT_ROWS:
            yield from scatter(held)
            held = []
    yield from scatter(held)


def _count(
    batches: Iterator[pa.RecordBatch], *, folder: str, tasks: int
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    number = int(spread(rows["url_hash"][:1].to_numpy().view(np.uint64), tasks)[0])
    counted = count_citations(rows)
    yield MANIFEST.batch([write_file(folder, f"{number:06d}", REFERENCES, counted)])


def count_citations(rows: pa.Table) -> pa.Table:
    """Rows of `CITATION` in any order in, a row per URL out: distinct pages, and articles."""
    rows = rows.sort_by([*_ORDER]).combine_chunks()
    hashes, pages = rows["url_hash"].to_numpy(), rows["page"].to_numpy()
    pairs = rows.filter(pa.array(first_of_each(hashes, pages)))
    starts = np.flatnonzero(first_of_each(pairs["url_hash"].to_numpy()))
    counts = {
        "citations": np.diff(starts, append=pairs.num_rows),
        "articles": np.add.reduceat(pairs["is_article"].to_numpy().astype(np.int64), starts),
    }
    found = pairs.take(pa.array(starts))
    for name, values in counts.items():
        found = found.append_column(name, pa.array(values, pa.int64()))
    return found.select(REFERENCES.arrow.names)
