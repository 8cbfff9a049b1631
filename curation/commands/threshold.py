"""`curate threshold`: a run and a number of tokens in; a share to keep, and pages around it out."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

import pyarrow.compute as pc
import yaml
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from curation.commands.options import add_spark_conf, spark_conf, whole
from curation.driver import parts_of, split_receipts
from curation.errors import UserError
from curation.ingest.config import Domain
from curation.mixing.config import MixConfig
from curation.progress import Progress
from curation.quality.around import Around, pages_around
from curation.quality.budget import Budget, find_budget
from curation.quality.counts import count_scores
from curation.receipts import is_done
from curation.run import Run
from curation.session import require_java, session
from curation.storage import normalise

_MIX = MixConfig().shares
_BYTES_PER_TOKEN = 4.4
_MOST_LANGUAGES, _EXCERPT = 12, 240
_DIGITS = 1_000_000


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "threshold", help="find thresholds of quality", description=threshold_command.__doc__
    )
    parser.add_argument("run", metavar="RUN", help="the folder of a run that is deduplicated")
    parser.add_argument("--tokens", type=_number, required=True, help="wanted, such as 2e9")
    parser.add_argument(
        "--domain",
        choices=get_args(Domain),
        help="all tokens are of this domain; without it they are divided 50/25/17/8 among general,"
        " math, code and multilingual",
    )
    parser.add_argument(
        "--bytes-per-token",
        type=_number,
        default=_BYTES_PER_TOKEN,
        help="of UTF-8, by which tokens are estimated (%(default)s: English)",
    )
    parser.add_argument(
        "--show", type=whole, default=3, help="pages on either side of a threshold (%(default)s)"
    )
    add_spark_conf(parser)
    parser.set_defaults(command=threshold_command)


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return found


def threshold_command(options: argparse.Namespace) -> int:
    """Finds which share of pages, the best ones, has so many tokens; shows pages around the cut.

    Nothing is changed: what it prints at the end goes into a recipe.
    """
    conf = spark_conf(options)
    run = Run.load(normalise(options.run))
    if not is_done(run.folder, run.work_of("dedup")):
        raise UserError(f"{run.folder}: is not deduplicated yet: complete the run first")
    require_java()
    with session(conf) as spark:
        keeps = dict(_find(run, spark, options))
    print("For a recipe:" if keeps else "No threshold is needed: all pages stay")
    if keeps:
        print(yaml.safe_dump({"quality": keeps}, sort_keys=False), end="")
    return 0


def _find(
    run: Run, spark: SparkSession, options: argparse.Namespace
) -> Iterator[tuple[str, dict[str, float]]]:
    """Shows each domain; yields what a recipe is to say of those that have more than enough."""
    domains = run.recipe.domains
    with Progress().step("threshold"):
        parts = parts_of(run, split_receipts(run, spark), "hosts", "dedup")
        shared = spark.sparkContext.broadcast(parts)
        counted = count_scores(spark, shared, domains).toArrow()
    for domain, share in ({options.domain: 1.0} if options.domain else _MIX).items():
        rows = counted.filter(pc.equal(counted["domain"], domain))
        if not rows.num_rows:
            print(f"{domain}: the run has no page of this domain")
            continue
        tokens = share * options.tokens
        found = find_budget(rows, tokens, bytes_per_token=options.bytes_per_token)
        _show(domain, found, tokens)
        if found.keep == 0:
            print(f"{domain}: pages that no threshold drops have as many tokens already")
        elif found.keep < 1:
            around = Around(domain, _limits(found), options.show)
            _show_pages(pages_around(spark, shared, domains, around), around.thresholds)
            yield domain, {"keep": math.ceil(found.keep * _DIGITS) / _DIGITS}


def _limits(found: Budget) -> dict[str, float]:
    return {of.language: of.min_score for of in found.languages if of.min_score is not None}


def _show(domain: str, found: Budget, wanted: float) -> None:
    short = wanted - found.tokens
    missing = f", {short:,.0f} fewer than wanted: there are no more" if short > 0 else ""
    title = f"{domain}: the best {found.keep:.2%} of pages, {found.tokens:,.0f} tokens{missing}"
    table = Table("language", "pages stay", "of", "tokens stay", "of", "score from", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    ranked = sorted(found.languages, key=lambda of: (-of.of_tokens, of.language))
    for of in ranked[:_MOST_LANGUAGES]:
        numbers = of.pages, of.of_pages, of.tokens, of.of_tokens
        score = "" if of.min_score is None else f"{of.min_score:.4f}"
        table.add_row(of.language or "none", *(f"{number:,.0f}" for number in numbers), score)
    Console().print(table)
    if (more := len(ranked) - _MOST_LANGUAGES) > 0:
        print(f"and {more} more languages")


def _show_pages(pages: Iterable[Mapping[str, Any]], limits: Mapping[str, float]) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for page in pages:
        side = "stays" if page["stays"] else "goes"
        at = f"{page['quality']:.4f} of {limits[page['language'] or '']:.4f}, {page['language']}"
        console.print(
            f"{side} {at}: {page['title'] or 'no title'} {page['url'] or ''}", style="bold"
        )
        excerpt = " ".join((page["text"] or "")[:_EXCERPT].split())
        console.print(f"  {excerpt}")
