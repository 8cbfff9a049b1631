"""The command line: `curate run`, and what the jobs in `jobs/` share with it.

Errors that a user can mend are one line and exit status 2; a run that finished without some of
its input says so and exits with 3.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from curation import __version__, pipeline
from curation.errors import UserError, told_by
from curation.extract.config import Engine, ExtractConfig
from curation.heuristics.divergence.fit import FitConfig, check_table, write_reference
from curation.heuristics.divergence.fit import fit as fit_reference
from curation.ingest.config import InputConfig
from curation.ledger import Step
from curation.look import extract_page, show_page
from curation.progress import Progress
from curation.recipe import Recipe, bundled, load
from curation.run import MANIFEST, RUN, Run, new_run
from curation.session import is_submitted, require_java, session
from curation.splits import find_files
from curation.storage import join, normalise, storage
from schemas.line_kind import LineKind

Part = Callable[[Run, SparkSession, Progress], object]

USAGE_ERROR, INCOMPLETE, INTERRUPTED = 2, 3, 130
_TOP_REASONS, _TOP_FILES = 4, 10
EXTRACT = "Prints the text of a page, each line after the letter of its kind: " + ", ".join(
    f"{kind} {kind.name.lower().replace('_', ' ')}" for kind in LineKind
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="curate", description="Web crawl in, training text out.")
    parser.add_argument("--version", action="version", version=f"winnow-curation {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the whole pipeline", description=run_command.__doc__)
    add_run_options(run)
    run.set_defaults(command=run_command)
    look = commands.add_parser("extract", help="show one page's text", description=EXTRACT)
    look.add_argument("page", help="a file of HTML, or with --warc a URL")
    look.add_argument("--warc", metavar="FILE", help="the WARC file that has the URL")
    look.add_argument("--engine", choices=get_args(Engine), default=ExtractConfig().engine)
    look.set_defaults(command=extract_command)
    fit = commands.add_parser(
        "fit", help="make a reference of words from pages", description=fit_command.__doc__
    )
    _add_fit_options(fit)
    fit.set_defaults(command=fit_command)
    options = parser.parse_args(arguments)
    return _guard(lambda: options.command(options))


def run_job(name: str, part: Part, *, starts_run: bool = False) -> int:
    """The main function of a job that runs one part of a run; returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"{name}.py", description=part.__doc__)
    if starts_run:
        add_run_options(parser)
    else:
        parser.add_argument("--output", required=True, metavar="DIR", help="the run's folder")
        _add_spark_conf(parser)
    options = parser.parse_args()

    def work() -> int:
        conf = spark_conf(options)
        run = open_run(options) if starts_run else Run.load(normalise(options.output))
        with session(conf) as spark:
            if starts_run and options.retry_quarantined:
                pipeline.take_back_quarantined(run, spark)
            result = part(run, spark, Progress())
        return show(run, result) if isinstance(result, pipeline.Outcome) else 0

    return _guard(work)


