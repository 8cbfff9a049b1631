"""Our deduplication of a folder of Parquet rows, step by step; a command of its own.

Usage: `python -m benchmarks.dedup.ours CORPUS OUTPUT [--set key=value ...]`

Out: the run in `OUTPUT/run`, Spark's event log in `OUTPUT/events`, and `OUTPUT/steps.json`: when
each step began and ended (seconds of the epoch), the start of the session first.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks.events import EVENT_LOG
from curation import pipeline
from curation.progress import Progress
from curation.recipe import load
from curation.run import Run, new_run
from curation.session import session

START, EXTRACT, DEDUP = "start", "extract", "dedup"
_Steps = dict[str, tuple[float, float]]


def main() -> None:
    """Runs both steps."""
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
        for name, part in ((EXTRACT, pipeline.extract), (DEDUP, pipeline.dedup)):
            with _timed(steps, name):
                part(run, spark, Progress())
    (options.output / "steps.json").write_text(json.dumps(steps))


def _open(corpus: Path, output: Path, overrides: Sequence[str]) -> Run:
    recipe = output / "recipe.yaml"
    source = {"name": "corpus", "paths": [str(corpus)], "format": "parquet", "stages": []}
    recipe.write_text(yaml.safe_dump({"name": "dedup", "inputs": [source]}))
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
