"""`curate annotate`: a finished run in; a language model's judgements of some of its pages out."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from curation.annotation.annotate import annotate, missing_counts
from curation.annotation.cache import Cache, read_judgements
from curation.annotation.config import CostConfig, JudgeConfig, SampleConfig
from curation.annotation.endpoint import check_endpoint
from curation.annotation.figures import judge_with_itself
from curation.annotation.foreseen import shortage
from curation.annotation.pages import sample_pages
from curation.annotation.questions import (
    Job,
    Question,
    estimate,
    questions,
    require_within,
    unanswered,
)
from curation.annotation.quotas import Quotas
from curation.annotation.report import Report
from curation.annotation.rubric import bundled_rubrics, load_rubric
from curation.commands.options import add_wholes, share, whole
from curation.commands.run import INCOMPLETE
from curation.errors import UserError
from curation.progress import Progress
from curation.storage import join, normalise, put, storage

ANNOTATIONS = "annotations.parquet"
_CACHE = "cache"
_SAMPLE = {
    "pages": "pages to be judged",
    "site_pages": "pages of a site, at most",
    "min_bytes": "bytes of text that a page has at least",
    "score_classes": "classes of current score in each language",
    "candidates": "pages of the run to choose among; of more, a sample",
    "seed": "of the sample",
}
_JUDGE = {
    "max_chars": "characters of a page that the judge reads",
    "max_answer_tokens": "tokens of an answer, at most",
    "repeats": "times that a page of --repeat-share is judged",
    "concurrency": "requests under way at a time",
    "attempts": "times that a request is made which fails",
    "asks": "times that a page is asked for until an answer is valid",
    "failures_in_a_row": "pages without an answer, one after another, after which it stops",
}


@dataclass(frozen=True)
class Plan:
    """What is to be done, and where answers are kept."""

    job: Job
    asked: Sequence[Question]
    sample: SampleConfig
    positive_from: int
    output: str
    cache: str


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "annotate",
        help="have a language model judge pages of a run",
        description=annotate_command.__doc__,
    )
    add_options(parser)
    parser.set_defaults(command=annotate_command)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `curate distil` takes as well."""
    sample, judge = SampleConfig(), JudgeConfig(endpoint="", model="")
    parser.add_argument("run", metavar="RUN", help="the folder of a finished run")
    parser.add_argument("--output", required=True, metavar="DIR", help="where results go")
    parser.add_argument(
        "--rubric",
        default="quality",
        help=f"{', '.join(bundled_rubrics())}, or a file (%(default)s)",
    )
    parser.add_argument(
        "--endpoint", required=True, metavar="URL", help="such as http://localhost:8000/v1"
    )
    parser.add_argument("--model", required=True, metavar="NAME", help="the judge, as served there")
    parser.add_argument(
        "--api-key-env", metavar="VARIABLE", help="the environment variable that has the key"
    )
    parser.add_argument(
        "--positive-from", type=whole, metavar="SCORE", help="in place of the rubric's"
    )
    parser.add_argument("--language", nargs="+", default=[], help="of pages; without it all")
    parser.add_argument(
        "--quotas", choices=get_args(Quotas), default=sample.quotas, help="of strata (%(default)s)"
    )
    for names, default in ((_SAMPLE, sample), (_JUDGE, judge)):
        add_wholes(parser, names, default)
    parser.add_argument(
        "--temperature", type=number, default=judge.temperature, help="of answers (%(default)s)"
    )
    parser.add_argument(
        "--repeat-share",
        type=_share_or_none,
        default=judge.repeat_share,
        help="of pages that are judged several times, to know the judge's noise (%(default)s)",
    )
    for name, what in (("timeout-s", "for an answer"), ("max-wait-s", "before another attempt")):
        default_s = getattr(judge, name.replace("-", "_"))
        parser.add_argument(
            f"--{name}", type=number, default=default_s, help=f"seconds {what} (%(default)s)"
        )
    parser.add_argument(
        "--ask-invalid-again",
        action="store_true",
        help="pages too to which no valid answer came before",
    )
    parser.add_argument("--cache", metavar="DIR", help="where answers are kept (OUTPUT/cache)")
    _add_costs(parser)


def _add_costs(parser: argparse.ArgumentParser) -> None:
    for side in ("in", "out"):
        parser.add_argument(
            f"--price-{side}", type=number, default=0.0, help=f"per million tokens {side}"
        )
    parser.add_argument("--max-cost", type=number, help="by these prices; it stops there")
    parser.add_argument("--max-requests", type=whole, metavar="N", help="it stops there")
    parser.add_argument("--dry-run", action="store_true", help="say what it would cost, and stop")


