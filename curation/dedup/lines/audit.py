"""The audit: lines that were removed in, `line_audit/` out: the loss that the method has.

Each part proposes the best of its own. That is exact: a part knows how often a key occurs in all,
so a line that is among the most frequent of a language is so in every part that has it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.dedup.groups import first_of_each, owner
from curation.parts import Files, Parts
from curation.spark_tables import listed, map_each, read_table
from curation.tables import read_file, write_file
from schemas.arrow import Table
from schemas.document import DOCUMENT
from schemas.line_audit import CANDIDATE, LINE_AUDIT

FREQUENT, BEST_PAGES = "frequent", "best_pages"
_MAX_CHARACTERS = 500
_READ = ("position", "doc_id", "text")
_TOLD = pa.schema([("row", pa.int64()), ("doc_id", pa.string()), ("text", pa.string())])


def candidates(removed: pa.Table, lines: int) -> dict[Table, pa.Table]:
    """Those of a part's `removed` lines that may be among the first `lines` of a language."""
    languages = removed["language"].fill_null("").combine_chunks().dictionary_encode().indices
    language = languages.to_numpy()
    column = {name: removed[name].to_numpy() for name in ("key", "count", "order_key", "line")}
    first = np.lexsort((column["line"], column["order_key"], column["key"]))
    first = first[first_of_each(column["key"][first])]
    by_count = first[np.lexsort((column["key"][first], -column["count"][first], language[first]))]
    quality = removed["cheap_quality"].to_numpy()
    measured = np.flatnonzero(~np.isnan(quality))
    ties = column["line"][measured], column["order_key"][measured]
    by_quality = measured[np.lexsort((*ties, -quality[measured], language[measured]))]
    kinds = {FREQUENT: by_count, BEST_PAGES: by_quality}
    found = [_of_kind(removed, kind, rows, language, lines) for kind, rows in kinds.items()]
    return {CANDIDATE: pa.concat_tables(found)}


def _of_kind(
    removed: pa.Table, kind: str, rows: Ints, language: npt.NDArray[np.int32], lines: int
) -> pa.Table:
    """The first `lines` of each language."""
    starts = owner(first_of_each(language[rows]))
    chosen = removed.take(rows[np.arange(len(rows)) - starts < lines])
    kinds = pa.array([kind] * chosen.num_rows, pa.string())
    return chosen.append_column("kind", kinds).select(CANDIDATE.arrow.names)


def write_audit(
    spark: SparkSession, parts: Broadcast[Parts], files: Files, lines: int
) -> list[dict[str, Any]]:
    """Chooses among the candidates in `files`, and reads these lines; returns the manifest row."""
    if not files:
        return []
    found = read_table(spark, parts.value.folder, CANDIDATE, listed(files))
    order = [("kind", "ascending"), ("language", "ascending"), ("rank", "ascending")]
    chosen = _choose(found, lines).toArrow().sort_by(order).combine_chunks()
    of = parts.value.of(chosen["position"].to_numpy())
    shared = spark.sparkContext.broadcast((chosen.select(["position", "order_key", "line"]), of))
    numbers = np.unique(of).tolist()
    read = partial(_read_lines, numbers=numbers, parts=parts, chosen=shared)
    told = map_each(spark, len(numbers), read, "row long, doc_id string, text string").toArrow()
    told = told.sort_by("row")
    for name in ("doc_id", "text"):
        chosen = chosen.append_column(name, told[name])
    rows = chosen.select(LINE_AUDIT.arrow.names)
    return [write_file(parts.value.folder, uuid.uuid4().hex, LINE_AUDIT, rows)]


def _choose(found: DataFrame, lines: int) -> DataFrame:
    """The first `lines` of each language and kind, by `rank`."""
    of_key = ("kind", "language", "key", "count", "documents")
    place = F.min(F.struct("order_key", "position", "line")).alias("place")
    frequent = found.where(F.col("kind") == FREQUENT).groupBy(*of_key).agg(place)
    unknown = F.lit(None).cast("float").alias("cheap_quality")
    frequent = frequent.select(*of_key, unknown, "place.*")
    best = found.where(F.col("kind") == BEST_PAGES).select(*frequent.columns)
    ranked = _ranked(frequent, F.desc("count"), F.asc("key")).unionByName(
        _ranked(best, F.desc("cheap_quality"), "order_key", "position", "line")
    )
    return ranked.where(F.col("rank") <= lines)


def _ranked(found: DataFrame, *order: Column | str) -> DataFrame:
    window = Window.partitionBy("language").orderBy(*order)
    return found.withColumn("rank", F.row_number().over(window))


def _read_lines(
    number: int,
    *,
    numbers: Sequence[int],
    parts: Broadcast[Parts],
    chosen: Broadcast[tuple[pa.Table, Ints]],
) -> Iterator[pa.RecordBatch]:
    """The text of the chosen lines of one part."""
    rows, of = chosen.value
    mine = np.flatnonzero(of == numbers[number])
    positions, lines = (rows[name].to_numpy()[mine] for name in ("position", "line"))
    orders = np.sort(rows["order_key"].to_numpy()[mine])
    for file in parts.value.listed(numbers[number], DOCUMENT):
        for pages in _groups_with(parts.value.folder, file, orders):
            there = pages.filter(pc.is_in(pages["position"], pa.array(positions)))
            for position, doc_id, text in zip(*(there[n].to_pylist() for n in _READ), strict=True):
                wanted = np.flatnonzero(positions == position)
                written = text.split("\n")
                told = [written[line][:_MAX_CHARACTERS] for line in lines[wanted].tolist()]
                columns = [mine[wanted], [doc_id] * len(told), told]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(c, f.type) for c, f in zip(columns, _TOLD, strict=True)], schema=_TOLD
                )


def _groups_with(folder: str, file: Any, orders: Ints) -> Iterator[pa.Table]:
    """The row groups in whose range some of `orders` lie, which are sorted."""
    pages = read_file(folder, file)
    column = DOCUMENT.arrow.get_field_index("order_key")
    for group in range(pages.num_row_groups):
        known = pages.metadata.row_group(group).column(column).statistics
        if np.searchsorted(orders, known.min) < np.searchsorted(orders, known.max, side="right"):
            yield pages.read_row_group(group, columns=list(_READ))
