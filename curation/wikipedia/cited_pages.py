"""References and finished runs in, the pages of these runs that Wikipedia cites out.

Keys meet references by `url_hash` in a hash join of narrow rows, and only what was found goes on:
texts are read in the parts of a run that have such pages, and only there. A reference counts for
its URL by http and by https.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.parts import Files, Parts, is_in
from curation.spark_tables import listed, map_each, read_table
from curation.tables import TableWriter, cuts_of
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.manifest import MANIFEST
from schemas.wikipedia import CITED_PAGES, REFERENCES

_READ = [name for name in CITED_PAGES.arrow.names if name in DOCUMENT.arrow.names]
_COUNTS = ("citations", "articles")


def find_pages(
    spark: SparkSession,
    references: tuple[str, Files],
    runs: Sequence[Parts],
    folder: str,
    *,
    min_citations: int = 1,
) -> list[dict[str, Any]]:
    """Writes `pages/` into `folder`; returns the manifest rows of its files, by run and part.

    `references` are the folder and the files of that table.
    """
    parts = [(run, part) for run in runs for part in range(len(run))]
    shared = spark.sparkContext.broadcast(parts)
    keys = map_each(
        spark, len(parts), partial(_keys, parts=shared), "part int, position long, url_hash long"
    )
    cited = _by_either_scheme(read_table(spark, references[0], REFERENCES, listed(references[1])))
    wanted = cited.where(F.col("citations") >= min_citations)
    found = keys.join(wanted, on="url_hash", how="inner")  # unique in `wanted`
    to_parts = found.select("part", "position", *_COUNTS).repartitionById(len(parts), "part")
    written = to_parts.mapInArrow(partial(_write, parts=shared, folder=folder), MANIFEST.spark)
    return sorted((row.asDict() for row in written.collect()), key=lambda row: str(row["path"]))


def _by_either_scheme(references: DataFrame) -> DataFrame:
    """A row per hash that a page may have. Of two that are cited by both schemes the most counts.

    Which pages cite both is not known here.
    """
    twins = references.select(F.col("twin_hash").alias("url_hash"), *_COUNTS)
    both = references.select("url_hash", *_COUNTS).union(twins)
    return both.groupBy("url_hash").agg(*(F.max(name).alias(name) for name in _COUNTS))


def _keys(number: int, *, parts: Broadcast[list[tuple[Parts, int]]]) -> Iterator[pa.RecordBatch]:
    run, part = parts.value[number]
    for rows in run.kept(part, KEYS, ["url_hash"]):
        known = rows.filter(rows["url_hash"].is_valid()).select(["position", "url_hash"])
        numbers = pa.array(np.full(known.num_rows, number, np.int32))
        yield pa.RecordBatch.from_arrays([numbers, *known], ["part", *known.schema.names])


def _write(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[list[tuple[Parts, int]]], folder: str
) -> Iterator[pa.RecordBatch]:
    held = [pa.Table.from_batches([batch]) for batch in batches]
    if not held:
        return
    found = pa.concat_tables(held).sort_by([("part", "ascending"), ("position", "ascending")])
    for start, end in pairwise(cuts_of(found["part"].to_numpy().astype(np.int64))):
        rows = found.slice(start, end - start).combine_chunks()
        number = rows["part"][0].as_py()
        run, part = parts.value[number]
        writer = TableWriter(folder, f"{number:06d}", CITED_PAGES)
        for pages in _pages(run, part, rows):
            writer.add(pages)
        yield MANIFEST.batch(writer.close())


def _pages(run: Parts, part: int, found: pa.Table) -> Iterator[pa.RecordBatch]:
    """The documents at the positions that were found, in the order of their files."""
    positions: Ints = found["position"].to_numpy()
    for documents in run.kept(part, DOCUMENT, _READ):
        pages = documents.filter(pa.array(is_in(documents["position"].to_numpy(), positions)))
        at = pa.array(np.searchsorted(positions, pages["position"].to_numpy()))
        columns = {name: pages[name] for name in _READ}
        columns |= {name: found[name].combine_chunks().take(at) for name in _COUNTS}
        columns["run"] = pa.array([run.folder] * pages.num_rows, pa.string())
        yield pa.RecordBatch.from_pydict(columns)
