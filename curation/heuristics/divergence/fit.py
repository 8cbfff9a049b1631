"""`curate fit`: makes a reference of words, and the limits of divergence, from a table of pages.

In: Parquet files with a text and a language per row, such as the `documents/` of a run. Out: a file
that a recipe names (`heuristics.reference.path`).

The sample is seeded: whether a page is in it, and in which half, depends on its text alone. One
half is counted: the most frequent words of each language, with their exact counts. The other half
is measured against that: of the pages of about one length, a share of `keep` is under the limit.
Halves, because a page is closer to a reference that it is itself a part of. No figure depends on
the order of rows, or on how files are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark import Broadcast
from pyspark.sql import DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as F

from curation.arrow_text import join_spans
from curation.errors import UserError
from curation.heuristics.divergence.kernel import NUMBER
from curation.heuristics.divergence.measure import count_words, diverge_from
from curation.heuristics.divergence.reference import check_labels, prepare
from curation.heuristics.texts import Texts, read_texts
from curation.language.identify import UNDETERMINED, LanguageConfig, identify_batch
from curation.spark_tables import read_foreign
from curation.storage import FileInfo, storage
from curation.tables import read_schema
from curation.tokens.tokenise import ALPHABETIC, NUMERIC, WORD
from schemas.reference import REFERENCE

_ROWS = 256  # at a time
_WORDS = 20_000  # of each language
_LONGEST_WORD = 100  # bytes: a longer one is seen, but not listed
_SHORTEST, _STEPS, _LAST_STEP = 12, 4, 28
"""Lengths go in four steps from 12 words to 24, from there to 48, and so on; from 1,536 in one."""
_SHORTER = 0.05
"""The first length is this quantile of lengths: there's no limit for what was hardly seen."""
_TOLD = 20  # columns
_PAGES_OVER = 5
"""So many pages over a quantile make it worth its name."""
_Reader = Callable[[Iterable[pa.RecordBatch]], Iterator[tuple[pa.StringArray, Texts]]]
_COUNTS = "language string, name long, word string, count long"
_PAGES = "language string, step int, words long, divergence double"


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """`sample` is the share of pages that are looked at, `keep` that of pages under the limit.

    Without `language` it is that of the column `language`, or identified where there is none.
    """

    text: str = "text"
    language: str | None = None
    sample: float = 1.0
    seed: int = 0
    keep: float = 0.995

    @property
    def min_pages(self) -> int:
        """So many pages of one length a limit needs."""
        return round(_PAGES_OVER / (1 - self.keep))


def fit(
    spark: SparkSession, files: Sequence[FileInfo], config: FitConfig
) -> Iterator[dict[str, Any]]:
    """The rows of the table `REFERENCE`, in the order of languages.

    A language that has too few pages for a limit has none in its row. Raises `UserError` for labels
    that are none.
    """
    table = read_foreign(spark, files, partial(_pick, config))
    read = partial(_read, identify=_language(config) not in table.columns)
    sample = _sample(table, config)
    counts = sample.where("half = 0").mapInArrow(partial(_count, read=read), _COUNTS)
    counted = [row for row in _most_frequent(counts) if row["words"]]
    check_labels([row["language"] for row in counted], where=f"column '{_language(config)}'")
    if not counted:
        return
    listed = spark.sparkContext.broadcast(counted)
    measure = partial(_diverge, read=read, listed=listed)
    pages = sample.where("half = 1").mapInArrow(measure, _PAGES)
    limits = _limits(pages, config)
    for row in counted:
        yield {**row, **limits.get(row["language"], {})}


def check_table(file: FileInfo, config: FitConfig) -> None:
    """Raises `UserError` unless the file is Parquet with the columns of the config, of strings."""
    try:
        schema = read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file.uri}: is no Parquet file") from error
    wanted = {config.text: "--text", config.language: "--language"}
    for name, option in wanted.items():
        if name is not None and name not in schema.names:
            names = ", ".join([*schema.names[:_TOLD], *(["..."] if schema.names[_TOLD:] else [])])
            raise UserError(f"{file.uri} has no column '{name}' (it has {names}): see {option}")
    for name in {*schema.names} & {config.text, _language(config), "line_kinds"}:
        kind = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
            raise UserError(f"{file.uri}: column '{name}' is {kind}: expected strings")


