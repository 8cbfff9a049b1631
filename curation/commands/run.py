"""`curate run`: a recipe over its inputs into a folder; and its funnel at the end."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from curation import pipeline
from curation.commands.complete import complete
from curation.commands.index import named_in
from curation.commands.mix import show_mix
from curation.commands.options import add_spark_conf, share, spark_conf
from curation.commands.score import add_ray_address
from curation.dedup.index import INDEX
from curation.encoder.packages import require_packages
from curation.finish import Outcome, read_outcome
from curation.ledger import Step
from curation.progress import Progress
from curation.recipe import Recipe, bundled, load
from curation.run import MANIFEST, Run, new_run
from curation.session import is_submitted, require_java
from curation.storage import join, normalise
from curation.token_counts.config import told_tokenizer

INCOMPLETE = 3
_TOP_REASONS, _TOP_FILES, _TOP_ALARMS = 4, 10, 5
_CERTIFIED = {
    "found": "planted with a similarity of {}: found",
    "false_removals": "removed, though less similar than the threshold",
    "missed": "stays, though a page that stays is as similar",
}


def add_to(commands: Any) -> None:
    """The command."""
    run = commands.add_parser("run", help="run the whole pipeline", description=run_command.__doc__)
    add_run_options(run)
    add_ray_address(run)
    run.set_defaults(command=run_command)


def run_command(options: argparse.Namespace) -> int:
    """Runs a recipe over its inputs into a folder, or goes on with the run that is there."""
    conf = spark_conf(options)
    run = open_run(options)
    if run.finished and not options.retry_quarantined:
        print(f"{run.folder}: finished already; nothing to do", file=sys.stderr)
        outcome = read_outcome(run)
    else:
        begin = partial(_begin, retry_quarantined=options.retry_quarantined)
        made = complete(run, conf, begin, ray_address=options.ray_address)
        outcome = made or read_outcome(run)
    return show(run, outcome)


def _begin(run: Run, spark: SparkSession, progress: Progress, *, retry_quarantined: bool) -> None:
    if retry_quarantined:
        pipeline.take_back_quarantined(run, spark)
    if not run.finished:  # nothing was quarantined
        pipeline.before_scores(run, spark, progress)


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
        "--against",
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of finished runs, or of indexes of such ('curate index'): what they still"
        " have stays, and pages that are the same give way (see dedup.old_wins)",
    )
    parser.add_argument(
        "--sample",
        type=share,
        metavar="SHARE",
        help="of all pages, such as 0.001: a seeded sample of splits and of their pages",
    )
    parser.add_argument(
        "--retry-quarantined",
        action="store_true",
        help="read again what could not be read, and make anew what was made without it",
    )
    add_spark_conf(parser)


def open_run(options: argparse.Namespace) -> Run:
    """The run that the options name, with everything checked that can be before a start."""
    require_java()
    overrides = [*options.overrides, *([f"sample={options.sample}"] if options.sample else [])]
    if options.against:
        against = [{"path": named_in(folder, MANIFEST, INDEX)} for folder in options.against]
        overrides.append(f"dedup.against={json.dumps(against)}")
    recipe: Recipe = load(
        options.recipe, paths=options.input, prefix=options.prefix, overrides=overrides
    )
    if recipe.encoder and not is_submitted():  # else scoring may be another machine's
        require_packages()
    run = new_run(recipe, normalise(options.output))
    run.open()
    return run


def show(run: Run, outcome: Outcome) -> int:
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
            ("Domains of pages that stay", outcome.domains[name]),
        ):
            if beside:
                kinds = ", ".join(f"{kind} {number:,}" for kind, number in beside.items())
                console.print(f"{what}: {kinds}", highlight=False)
    show_mix(outcome.mix, console, counted_by=told_tokenizer(run.recipe.tokens))
    _show_alarms(outcome.alarms, console)
    for path, pages in outcome.take_downs.items():
        what = f"{pages:,} pages of the earlier run {path.rsplit('/', 1)[1].removesuffix('.txt')}"
        how = f"curate remove ITS_FOLDER --superseded --doc-ids {join(run.folder, path)}"
        line = f"{what} gave way. To take them out of its shards: {how}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    _show_certificate(outcome.certificate, run, console)
    if not outcome.shards:
        console.print("Nothing was kept: look at the reasons in rejects/ and verdicts/")
    lines = (f"{outcome.shards:,} shards", join(run.folder, "shards"))
    damage = (f"{outcome.faults:,} damaged pieces of input", join(run.folder, "faults"))
    for what, where in (lines, damage, ("all files", join(run.folder, MANIFEST))):
        console.print(f"{what}: {where}", highlight=False, markup=False, soft_wrap=True)
    if outcome.retries:
        console.print(f"{outcome.retries:,} requests were made again", highlight=False)
    return _show_quarantined(outcome.quarantined) if outcome.quarantined else 0


def _show_alarms(alarms: Sequence[Mapping[str, Any]], console: Console) -> None:
    for alarm in alarms[:_TOP_ALARMS]:
        what = f"{alarm['gone']:,} of {alarm['pages']:,} pages of {alarm['kind']} {alarm['name']}"
        line = f"Deduplication dropped {what}: verdicts/ says for which others"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if (more := len(alarms) - _TOP_ALARMS) > 0:
        console.print(f"and much of {more:,} more: see alarms/", highlight=False)


def _show_certificate(rates: Sequence[Mapping[str, Any]], run: Run, console: Console) -> None:
    if not rates:
        return
    config = run.recipe.dedup.certificate
    table = Table(
        *("near-duplicates, measured on this run's own pages", "share", "from", "to", "of"),
        title=f"certificate of run {run.id}, confidence {config.confidence:.1%}" if config else "",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for rate in (rate for rate in rates if rate["kind"] in _CERTIFIED):
        similarity = f"{rate['similarity']:g}" if rate["similarity"] else ""
        shares = (f"{rate[end]:.1%}" for end in ("share", "lower", "upper"))
        what = _CERTIFIED[rate["kind"]].format(similarity)
        table.add_row(what, *shares, f"{rate['checked']:,}")
    console.print(table)


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
    return ", ".join([*shown, f"{more} more"] if more else shown)