def number(text: str) -> float:
    """At least 0."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: expected a number of at least 0")
    return found


def _share_or_none(text: str) -> float:
    return 0.0 if re.fullmatch(r"0(\.0*)?", text) else share(text)


def annotate_command(options: argparse.Namespace) -> int:
    """Has a language model judge pages of a finished run by a rubric.

    Answers are kept as they come: the same command goes on where it was, and asks nothing twice.
    """
    made = plan(options)
    if options.dry_run:
        return 0
    report = carry_out(made)
    return INCOMPLETE if report.annotated.stopped else 0


def plan(options: argparse.Namespace) -> Plan:
    """What is to be asked; prints what it will cost. Raises `UserError` where that is too much."""
    output = normalise(options.output)
    cache = normalise(options.cache) if options.cache else join(output, _CACHE)
    rubric = load_rubric(options.rubric)
    positive_from = options.positive_from
    if positive_from is None:
        positive_from = rubric.says.positive_from
    if positive_from not in rubric.scores[1:]:
        raise UserError(f"--positive-from {positive_from}: the rubric has {rubric.scores[1:]}")
    judge = _judge_config(options)
    check_endpoint(judge)
    sample = SampleConfig(
        **{name: getattr(options, name) for name in (*_SAMPLE, "quotas")},
        languages=tuple(options.language),
    )
    with Progress().step("pages"):
        folder, head = normalise(options.run), rubric.says.head
        pages = sample_pages(folder, head, sample, max_chars=judge.max_chars)
    if options.max_cost is not None and not (options.price_in or options.price_out):
        raise UserError("--max-cost: say what tokens cost, with --price-in and --price-out")
    costs = CostConfig(
        **{
            name: getattr(options, name)
            for name in ("price_in", "price_out", "max_cost", "max_requests")
        }
    )
    job = Job(pages, rubric, judge, costs)
    asked = questions(job)
    left = unanswered(asked, read_judgements(cache), judge)
    expected = estimate(left)
    if told := shortage(pages, sample):
        print(told)
    print(
        f"{pages.num_rows:,} pages, {len(asked):,} questions, {len(asked) - len(left):,} of them"
        f" answered before. To ask: {expected.requests:,} requests, about"
        f" {expected.tokens_in:,} tokens in and {expected.tokens_out:,} out, cost about"
        f" {expected.cost(costs):,.2f}"
    )
    require_within(expected, costs)
    return Plan(job, asked, sample, positive_from, output, cache)


def _judge_config(options: argparse.Namespace) -> JudgeConfig:
    names = (*_JUDGE, "endpoint", "model", "api_key_env", "temperature", "repeat_share")
    more = ("timeout_s", "max_wait_s", "ask_invalid_again")
    config = JudgeConfig(**{name: getattr(options, name) for name in (*names, *more)})
    for name in ("max_chars", "max_answer_tokens", "repeats", "concurrency", "attempts", "asks"):
        if getattr(config, name) < 1:
            raise UserError(f"--{name.replace('_', '-')}: expected 1 at least")
    if not config.timeout_s:
        raise UserError("--timeout-s: expected more than 0")
    return config


def carry_out(made: Plan) -> Report:
    """Asks, writes annotations and a report, and tells what is missing."""
    progress = Progress()
    with closing(Cache(made.cache)) as cache, progress.step("annotation"):
        found = annotate(made.job, made.asked, cache=cache, note=progress.note)
    write_table(join(made.output, ANNOTATIONS), found.rows)
    itself = judge_with_itself(found.rows, made.positive_from)
    report = Report(made.job, found, made.positive_from, [itself])
    write_report(made.output, report)
    answers = found.rows.num_rows - found.rows["score"].null_count
    print(
        f"{answers:,} of {found.rows.num_rows:,} questions have an answer: {made.output}/report.md"
    )
    if found.stopped:
        print(f"It stopped early: {found.stopped}")
    for why, count in missing_counts(found.rows).items():
        print(f"Without an answer: {count:,} {why}")
    return report


def write_report(output: str, report: Report) -> None:
    """`report.md` and `report.json`."""
    put(join(output, "report.md"), report.markdown().encode("utf-8", "replace"))
    put(join(output, "report.json"), report.json())


def write_table(uri: str, rows: pa.Table) -> None:
    """One Parquet file, over what was there."""
    with storage(uri).create(uri) as path:
        pq.write_table(rows.combine_chunks(), path, compression="zstd", store_schema=False)
