"""`curate remove`: a finished run in, the same run without some pages out."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from curation import pipeline
from curation.arrow_text import Ints
from curation.commands.complete import complete
from curation.commands.options import add_spark_conf, spark_conf
from curation.commands.score import add_ray_address
from curation.errors import UserError
from curation.progress import Progress
from curation.removal.summary import Summary, summarise
from curation.removal.take_down import take_down
from curation.removal.wanted import Wanted, read_wanted
from curation.run import Run
from curation.session import require_java
from curation.storage import join, normalise
from schemas.removal import REMOVAL, RETURNED

_MOST_TOLD = 3
_STILL_THERE = (
    "Their text is still in documents/ and rejects/, which are never written anew: delete these two"
    " when no shard will have to be made again"
)
_LISTS = {
    "urls": "URLs: each names all versions of the page, by its canonical form",
    "doc_ids": "doc_ids, as in shards",
    "hosts": "host names: each names all hosts below it too, so example.com takes www.example.com",
}


def add_to(commands: Any) -> None:
    """The command."""
    remove = commands.add_parser(
        "remove", help="take pages out of a finished run", description=remove_command.__doc__
    )
    remove.add_argument("run", metavar="RUN", help="the folder of a finished run")
    for name, what in _LISTS.items():
        option = f"--{name.replace('_', '-')}"
        remove.add_argument(
            option, metavar="FILE", help=f"a list of {what}; one a line, # comments"
        )
    remove.add_argument(
        "--superseded",
        action="store_true",
        help="a later run has pages in place of these (its take_down_lists/): they leave the"
        " shards, and nothing that had given way to them comes back",
    )
    add_spark_conf(remove)
    add_ray_address(remove)
    remove.set_defaults(command=remove_command)


def remove_command(options: argparse.Namespace) -> int:
    """Takes pages down: what is left is the run that never saw them.

    Only shards whose content changes are written again; removals/ is the record. A command that was
    cut off goes on when it is given again.
    """
    conf = spark_conf(options)
    given = {name: path and normalise(path) for name in _LISTS if (path := getattr(options, name))}
    if not given:
        raise UserError("remove: name the pages, with --urls, --doc-ids or --hosts")
    run = Run.load(normalise(options.run))
    wanted = read_wanted(**given)
    if not run.finished and not run.take_downs:
        raise UserError(f"{run.folder}: is not finished: complete it by the command that began it")
    require_java()
    finish = partial(complete, run, conf, ray_address=options.ray_address)
    done = []
    if not run.finished:
        finish(pipeline.judge)
        done.append(summarise(run))
    named: list[Ints] = []

    def begin(run: Run, spark: SparkSession, progress: Progress) -> None:
        superseded = options.superseded
        named.append(take_down(run, spark, progress, wanted, superseded=superseded))
        if not run.finished:
            pipeline.judge(run, spark, progress)

    if finish(begin):
        done.append(summarise(run))
    for summary in done:
        _show(run, summary)
    if not done:
        before = (
            "all of these were taken down before" if len(named[0]) else "the run has none of these"
        )
        print(f"Nothing was changed: {before}")
    _show_unknown(wanted, named[0])
    return 0


def _show(run: Run, found: Summary) -> None:
    emptied = f", {found.emptied:,} emptied" if found.emptied else ""
    lines = (
        f"Take-down {found.number}: {found.pages:,} pages, {found.shipped:,} of them from shards",
        f"Pages that came back in their place: {found.revived:,}",
        f"Shards written anew: {found.rewritten:,} of {found.shards:,}{emptied}",
        f"The record: {join(run.folder, REMOVAL.name)}, {join(run.folder, RETURNED.name)}",
        _STILL_THERE,
    )
    for line in lines:
        print(line)


def _show_unknown(wanted: Wanted, named: Ints) -> None:
    unknown = np.setdiff1d(np.arange(len(wanted.asked)), named)
    if len(unknown):
        told = wanted.asked.take(pa.array(unknown[:_MOST_TOLD])).to_pylist()
        more = ", ..." if len(unknown) > _MOST_TOLD else ""
        print(f"Of no page of the run: {len(unknown):,} entries: {', '.join(told)}{more}")
