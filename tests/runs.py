"""Runs of the pipeline on small input, and what comes out of them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession
from rich.console import Console

from curation import pipeline
from curation.finish import Outcome
from curation.progress import Progress
from curation.recipe import load
from curation.run import Run, new_run
from curation.storage import join, storage

SAMPLE = Path(__file__).parent.parent / "curation" / "sample"
WAIT_S = 240  # machines are shared
SMALL = (
    *("splits.target_bytes=60000", "shards.target_tokens=15000", "mix=null"),
    *("dedup.near=null", "dedup.lines=null", "dedup.certificate=null"),
)
SMALL_OPTIONS = [word for override in SMALL for word in ("--set", override)]
ONE_CORE = ("--spark-conf", "spark.master=local[1,4]")
"""For `curate ...`: each core has a Python worker, which costs some seconds before it works."""
NEAR, LINES = "dedup.near={}", "dedup.lines={}"
"""After `SMALL`: near-duplicates or frequent lines go too, which costs a small run its time."""


def unpack(member: bytes) -> bytes:
    """What a gzip member holds."""
    return zlib.decompress(member, wbits=31)


def members(data: bytes) -> list[bytes]:
    """The gzip members of a file."""
    found = []
    while data:
        inflate = zlib.decompressobj(wbits=31)
        inflate.decompress(data)
        found.append(data[: len(data) - len(inflate.unused_data)])
        data = inflate.unused_data
    return found


def make_small_input(folder: Path) -> Path:
    """Some hundred records of the sample: real pages, and all versions of some URLs."""
    folder.mkdir(parents=True)
    pages = members((SAMPLE / "debdoc.warc.gz").read_bytes())
    (folder / "pages.warc.gz").write_bytes(b"".join(pages[::8]))
    shutil.copy(SAMPLE / "versions.warc.gz", folder)
    return folder


def run(
    spark: SparkSession, paths: Sequence[str | Path], folder: str | Path, *overrides: str
) -> Outcome:
    """A whole run in this process."""
    recipe = load("default", paths=[str(path) for path in paths], overrides=[*SMALL, *overrides])
    opened = new_run(recipe, str(folder))
    opened.open()
    return pipeline.run(opened, spark, quiet())


def go_on(spark: SparkSession, folder: str | Path) -> None:
    """Completes a run that was begun, in this process."""
    pipeline.run(Run.load(str(folder)), spark, quiet())


@contextmanager
def shuffle_partitions(spark: SparkSession, number: int) -> Iterator[None]:
    """Shuffles with just that many partitions; Spark would else join small ones."""
    settings = {"spark.sql.shuffle.partitions": number, "spark.sql.adaptive.enabled": False}
    before = {name: spark.conf.get(name) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            spark.conf.set(name, str(old))


def quiet() -> Progress:
    """A progress that nobody sees."""
    return Progress(Console(file=io.StringIO()))


def reasons(outcome: Outcome, source: str, stage: str) -> dict[str, int]:
    """How many pages a stage dropped, by reason."""
    (step,) = (step for step in outcome.funnels[source] if step.stage == stage)
    return dict(step.reasons)


def shards(folder: str | Path) -> dict[str, bytes]:
    """The bytes of each shard by name."""
    files = storage(str(folder)).walk(join(str(folder), "shards"))
    found = {file.uri.rsplit("/", 1)[1]: file.uri for file in files}
    return {name: storage(uri).read(uri) for name, uri in found.items() if name[0] != "_"}


def command(*arguments: str | Path) -> list[str]:
    """`curate ...` with this interpreter."""
    return [sys.executable, "-m", "curation.cli", *map(str, arguments)]


def curate(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `curate` as a user does."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_whole(folder: Path, expected_shards: dict[str, bytes]) -> None:
    """The shards are right, and no table holds a file that does not count."""
    assert shards(folder) == expected_shards
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if "parquet" in p.name}
    assert there == {file["path"] for file in manifest["files"]}
