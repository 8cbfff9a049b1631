"""`curate fit`: pages in, a reference of words out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from curation.commands.options import add_spark_conf, share, spark_conf
from curation.errors import UserError
from curation.heuristics.divergence.fit import FitConfig, check_table, write_reference
from curation.heuristics.divergence.fit import fit as fit_reference
from curation.ingest.config import InputConfig
from curation.progress import Progress
from curation.run import RUN
from curation.session import require_java, session
from curation.splits import find_files
from curation.storage import join, normalise, storage

_MOST_TOLD = 10


def add_to(commands: Any) -> None:
    """The command."""
    fit = commands.add_parser(
        "fit", help="make a reference of words from pages", description=fit_command.__doc__
    )
    _add_options(fit)
    fit.set_defaults(command=fit_command)


def _add_options(parser: argparse.ArgumentParser) -> None:
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
        type=share,
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
    add_spark_conf(parser)


def _quantile(text: str) -> float:
    if (found := share(text)) == 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share below 1")
    return found


def fit_command(options: argparse.Namespace) -> int:
    """Makes a reference of words from pages that are good, for the rule of token outliers.

    A recipe names it: heuristics.reference.path.
    """
    conf, output = spark_conf(options), normalise(options.output)
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
    told = [f"{row['language']} {row['pages']:,}" for row in ranked[:_MOST_TOLD]]
    more = len(ranked) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told)