def _language(config: FitConfig) -> str:
    return config.language or "language"


def _pick(config: FitConfig, names: list[str]) -> list[str]:
    return [n for n in names if n in (config.text, _language(config), "line_kinds")]


def _sample(table: DataFrame, config: FitConfig) -> DataFrame:
    """`text`, `language`, `line_kinds`, and the `half` of the sample that each page is in."""
    text = F.col(f"`{config.text}`").cast("string")
    hashed = F.xxhash64(F.lit(config.seed), text)
    language, kinds = (
        F.col(f"`{name}`") if name in table.columns else F.lit(None).cast("string")
        for name in (_language(config), "line_kinds")
    )
    pages = table.select(
        text.alias("text"),
        language.alias("language"),
        kinds.alias("line_kinds"),
        hashed.alias("hash"),
    )
    of_million = (
        F.pmod(F.shiftright("hash", 1), F.lit(1_000_000_000)) < config.sample * 1_000_000_000
    )
    half = F.col("hash").bitwiseAND(F.lit(1)).alias("half")
    return pages.where(text.isNotNull() & of_million).select("text", "language", "line_kinds", half)


def _read(
    batches: Iterable[pa.RecordBatch], *, identify: bool
) -> Iterator[tuple[pa.StringArray, Texts]]:
    """The languages and texts of some pages at a time; those of no known language are left out."""
    for given in batches:
        for start in range(0, given.num_rows, _ROWS):
            batch = given.slice(start, _ROWS)
            if identify:
                batch = identify_batch(batch.drop_columns("language"), config=LanguageConfig())
            known = pc.not_equal(batch["language"], UNDETERMINED)  # null for null: left out
            batch = batch.filter(known)
            yield batch["language"], read_texts(batch["text"], batch["line_kinds"])


def _count(batches: Iterator[pa.RecordBatch], *, read: _Reader) -> Iterator[pa.RecordBatch]:
    """How often each spelling of each word stands in some pages; long ones have no spelling."""
    for languages, texts in read(batches):
        tokens, in_lines = texts.tokens, np.repeat(~texts.masked, np.diff(texts.lines.tokens))
        at = np.flatnonzero(in_lines & (tokens.kinds[: len(in_lines)] & WORD > 0))
        rows = np.repeat(np.arange(len(languages)), np.diff(tokens.rows))[at]
        starts, ends = tokens.starts[at], tokens.ends[at]
        is_number = tokens.kinds[at] & (NUMERIC | ALPHABETIC) == NUMERIC
        words = join_spans(tokens.data, starts, ends, np.arange(len(at) + 1))
        words = pc.if_else(pa.array(ends - starts <= _LONGEST_WORD), words, None)
        found = pa.table(
            {
                "language": languages.take(pa.array(rows)),
                "name": np.where(is_number, NUMBER, tokens.names[at]).view(np.int64),
                "word": pc.if_else(pa.array(is_number), "0", words),
            }
        )
        counted = found.group_by(["language", "name", "word"]).aggregate([([], "count_all")])
        yield from counted.rename_columns(["language", "name", "word", "count"]).to_batches()


