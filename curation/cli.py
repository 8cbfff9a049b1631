"""The command line: `curate run` and other commands, and what the jobs in `jobs/` share with it.

Errors that a user can mend are one line and exit status 2; a run that finished without some of
its input says so and exits with 3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from pyspark.sql import SparkSession

from curation import __version__, pipeline
from curation.commands import (
    annotate,
    distil,
    extract,
    fit,
    index,
    lists,
    mix,
    mix_search,
    pack,
    remove,
    score,
    threshold,
    train_quality,
    wikipedia_references,
)
from curation.commands import run as run_command
from curation.commands.options import add_spark_conf, spark_conf
from curation.commands.run import add_run_options, open_run, show
from curation.errors import ReportedError, UserError
from curation.finish import Outcome
from curation.progress import Progress
from curation.run import Run
from curation.session import session
from curation.storage import normalise

Part = Callable[[Run, SparkSession, Progress], object]

USAGE_ERROR, INTERRUPTED = 2, 130
_COMMANDS = (
    *(run_command, score, extract, fit, index, lists, threshold, remove),
    *(mix, mix_search, pack),
    *(wikipedia_references, train_quality, annotate, distil),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="curate", description="Web crawl in, training text out.")
    parser.add_argument("--version", action="version", version=f"winnow-curation {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    return _guard(lambda: options.command(options))


def run_job(name: str, part: Part, *, starts_run: bool = False) -> int:
    """The main function of a job that runs one part of a run; returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"{name}.py", description=part.__doc__)
    if starts_run:
        add_run_options(parser)
    else:
        parser.add_argument("--output", required=True, metavar="DIR", help="the run's folder")
        add_spark_conf(parser)
    options = parser.parse_args()

    def work() -> int:
        conf = spark_conf(options)
        run = open_run(options) if starts_run else Run.load(normalise(options.output))
        with session(conf) as spark:
            if starts_run and options.retry_quarantined:
                pipeline.take_back_quarantined(run, spark)
            result = part(run, spark, Progress())
        return show(run, result) if isinstance(result, Outcome) else 0

    return _guard(work)


def _guard(work: Callable[[], int]) -> int:
    try:
        return work()
    except UserError as error:
        return _fail(str(error))
    except ReportedError as error:
        return error.status
    except KeyboardInterrupt:
        print("curate: interrupted: the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED


def _fail(message: str) -> int:
    print(f"curate: {message}", file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