def _guard(work: Callable[[], int]) -> int:
    try:
        return work()
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("curate: interrupted: the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED
    except PySparkException as error:
        if told := told_by(error):
            return _fail(told)
        raise


def _fail(message: str) -> int:
    print(f"curate: {message}", file=sys.stderr)
    return USAGE_ERROR


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options that name a run: what `curate run` and the jobs that start one share."""
    names = ", ".join(bundled())
    parser.add_argument("--recipe", required=True, help=f"a YAML file, or a bundled one: {names}")
    parser.add_argument(
        "--input",
        nargs="+",
        default=[],
        metavar="GLOB",
        help="files, folders or quoted patterns, local or s3://, of WARC, WET, Parquet or JSONL;"
        " instead of the paths of the recipe's input; @FILE names a list of them, one a line",
    )
    parser.add_argument(
        "--prefix",
        default="",
        metavar="URI",
        help="goes before relative paths in lists, such as s3://commoncrawl/",
    )
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="a new folder, or s3://bucket/prefix"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="KEY=VALUE",
        help="one value of the recipe, such as heuristics.prose.pages.too_few_words=20;"
        " may be repeated; every key stands in the recipe.yaml of a run",
    )
    parser.add_argument(
        "--sample",
        type=_share,
        metavar="SHARE",
        help="of all pages, such as 0.001: a seeded sample of splits and of their pages",
    )
    parser.add_argument(
        "--retry-quarantined",
        action="store_true",
        help="read again what could not be read, and make anew what was made without it",
    )
    _add_spark_conf(parser)


def _add_fit_options(parser: argparse.ArgumentParser) -> None:
    default = FitConfig()
    parser.add_argument(
        "--input",
        nargs="+",
        required=True,
        metavar="GLOB",
        help="files, folders or quoted patterns of Parquet, such as the documents/ of a run",
    )
    parser.add_argument("--output", required=True, metavar="FILE", help="the reference, a new file")
    parser.add_argument("--text", default=default.text, metavar="COLUMN", help="of the text")
    parser.add_argument(
        "--language",
        default=default.language,
        metavar="COLUMN",
        help="of the language, by labels of lid.176; without it 'language', or where there is no"
        " such column, the language is identified",
    )
    parser.add_argument(
        "--sample",
        type=_share,
        default=default.sample,
        help="share of pages to look at (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=default.seed, help="of the sample (%(default)s)"
    )
    parser.add_argument(
        "--keep",
        type=_quantile,
        default=default.keep,
        help="share of pages, of every length, that the limits leave (%(default)s)",
    )
    _add_spark_conf(parser)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share above 0, at most 1")
    return share


def _quantile(text: str) -> float:
    if (share := _share(text)) == 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share below 1")
    return share


def _add_spark_conf(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--spark-conf",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a Spark setting, such as spark.driver.memory=8g; may be repeated",
    )


def open_run(options: argparse.Namespace) -> Run:
    """The run that the options name, with everything checked that can be before a start."""
    if not is_submitted():
        require_java()
    overrides = [*options.overrides, *([f"sample={options.sample}"] if options.sample else [])]
    recipe: Recipe = load(
        options.recipe, paths=options.input, prefix=options.prefix, overrides=overrides
    )
    run = new_run(recipe, normalise(options.output))
    run.open()
    return run


def spark_conf(options: argparse.Namespace) -> dict[str, str]:
    """`--spark-conf k=v` as a dict; raises `UserError` for one without `=`."""
    pairs = [setting.partition("=") for setting in options.spark_conf]
    for key, equals, _ in pairs:
        if not equals:
            raise UserError(f"--spark-conf {key}: expected key=value")
    return {key: value for key, _, value in pairs}


def run_command(options: argparse.Namespace) -> int:
    """Runs a recipe over its inputs into a folder, or goes on with the run that is there."""
    conf = spark_conf(options)
    run = open_run(options)
    if run.finished and not options.retry_quarantined:
        print(f"{run.folder}: finished already; nothing to do", file=sys.stderr)
        outcome = pipeline.read_outcome(run)
    else:
        with session(conf) as spark:
            if options.retry_quarantined:
                pipeline.take_back_quarantined(run, spark)
            outcome = pipeline.run(run, spark, Progress())
    return show(run, outcome)


def extract_command(options: argparse.Namespace) -> int:
    """Extracts one page and prints it."""
    show_page(extract_page(options.page, warc=options.warc, engine=options.engine))
    return 0


def fit_command(options: argparse.Namespace) -> int:
    """Makes a reference of words from pages that are good, for the rule of token outliers.

    A recipe names it: heuristics.reference.path.
    """
    conf, output = spark_conf(options), normalise(options.output)
    if not is_submitted():
        require_java()
    if storage(output).find(output) is not None:
        raise UserError(f"{output}: is there already: choose another name")
    paths = tuple(normalise(path) for path in options.input)
    for path in paths:
        if storage(path).find(join(path, RUN)) is not None:
            raise UserError(f"{path} is a whole run: give its documents/")
    (files,) = find_files([InputConfig(name="fit", paths=paths, format="parquet")])
    config = FitConfig(
        text=options.text,
        language=options.language,
        sample=options.sample,
        seed=options.seed,
        keep=options.keep,
    )
    check_table(files[0], config)
    with session(conf) as spark, Progress().step("fit"):
        found = list(fit_reference(spark, files, config))
    rows = [row for row in found if row["limits"]]
    left_out = _most_pages(row for row in found if not row["limits"])
    if not rows:
        raise UserError(
            f"no language has {config.min_pages:,} pages beside as many to count words in (it has:"
            f" {left_out or 'none'}): give more pages, or a smaller --keep"
        )
    write_reference(output, rows)
    table = Table("language", "pages", "words", "limit at 200 words", title=output)
    for row in rows:
        limit = np.interp(200, row["lengths"], row["limits"])
        table.add_row(row["language"], f"{row['pages']:,}", f"{row['total']:,}", f"{limit:.2f}")
    Console().print(table)
    if left_out:
        print(f"With under {config.min_pages:,} pages, and so left out: {left_out}")
    return 0


def _most_pages(rows: Iterable[Mapping[str, Any]]) -> str:
    ranked = sorted(rows, key=lambda row: (-row["pages"], row["language"]))
    told = [f"{row['language']} {row['pages']:,}" for row in ranked[:_TOP_FILES]]
    more = len(ranked) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told)


def show(run: Run, outcome: pipeline.Outcome) -> int:
    """Prints the funnel of each input and where things are; returns the exit status."""
    console = Console()
    for name, steps in outcome.funnels.items():
        sample = f", sample of {run.recipe.sample:g}" if run.recipe.sample < 1 else ""
        title = f"run {run.id}, input '{name}'{sample}"
        table = Table("stage", "in", "out", "CPU s", "top reasons", title=title)
        for column in table.columns[1:4]:
            column.justify = "right"
        for step in steps:
            cpu_s = "" if step.cpu_s is None else f"{step.cpu_s:,.1f}"
            numbers = f"{step.pages_in:,}", f"{step.pages_out:,}", cpu_s
            table.add_row(step.stage, *numbers, _top(step))
        console.print(table)
        for what, beside in (
            ("Skipped beside these", outcome.skipped[name]),
            ("Lines cut from pages that stay", outcome.cut_lines[name]),
        ):
            if beside:
                kinds = ", ".join(f"{kind} {number:,}" for kind, number in beside.items())
                console.print(f"{what}: {kinds}", highlight=False)
    if not outcome.shards:
        console.print("Nothing was kept: look at the reasons in rejects/ and verdicts/")
    lines = (f"{outcome.shards:,} shards", join(run.folder, "shards"))
    damage = (f"{outcome.faults:,} damaged pieces of input", join(run.folder, "faults"))
    for what, where in (lines, damage, ("all files", join(run.folder, MANIFEST))):
        console.print(f"{what}: {where}", highlight=False, markup=False, soft_wrap=True)
    if outcome.retries:
        console.print(f"{outcome.retries:,} requests were made again", highlight=False)
    return _show_quarantined(outcome.quarantined) if outcome.quarantined else 0


def _show_quarantined(splits: Sequence[Mapping[str, Any]]) -> int:
    print("curate: finished without input that could not be read:", file=sys.stderr)
    for split in splits[:_TOP_FILES]:
        print(f"  {split['file']} from byte {split['offset']}: {split['detail']}", file=sys.stderr)
    if (more := len(splits) - _TOP_FILES) > 0:
        print(f"  and {more} more pieces: see 'quarantined' in {MANIFEST}", file=sys.stderr)
    print(
        "curate: the command that started the run completes it with --retry-quarantined",
        file=sys.stderr,
    )
    return INCOMPLETE


def _top(step: Step) -> str:
    shown = [f"{reason} {pages:,}" for reason, pages in step.reasons[:_TOP_REASONS]]
    more = len(step.reasons) - len(shown)
    return ", ".join([*shown, f"{more} more reasons"] if more else shown)


if __name__ == "__main__":
    sys.exit(main())
