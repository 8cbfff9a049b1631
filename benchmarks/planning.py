"""Whether a driver of 4 GB holds a whole crawl: every driver-side step over 90,000 WARC files.

Usage: `python -m benchmarks.planning [--files N] [--folder FOLDER]`

In: nothing; a run over N files with 33,333 pages each is made in FOLDER, lists without bytes
(`big_run`), and deleted in the end. Out, for each step: seconds, the most memory that the driver's
Python and its JVM had (resident, with 2 GB of heap), and what of the heap was in use after it. The
functions are those of the pipeline; only the tasks that would read pages do nothing. Spark's tasks
run in the driver's JVM here, so it shows more than a driver on a cluster would; Python workers are
not counted.
"""

from __future__ import annotations

import argparse
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import psutil
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.big_run import PAGES_PER_FILE, TEXT_BYTES, fill, make_run
from curation import receipts
from curation.driver import parts_of, split_receipts
from curation.mixing.config import ShardsConfig
from curation.mixing.layout import assign, find_starts
from curation.pipeline import finish
from curation.progress import Progress
from curation.run import Run
from curation.session import session
from curation.spark_tables import map_each
from curation.splits import Split

_INTERVAL_S = 0.05
_HEAP = {"spark.driver.memory": "2g"}
_BUCKETS = 1 << 16
Result = TypeVar("Result")


def main() -> None:
    """Prints a row for each step, and the peak of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=90_000)
    parser.add_argument(
        "--tasks", type=int, help="for this many of the splits; for all, if not said"
    )
    parser.add_argument("--folder", help="on a disk with room for 5 small files for each of N")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="winnow-planning-", dir=options.folder) as folder:
        watch = _Watch()
        new = make_run(Path(folder, "run"), options.files)
        watch("open the run", new.open)
        fill(new)
        run = watch("load the run", lambda: Run.load(new.folder))
        watch("plan the splits", lambda: run.splits)
        watch("list the receipts", lambda: receipts.done(run.folder))
        with session(_HEAP) as spark:
            watch.spark = spark
            _with_spark(run, spark, watch, tasks=options.tasks or options.files)
    watch.print_peak()


def _with_spark(run: Run, spark: SparkSession, watch: _Watch, *, tasks: int) -> None:
    watch(f"{tasks} tasks for splits, with progress", lambda: _schedule(run, spark, tasks))
    extracted = watch("read the receipts", lambda: split_receipts(run, spark))
    parts = watch("plan the parts", lambda: parts_of(run, extracted))
    pages = len(run.splits) * PAGES_PER_FILE
    watch("lay out the shards", lambda: _lay_out(spark, pages))
    watch("broadcast the parts", lambda: spark.sparkContext.broadcast(parts))
    watch("ledger and manifest", lambda: finish(run, spark))


def _schedule(run: Run, spark: SparkSession, tasks: int) -> None:
    """What `all_splits.extract` does, but for the pages; its display is where it is in the end."""
    works = [split.work for split in run.splits]
    task = partial(_do_nothing, splits=spark.sparkContext.broadcast(run.splits))
    with Progress().watch("extract", run.folder, works, set(works)):
        map_each(spark, tasks, task, "work string").collect()


def _do_nothing(number: int, *, splits: Broadcast[list[Split]]) -> Iterator[pa.RecordBatch]:
    # Spark's workers collect garbage after each task, all of 40 ms where many modules are loaded:
    # nothing beside a real split, but an hour for so many that do nothing.
    gc.freeze()
    yield pa.RecordBatch.from_pylist([{"work": splits.value[number].work}])


def _lay_out(spark: SparkSession, pages: int) -> None:
    """The driver's part of both steps of the prefix sum: a row stands for a bucket of rows."""
    drawn = _drawn(spark, pages // _BUCKETS * TEXT_BYTES)
    layout = find_starts(drawn, pages, ShardsConfig())
    assign(drawn, layout).agg(F.max("shard")).collect()


def _drawn(spark: SparkSession, text_bytes: int) -> DataFrame:
    shift = 64 - (_BUCKETS.bit_length() - 1)
    return spark.range(_BUCKETS).select(
        F.shiftleft(F.col("id") - _BUCKETS // 2, shift).alias("order_key"),
        F.hex("id").alias("doc_id"),
        F.col("id").alias("position"),
        F.lit("crawl").alias("input"),
        F.lit(None).cast("binary").alias("dropped_lines"),
        F.lit(text_bytes).cast("long").alias("text_bytes"),
        F.lit(text_bytes // 4).cast("int").alias("tokens"),
        *(F.lit("").alias(name) for name in ("folder", "domain")),
        F.lit(0).cast("short").alias("epoch"),
        F.lit(None).cast("float").alias("encoder_quality"),
        F.col("id").alias("content"),
    )


class _Watch:
    """Times steps, and looks at this process and its JVM every 0.05 s while they run."""

    def __init__(self) -> None:
        self.spark: SparkSession | None = None
        self._peaks: list[tuple[float, float]] = []
        print("| step | s | Python MB | JVM MB | heap in use MB |")
        print("|:--|--:|--:|--:|--:|", flush=True)

    def __call__(self, name: str, step: Callable[[], Result]) -> Result:
        """Runs `step` and prints its row."""
        started = time.monotonic()
        with self._watching() as seen:
            result = step()
        seconds = time.monotonic() - started
        python, jvm = (max(memory) / 1e6 for memory in zip(*seen, strict=True))
        heap = "" if self.spark is None else f"{_heap_in_use(self.spark) / 1e6:.0f}"
        print(f"| {name} | {seconds:.1f} | {python:.0f} | {jvm:.0f} | {heap} |", flush=True)
        self._peaks += seen
        return result

    def print_peak(self) -> None:
        """The most that both held at one time."""
        both = max(python + jvm for python, jvm in self._peaks) / 1e6
        print(f"\nBoth together: {both:.0f} MB at most.")

    @contextmanager
    def _watching(self) -> Iterator[list[tuple[float, float]]]:
        seen = [_look()]
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(_INTERVAL_S):
                seen.append(_look())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()
            seen.append(_look())


def _look() -> tuple[float, float]:
    """Resident bytes of this process, and of its JVM."""
    me = psutil.Process()
    jvms = [child for child in me.children() if child.name() == "java"]
    return me.memory_info().rss, sum(jvm.memory_info().rss for jvm in jvms)


def _heap_in_use(spark: SparkSession) -> int:
    """After a collection of garbage."""
    java: Any = spark.sparkContext._jvm.java.lang  # type: ignore[union-attr]  # noqa: SLF001
    java.System.gc()
    runtime = java.Runtime.getRuntime()
    in_use: int = runtime.totalMemory() - runtime.freeMemory()
    return in_use


if __name__ == "__main__":
    main()
