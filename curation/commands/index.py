"""`curate index`: what later crawls need of finished runs, small, and in one place."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console

from curation.artefact import Artefact
from curation.commands.options import add_spark_conf, spark_conf
from curation.dedup.earlier import finished_run
from curation.dedup.index import INDEX, Index, load_index, merged
from curation.dedup.index_files import build_index, merge_indexes
from curation.errors import UserError
from curation.progress import Progress
from curation.run import MANIFEST
from curation.session import require_java, session
from curation.storage import join, normalise, require_empty, storage


def add_to(commands: Any) -> None:
    """The commands."""
    index = commands.add_parser("index", help="indexes of crawls, for those that come later")
    actions = index.add_subparsers(required=True, metavar="ACTION")
    build = actions.add_parser(
        "build", help="make an index of a finished run", description=build_command.__doc__
    )
    build.add_argument("run", metavar="RUN", help="the folder of a finished run")
    build.set_defaults(command=build_command)
    merge = actions.add_parser(
        "merge", help="make one index of several", description=merge_command.__doc__
    )
    merge.add_argument("indexes", nargs="+", metavar="INDEX", help="folders of indexes")
    merge.set_defaults(command=merge_command)
    for parser in (build, merge):
        parser.add_argument(
            "--output", required=True, metavar="DIR", help="a new folder, or s3://bucket/prefix"
        )
        add_spark_conf(parser)


def build_command(options: argparse.Namespace) -> int:
    """Makes an index of a finished run, which stands for it in --against: no text, some bytes."""
    conf, output = _opened(options)
    run = finished_run(Artefact(path=named_in(options.run, MANIFEST)))
    with session(conf) as spark, Progress().step("index"):
        index = build_index(spark, run, output)
    return _show(index)


def merge_command(options: argparse.Namespace) -> int:
    """Makes one index of several; the order makes no difference."""
    conf, output = _opened(options)
    indexes = [load_index(Artefact(path=named_in(name, INDEX))) for name in options.indexes]
    merged(indexes, output)  # raises before Spark starts
    with session(conf) as spark, Progress().step("merge"):
        index = merge_indexes(spark, indexes, output)
    return _show(index)


def named_in(folder: str, *names: str) -> str:
    """The first of these files that is in the folder of a run or index.

    Raises `UserError` where there is none.
    """
    for name in names:
        uri = join(normalise(folder), name)
        if storage(uri).find(uri) is not None:
            return uri
    kinds = {MANIFEST: "a finished run", INDEX: "an index"}
    expected = " or ".join(kinds[name] for name in names)
    raise UserError(f"{folder}: is not the folder of {expected}: no {' or '.join(names)}")


def _opened(options: argparse.Namespace) -> tuple[dict[str, str], str]:
    conf, output = spark_conf(options), normalise(options.output)
    require_java()
    require_empty(output)
    return conf, output


def _show(index: Index) -> int:
    documents = sum(run["documents"] for run in index.runs)
    size = sum(file["bytes"] for file in index.files)
    what = f"{len(index.runs):,} runs, {documents:,} documents, {size / 1e6:,.1f} MB"
    each = f" ({size / documents:,.0f} bytes per document)" if documents else ""
    where = f"{what}{each}: {join(index.folder, INDEX)}"
    Console().print(where, highlight=False, markup=False, soft_wrap=True)
    return 0
