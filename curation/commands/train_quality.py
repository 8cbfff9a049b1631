"""`curate train-quality`: lists of good and of other pages in, a quality model out."""

from __future__ import annotations

import argparse
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from classifiers.card import Card, write
from curation.commands.options import add_spark_conf, add_wholes, spark_conf
from curation.errors import UserError
from curation.progress import Progress
from curation.session import require_java, session
from curation.storage import join, normalise, put, storage
from curation.training.config import TrainConfig
from curation.training.lists import check_columns, find_lists
from curation.training.model import train_model
from curation.training.report import sections, summary
from curation.training.select import select_pages

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ENDINGS = ("ftz", "md", "json")  # the description last: who finds it finds all
_NUMBERS = {
    "max_pages": "pages of each class, at most",
    "pages_per_host": "pages of a host in each class, at most",
    "min_chars": "characters that a page has at least",
    "max_chars": "characters of a page that are read",
    "min_sites": "sites that each class must have",
    "seed": "of the sample",
}


def add_to(commands: Any) -> None:
    """The command."""
    parser = commands.add_parser(
        "train-quality",
        help="train a quality model from lists of pages",
        description=train_quality_command.__doc__,
    )
    default = TrainConfig()
    for name, kind in (("--positive", "good"), ("--negative", "other")):
        parser.add_argument(
            name,
            nargs="+",
            required=True,
            metavar="GLOB",
            help=f"files, folders or quoted patterns of Parquet or JSONL with {kind} pages: text,"
            " url or host, and language, which is identified where it is missing",
        )
    parser.add_argument("--output", required=True, metavar="DIR", help="where the model goes")
    parser.add_argument("--name", required=True, help="of the model's files in it")
    parser.add_argument("--text", default=default.text, metavar="COLUMN", help="of the text")
    parser.add_argument(
        "--language", default=default.language, metavar="COLUMN", help="of the language"
    )
    parser.add_argument(
        "--licence",
        default="that of the texts it was trained on, which this file cannot know",
        help="of the model, for its card",
    )
    add_wholes(parser, _NUMBERS, default)
    add_spark_conf(parser)
    parser.set_defaults(command=train_quality_command)


def train_quality_command(options: argparse.Namespace) -> int:
    """Trains a model that tells good pages from others, and measures it on hosts it has not seen.

    A recipe names it: scores.quality.path, the file NAME.json in the output.
    """
    conf, output, name = spark_conf(options), normalise(options.output), options.name
    if not _NAME.fullmatch(name):
        raise UserError(f"--name {name}: expected letters, digits and . _ -")
    require_java()
    files = {ending: join(output, f"{name}.{ending}") for ending in _ENDINGS}
    for uri in files.values():
        if storage(uri).find(uri) is not None:
            raise UserError(f"{uri}: is there already: choose another name")
    numbers = {key: getattr(options, key) for key in _NUMBERS}
    config = TrainConfig(text=options.text, language=options.language, **numbers)
    lists = find_lists(
        *([normalise(path) for path in paths] for paths in (options.positive, options.negative))
    )
    for listed in lists:
        check_columns(listed, config)
    with session(conf) as spark, Progress().step("selection"):
        pages = select_pages(spark, lists, config)
    with Progress().step("training"):
        trained = train_model(pages, name, config)
    card = Card(
        title=name,
        tells="How likely a page is one of the good pages below, and not one of the others.",
        made_by=shlex.join(_command(options)),
        licence=options.licence,
        sections=sections(pages, trained, config),
    )
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), name, trained.content, trained.description, card)
        for uri in files.values():
            put(uri, (Path(folder) / uri.rsplit("/", 1)[1]).read_bytes())
    shown = Table("pages of the test", "good", "other", "AUC", "of length alone", title=output)
    for row in summary(trained.tested):
        shown.add_row(*map(str, row))
    Console().print(shown)
    print(f"In a recipe: scores: {{quality: {{path: {files['json']}}}}}; its card: {files['md']}")
    return 0


def _command(options: argparse.Namespace) -> list[str]:
    """The command, without what the result does not depend on."""
    given = ["curate", "train-quality"]
    for name in ("positive", "negative"):
        given += [f"--{name}", *getattr(options, name)]
    default = TrainConfig()
    for name in ("text", "language", *_NUMBERS):
        if (value := getattr(options, name)) != getattr(default, name):
            given += [f"--{name.replace('_', '-')}", str(value)]
    return [*given, "--name", options.name]