def _most_frequent(counts: DataFrame) -> Iterator[dict[str, Any]]:
    """Of each language its words, their counts and how many all are; of equal ones by spelling.

    A word is listed in the last of its spellings, which is the one in small letters.
    """
    names = counts.groupBy("language", "name")
    words = names.agg(F.sum("count").alias("count"), F.max("word").alias("word")).persist()
    totals = {row[0]: row[1] for row in words.groupBy("language").agg(F.sum("count")).collect()}
    order = Window.partitionBy("language").orderBy(F.desc("count"), "word")
    ranked = words.where("word is not null").withColumn("rank", F.row_number().over(order))
    found = ranked.where(F.col("rank") <= _WORDS).select("language", "word", "count").toArrow()
    words.unpersist()
    found = found.sort_by([("language", "ascending"), ("word", "ascending")])
    for language in sorted(totals):
        listed = found.filter(pc.equal(found["language"], language))
        yield {
            "language": language,
            "words": listed["word"].to_pylist(),
            "counts": listed["count"].to_pylist(),
            "total": totals[language],
            "english_share": 0.0,
            "lengths": [],
            "limits": [],
            "pages": 0,
        }


def _diverge(
    batches: Iterator[pa.RecordBatch], *, read: _Reader, listed: Broadcast[list[dict[str, Any]]]
) -> Iterator[pa.RecordBatch]:
    """The length and divergence of each page that is long enough."""
    known = prepare(pa.Table.from_batches([REFERENCE.batch(listed.value)]))
    for languages, texts in read(batches):
        words, numbers = count_words(texts), known.numbers(languages.to_pylist())
        found = diverge_from(known, texts, numbers, words).values
        steps = np.log2(np.maximum(words, 1) / _SHORTEST) * _STEPS
        page = pa.RecordBatch.from_pydict(
            {
                "language": languages,
                "step": np.clip(steps, 0, _LAST_STEP).astype(np.int32),
                "words": words,
                "divergence": found,
            }
        )
        yield page.filter(pa.array((words >= _SHORTEST) & ~np.isnan(found)))


def _limits(pages: DataFrame, config: FitConfig) -> dict[str, dict[str, Any]]:
    """Of each language the lengths and limits, and how many pages there are for them.

    A limit holds for the median length of its pages, the first one for somewhat shorter ones too.
    """
    pages = pages.persist()
    numbers = pages.groupBy("language", "step").count().orderBy("language", "step").collect()
    spans = pages.sparkSession.createDataFrame(
        list(_spans(numbers, config.min_pages)), "language string, step int, span int"
    )
    found: dict[str, dict[str, Any]] = {}
    grouped = pages.join(F.broadcast(spans), ["language", "step"]).groupBy("language", "span")
    summed = grouped.agg(
        F.percentile("words", _SHORTER),
        F.percentile("words", 0.5),
        F.percentile("divergence", config.keep),
    )
    for language, counted in groupby(numbers, lambda row: row["language"]):
        found[language] = {"pages": sum(row["count"] for row in counted)}
    for language, _, shorter, length, limit in summed.orderBy("language", "span").collect():
        row = found[language]
        if "lengths" not in row:
            row.update(lengths=[round(shorter)], limits=[limit])
        if round(length) > row["lengths"][-1]:
            row["lengths"].append(round(length))
            row["limits"].append(limit)
    pages.unpersist()
    return found


def _spans(numbers: Sequence[Row], min_pages: int) -> Iterator[tuple[str, int, int]]:
    """Joins neighbouring steps of a language until each span has pages enough.

    The last span takes the steps that are left; a language that has too few pages has no span.
    """
    for language, rows in groupby(numbers, lambda row: row["language"]):
        steps = [(row["step"], row["count"]) for row in rows]
        held, spans, span = 0, [], 0
        for step, number in steps:
            spans.append((language, step, span))
            held += number
            if held >= min_pages:
                held, span = 0, span + 1
        yield from ((language, step, min(at, span - 1)) for language, step, at in spans if span)


def write_reference(uri: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes rows of `REFERENCE` to a file; neighbouring words are alike, so they pack well."""
    table = pa.Table.from_batches([REFERENCE.batch(dict(row) for row in rows)])
    with storage(uri).create(uri) as path:
        pq.write_table(
            table,
            path,
            compression="zstd",
            compression_level=19,
            row_group_size=REFERENCE.row_group_rows,
            use_dictionary=False,
            column_encoding={"words.list.element": "DELTA_BYTE_ARRAY"},
            store_schema=False,
        )
