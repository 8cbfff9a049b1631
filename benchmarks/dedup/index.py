"""Indexes of crawls: their bytes per document, and what building and merging them takes.

Usage: `python -m benchmarks.dedup.index OUTPUT [--sizes N ...]`

Corpora (`benchmarks.dedup.corpus`) are made once, in OUTPUT. Each is extracted with signatures and
without; then two indexes of it, as of two runs, are built and merged.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from benchmarks.dedup.corpus import make_corpus
from benchmarks.extraction_tables import Table, print_table
from curation.all_splits import extract
from curation.dedup.earlier import Finished
from curation.dedup.index import Index, Signatures
from curation.dedup.index_files import build_index, merge_indexes
from curation.driver import parts_of_run
from curation.progress import Progress
from curation.recipe import load
from curation.run import new_run
from curation.session import session

_KINDS = {"with signatures": "dedup.near={}", "without": "dedup.near=null"}
_Made = TypeVar("_Made")
_Row = dict[str, Any]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    options = parser.parse_args()
    folder = options.output.absolute()
    rows, columns = list[_Row](), list[_Row]()
    with session({"spark.master": "local[2]"}) as spark:
        for documents in options.sizes:
            corpus = make_corpus(folder, documents)
            for kind, near in _KINDS.items():
                with TemporaryDirectory(prefix="index-", dir=folder) as scratch:
                    row, of_columns = _measure(spark, corpus, Path(scratch), near)
                    about = {"documents": documents, "signatures": kind}
                    rows.append(about | row)
                    columns.append(about | of_columns)
    print_table(Table("Indexes", rows))
    print_table(Table("Bytes per document, by column", columns))


def _measure(spark: SparkSession, corpus: Path, scratch: Path, near: str) -> tuple[_Row, _Row]:
    run = _extracted(spark, corpus, scratch / "run", near)
    build_s, one = _timed(lambda: build_index(spark, run, str(scratch / "one")))
    other_run = run._replace(parts=replace(run.parts, run="other"))
    other = build_index(spark, other_run, str(scratch / "other"))
    merge_s, both = _timed(lambda: merge_indexes(spark, [one, other], str(scratch / "both")))
    size = sum(file["bytes"] for file in one.files)
    row = {
        "bytes per document": round(size / run.documents, 1),
        "build s": round(build_s, 1),
        "merge of two s": round(merge_s, 1),
        "merged MB": round(sum(file["bytes"] for file in both.files) / 1e6, 1),
    }
    return row, _by_column(one, run.documents)


def _extracted(spark: SparkSession, corpus: Path, output: Path, near: str) -> Finished:
    overrides = ["inputs.0.stages=[]", "inputs.0.format=parquet", near]
    run = new_run(load("default", paths=[str(corpus)], overrides=overrides), str(output))
    run.open()
    extract(run, spark, Progress())
    parts = replace(parts_of_run(run, spark), run=run.id)
    every = [file for of_split in parts.files.values() for file in of_split]
    pages, documents = (
        sum(file["rows"] for file in every if file["table"] == name)
        for name in ("keys", "documents")
    )
    params = run.recipe.dedup.near
    made = Signatures(ngram=params.ngram, n=params.n, seed=params.seed) if params else None
    return Finished(parts, made, 1, pages, documents)


def _timed(make: Callable[[], _Made]) -> tuple[float, _Made]:
    began_s = time.monotonic()
    made = make()
    return time.monotonic() - began_s, made


def _by_column(index: Index, documents: int) -> _Row:
    sizes: Counter[str] = Counter()
    for file in index.files:
        told = pq.read_metadata(f"{index.folder}/{file['path']}")
        for group in range(told.num_row_groups):
            for number in range(told.num_columns):
                column = told.row_group(group).column(number)
                name = f"{file['table']}.{column.path_in_schema}"
                sizes[name] += column.total_compressed_size
    return {name: round(size / documents, 1) for name, size in sizes.items()}


if __name__ == "__main__":
    main()
