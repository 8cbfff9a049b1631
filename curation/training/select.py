"""Which pages a model learns from: lists in, balanced pages with their texts out.

1. Of equal texts (letters and digits count, in any case) one stays, a positive one if there is one.
2. A host has a few pages of each class.
3. All pages of a site are for training, or all for calibration, or all for the test.
4. In each part, language and class of length (half octaves), as many pages of one class as of the
   other: what is left to learn is neither language nor length.

Texts are read twice; what Spark sorts are narrow rows. Who is chosen follows from hashes of texts
and hosts, so neither the order of files or rows matters, nor how they are cut.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.errors import UserError
from curation.exchange import PACKED, pack, unpack
from curation.ingest.urls import hash64, url_facts
from curation.language.identify import UNDETERMINED
from curation.spark_tables import map_each
from curation.training.config import CALIBRATE, TEST, TRAIN, TrainConfig
from curation.training.lists import ListFile, read_pages

_PAGE = (
    "file int, row long, positive boolean, part int, language string, length int, host string,"
    " site string, same long, rank long"
)
_STRATUM = ("part", "language", "length")
_NO_WORD = r"[^\p{L}\p{N}]+"
Stratum = tuple[int, str, int]
Counts = Mapping[Stratum, tuple[int, int]]
"""Negative and positive pages of each stratum."""


def select_pages(spark: SparkSession, lists: Sequence[ListFile], config: TrainConfig) -> pa.Table:
    """The chosen pages: `text` (cut), `positive`, `part`, `language`, `host`, `source`.

    Their order depends on them alone. Raises `UserError` where there are too few to learn from.
    """
    shared = spark.sparkContext.broadcast(list(lists))
    describe = partial(_describe, lists=shared, config=config)
    pages = _balanced(map_each(spark, len(lists), describe, _PAGE), config).persist()
    _require_sites(pages, config)
    quotas = match(_counts(pages), config)
    if not quotas:
        raise UserError(
            f"no language has {config.language_pages} positive and as many negative pages of about"
            " the same lengths: give more pages"
        )
    chosen = _chosen(spark, pages, quotas)
    pages.unpersist()
    rows = spark.sparkContext.broadcast(chosen)
    read = partial(_texts, lists=shared, chosen=rows, config=config)
    packed = map_each(spark, len(lists), read, PACKED).toArrow()
    found = pa.concat_tables([unpack(value.as_buffer()) for value in packed["rows"]])
    return found.sort_by([(name, "ascending") for name in ("part", "language", "host", "text")])


def _describe(
    number: int, *, lists: Broadcast[list[ListFile]], config: TrainConfig
) -> Iterator[pa.RecordBatch]:
    """A narrow row for each page that could be taken."""
    listed, first = lists.value[number], 0
    for batch in read_pages(listed, config):
        rows = np.arange(first, first + batch.num_rows)
        first += batch.num_rows
        texts = _cut(batch["text"], config)
        chars = pc.utf8_length(texts)
        stays = pc.and_(pc.greater_equal(chars, config.min_chars), batch["host"].is_valid())
        stays = pc.and_(stays, pc.not_equal(batch["language"], UNDETERMINED)).fill_null(False)
        texts, hosts = texts.filter(stays), batch["host"].filter(stays)
        sites = _sites(hosts)
        parts = [part_of(site, config) for site in sites.to_pylist()]
        yield pa.RecordBatch.from_pydict(
            {
                "file": pa.array(np.full(len(texts), number, np.int32)),
                "row": pa.array(rows).filter(stays),
                "positive": pa.array(np.full(len(texts), listed.positive)),
                "part": pa.array(parts, pa.int32()),
                "language": batch["language"].filter(stays),
                "length": pa.array(_length_class(chars.filter(stays))),
                "host": hosts,
                "site": sites,
                "same": _hashes(pc.replace_substring_regex(pc.utf8_lower(texts), _NO_WORD, "")),
                "rank": _hashes(texts, seed=config.seed),
            }
        )


def _cut(texts: pa.StringArray, config: TrainConfig) -> pa.StringArray:
    return pc.utf8_slice_codeunits(texts, 0, config.max_chars)


def _length_class(chars: pa.Int32Array) -> Ints:
    """Half octaves."""
    return np.floor(2 * np.log2(np.maximum(chars.to_numpy(), 1))).astype(np.int32)


def _hashes(texts: pa.StringArray, *, seed: int = 0) -> pa.Int64Array:
    return pa.array([hash64(text, seed=seed) for text in texts.to_pylist()], pa.int64())


def _sites(hosts: pa.StringArray) -> pa.StringArray:
    coded = hosts.dictionary_encode()
    sites = [url_facts(f"http://{host}/").site or host for host in coded.dictionary.to_pylist()]
    return pa.array(sites, pa.string()).take(coded.indices)


def part_of(site: str, config: TrainConfig) -> int:
    """The part that all pages of a site are in."""
    place = hash64(site, seed=config.seed) / 2**64 + 0.5
    if place < config.test_share:
        return TEST
    return CALIBRATE if place < 2 * config.test_share else TRAIN


def _balanced(pages: DataFrame, config: TrainConfig) -> DataFrame:
    """One of each text; of each host and class the first few."""
    where = ("rank", "file", "row")
    once = Window.partitionBy("same").orderBy(F.desc("positive"), "host", *where)
    of_host = Window.partitionBy("positive", "host").orderBy(*where)
    pages = pages.withColumn("n", F.row_number().over(once)).where("n = 1")
    pages = pages.withColumn("n", F.row_number().over(of_host))
    return pages.where(F.col("n") <= config.pages_per_host).drop("n")


def _require_sites(pages: DataFrame, config: TrainConfig) -> None:
    counted = pages.groupBy("positive").agg(F.count_distinct("site").alias("sites")).collect()
    sites = {row["positive"]: row["sites"] for row in counted}
    for positive, name in ((True, "positive"), (False, "negative")):
        if not (found := sites.get(positive, 0)):
            raise UserError(
                f"there are no {name} pages: none has a text of {config.min_chars} characters, a"
                " language and a host"
            )
        if found < config.min_sites:
            raise UserError(
                f"the {name} pages are of {found} sites: a model needs {config.min_sites}, for"
                " else it learns sites"
            )


def _counts(pages: DataFrame) -> Counts:
    found: dict[Stratum, tuple[int, int]] = {}
    is_positive = F.col("positive").cast("int")
    summed = pages.groupBy(*_STRATUM).agg(F.count("*").alias("all"), F.sum(is_positive).alias("of"))
    for row in summed.collect():
        found[row["part"], row["language"], row["length"]] = row["all"] - row["of"], row["of"]
    return found


def match(counts: Counts, config: TrainConfig) -> dict[Stratum, int]:
    """How many pages of each class to take of each stratum: as many as both have, or a share.

    Languages that would have too few for training have none.
    """
    both = {stratum: min(counts[stratum]) for stratum in sorted(counts)}
    of_language: defaultdict[str, int] = defaultdict(int)
    for (part, language, _), pages in both.items():
        of_language[language] += pages * (part == TRAIN)
    both = {
        stratum: pages
        for stratum, pages in both.items()
        if pages and of_language[stratum[1]] >= config.language_pages
    }
    total = sum(both.values())
    if total <= config.max_pages:
        return both
    # By cumulated shares, so that all rounding together is less than a page.
    before, taken = 0, dict[Stratum, int]()
    for stratum, pages in both.items():
        first, last = (at * config.max_pages // total for at in (before, before + pages))
        before += pages
        taken[stratum] = last - first
    return {stratum: pages for stratum, pages in taken.items() if pages}


def _chosen(
    spark: SparkSession, pages: DataFrame, quotas: Mapping[Stratum, int]
) -> dict[int, pa.Table]:
    """The rows that are taken of each file, in order."""
    wanted = spark.createDataFrame(
        [(*stratum, pages) for stratum, pages in quotas.items()],
        "part int, language string, length int, quota int",
    )
    order = Window.partitionBy("positive", *_STRATUM).orderBy("rank", "file", "row")
    ranked = pages.withColumn("n", F.row_number().over(order))
    joined = ranked.join(F.broadcast(wanted), on=list(_STRATUM), how="inner")
    taken = joined.where("n <= quota").select("file", "row", "part", "language", "host").toArrow()
    taken = taken.sort_by([("file", "ascending"), ("row", "ascending")])
    files = Counter(taken["file"].to_pylist())
    return {file: taken.filter(pc.equal(taken["file"], file)) for file in files}


def _texts(
    number: int,
    *,
    lists: Broadcast[list[ListFile]],
    chosen: Broadcast[dict[int, pa.Table]],
    config: TrainConfig,
) -> Iterator[pa.RecordBatch]:
    """The texts of the rows that were chosen of a file, packed."""
    listed, rows = lists.value[number], chosen.value.get(number)
    if rows is None:
        return
    wanted: Ints = rows["row"].to_numpy()
    texts, first = list[pa.Array](), 0
    for batch in read_pages(listed, config):
        start, end = np.searchsorted(wanted, [first, first + batch.num_rows])
        here = _cut(batch["text"], config).take(pa.array(wanted[start:end] - first))
        texts, first = [*texts, here], first + batch.num_rows
    found = rows.select(["part", "language", "host"])
    found = found.append_column("text", pa.chunked_array(texts, pa.string()))
    found = found.append_column("positive", pa.array(np.full(len(wanted), listed.positive)))
    found = found.append_column("source", pa.array([listed.source] * len(wanted), pa.string()))
    packed = pa.array([pack(found)], pa.binary())
    yield pa.RecordBatch.from_arrays([pa.array([0], pa.int32()), packed], names=["to", "rows"])
