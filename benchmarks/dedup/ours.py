"""Our deduplication of a folder of Parquet rows, step by step; a command of its own.

Usage: `python -m benchmarks.dedup.ours CORPUS OUTPUT [--set key=value ...]`

The steps: `extract` reads rows, and writes documents and their keys; `keys` makes the keys once
more, of the documents that are there: what they cost by themselves; then `hosts` and `dedup`.

Out: the run in `OUTPUT/run`, Spark's event log in `OUTPUT/events`, and `OUTPUT/steps.json`: when
each step began and ended (seconds of the epoch), the start of the session first.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import yaml
from pyspark import Broadcast
from pyspark.sql import SparkSession

from benchmarks.events import EVENT_LOG
from curation import pipeline
from curation.all_splits import extract
from curation.dedup.config import DedupConfig
from curation.dedup.keys import keys_batch
from curation.driver import parts_of_run
from curation.parts import Parts
from curation.progress import Progress
from curation.recipe import load
from curation.run import Run, new_run
from curation.session import session
from curation.spark_tables import map_each
from curation.tables import TableWriter
from schemas.arrow import with_columns
from schemas.document import DOCUMENT
from schemas.keys import KEYS

START, EXTRACT, KEYS_STEP, HOSTS, DEDUP = "start", "extract", "keys", "hosts", "dedup"
_NAMES = sorted({*KEYS.arrow.names, "text", "url", "title", "domain"} & {*DOCUMENT.arrow.names})
_Steps = dict[str, tuple[float, float]]


def main() -> None:
    """Runs all steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    options = parser.parse_args()
    steps: _Steps = {}
    events = options.output / "events"
    events.mkdir(parents=True)
    conf = {"spark.master": "local[2]", **EVENT_LOG, "spark.eventLog.dir": events.as_uri()}
    began_s = time.time()
    run = _open(options.corpus, options.output, options.overrides)
    with session(conf) as spark:
        steps[START] = began_s, time.time()
        for name, part in (
            (EXTRACT, extract),
            (KEYS_STEP, _make_keys),
            (HOSTS, pipeline.hosts),
            (DEDUP, pipeline.dedup),
        ):
            with _timed(steps, name):
                part(run, spark, Progress())
    (options.output / "steps.json").write_text(json.dumps(steps))


def _make_keys(run: Run, spark: SparkSession, _progress: Progress) -> None:
    """The keys of the documents that are there, written beside the run."""
    shared = spark.sparkContext.broadcast(parts_of_run(run, spark))
    make = partial(_keys_of_part, parts=shared, config=run.recipe.dedup)
    map_each(spark, len(shared.value), make, "rows long").collect()


def _keys_of_part(
    part: int, *, parts: Broadcast[Parts], config: DedupConfig
) -> Iterator[pa.RecordBatch]:
    writer = TableWriter(f"{parts.value.folder}-keys", f"{part}", KEYS)
    for batch in parts.value.read(part, DOCUMENT, _NAMES):
        reasons = pa.nulls(batch.num_rows, pa.string())
        writer.add(keys_batch(with_columns(batch, {"drop_reason": reasons}), config))
    rows = sum(file["rows"] for file in writer.close())
    yield pa.RecordBatch.from_pydict({"rows": [rows]})


def _open(corpus: Path, output: Path, overrides: Sequence[str]) -> Run:
    recipe = output / "recipe.yaml"
    source = {"name": "corpus", "paths": [str(corpus)], "format": "parquet", "stages": []}
    values = {"name": "dedup", "inputs": [source], "dedup": {"lines": None, "certificate": None}}
    recipe.write_text(yaml.safe_dump(values))
    run = new_run(load(str(recipe), overrides=overrides), str(output / "run"))
    run.open()
    return run


@contextmanager
def _timed(steps: _Steps, name: str) -> Iterator[None]:
    began_s = time.time()
    yield
    steps[name] = began_s, time.time()


if __name__ == "__main__":
    main()
