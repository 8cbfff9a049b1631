"""`curate wikipedia-references`: what Wikipedia cites, and the pages of a crawl that it cites."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc
from rich.console import Console

from curation.artefact import Artefact
from curation.commands.index import named_in
from curation.commands.options import add_spark_conf, spark_conf, whole
from curation.dedup.earlier import finished_run
from curation.errors import UserError
from curation.parts import Parts
from curation.progress import Progress
from curation.run import MANIFEST
from curation.session import require_java, session
from curation.storage import join, normalise, put, require_empty, storage
from curation.tables import read_file, read_here
from curation.wikipedia.cited_pages import find_pages
from curation.wikipedia.dump import DumpFile
from curation.wikipedia.references import count_references, find_dumps, without_articles
from schemas.wikipedia import CITED_PAGES

_TOLD = "references.json"
Told = dict[str, Any]


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "wikipedia-references",
        help="find the pages that Wikipedia cites",
        description=wikipedia_references_command.__doc__,
    )
    parser.add_argument(
        "dumps",
        nargs="*",
        metavar="DUMP",
        help="files or quoted patterns of dumps, plain, .gz, .bz2 or .xz: pages-articles (XML), or"
        " externallinks (SQL) with the table page (SQL) of the same wikis, which tells articles",
    )
    parser.add_argument(
        "--references", metavar="DIR", help="an earlier --output, in place of dumps"
    )
    parser.add_argument(
        "--run",
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of finished runs, whose pages are looked for",
    )
    parser.add_argument(
        "--min-citations",
        type=whole,
        default=1,
        metavar="N",
        help="how many pages of Wikipedias must cite a page (%(default)s)",
    )
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="a new folder, or s3://bucket/prefix"
    )
    add_spark_conf(parser)
    parser.set_defaults(command=wikipedia_references_command)


def wikipedia_references_command(options: argparse.Namespace) -> int:
    """Takes external links out of dumps of Wikipedia, and finds these URLs in finished runs.

    Writes references/ (what is cited) and pages/ (what was found, with its text).
    """
    conf, output = spark_conf(options), normalise(options.output)
    require_java()
    if bool(options.dumps) == bool(options.references):
        raise UserError("wikipedia-references: give dumps, or --references")
    if options.references and not options.run:
        raise UserError("wikipedia-references: --references is to find pages of --run")
    require_empty(output)
    dumps = find_dumps([normalise(path) for path in options.dumps]) if options.dumps else []
    made = _made(options.references) if options.references else None
    runs = [_run(folder) for folder in options.run]
    with session(conf) as spark:
        if made is None:
            with Progress().step("references"):
                made = _told(output, dumps, count_references(spark, dumps, output))
        if runs:
            with Progress().step("pages"):
                of = made["folder"], made["files"]
                least = options.min_citations
                found = find_pages(spark, of, runs, output, min_citations=least)
                made |= {"pages": found, "runs": [run.folder for run in runs]}
    put(join(output, _TOLD), json.dumps(made, indent=1).encode())
    _show(output, made, dumps)
    return 0


def _run(folder: str) -> Parts:
    return finished_run(Artefact(path=named_in(folder, MANIFEST))).parts


def _told(folder: str, dumps: Sequence[DumpFile], files: Sequence[Mapping[str, Any]]) -> Told:
    if not files:
        raise UserError(f"{dumps[0].file.uri}: no page of it cites anything outside Wikimedia")
    return {"folder": folder, "dumps": [dump.file.uri for dump in dumps], "files": [*files]}


def _made(folder: str) -> Told:
    uri = join(normalise(folder), _TOLD)
    if storage(uri).find(uri) is None:
        raise UserError(f"{folder}: is no output of wikipedia-references: no {_TOLD}")
    told = json.loads(storage(uri).read(uri))
    # It may have been moved since it was made.
    return {
        "folder": normalise(folder) if "dumps" in told else told["folder"],
        "files": told["files"],
    }


def _show(output: str, made: Told, dumps: Sequence[DumpFile]) -> None:
    lines = [f"{sum(file['rows'] for file in made['files']):,} URLs: {made['folder']}/references"]
    for run, pages in _pages_by_run(output, made).items():
        lines.append(f"{pages:,} pages of {run}")
    if "pages" in made:
        total = sum(file["rows"] for file in made["pages"])
        lines.append(f"{total:,} pages that Wikipedia cites: {join(output, CITED_PAGES.name)}")
    if unknown := without_articles(dumps):
        lines.append(
            f"Not only articles count: add the table 'page' (SQL) of {', '.join(unknown)} to leave"
            " out what only talk and user pages cite"
        )
    for line in lines:
        Console().print(line, highlight=False, markup=False, soft_wrap=True)


def _pages_by_run(output: str, made: Told) -> dict[str, int]:
    counted = Counter[str](dict.fromkeys(made.get("runs", ()), 0))
    for file in made.get("pages", ()):
        runs = read_here(read_file(output, file, here=True), ["run"])["run"]
        counted.update({row["values"]: row["counts"] for row in pc.value_counts(runs).to_pylist()})
    return dict(counted)
