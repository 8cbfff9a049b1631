"""`curate mix`: another mix of a finished run; and how a mix is shown on the screen."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.table import Table

from curation.commands.options import add_spark_conf, spark_conf
from curation.errors import UserError
from curation.mixing.again import Again, recipe_of_mix
from curation.progress import Progress
from curation.run import Run
from curation.session import require_java, session
from curation.storage import join, normalise
from curation.token_counts.config import told_tokenizer


def add_to(commands: Any) -> None:
    """The command."""
    mix = commands.add_parser(
        "mix", help="another mix of a finished run", description=mix_command.__doc__
    )
    mix.add_argument("run", metavar="RUN", help="the folder of a finished run")
    mix.add_argument(
        "--recipe",
        metavar="FILE",
        help="YAML with no more than mix, shards, tokens, decontaminate and name",
    )
    mix.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="KEY=VALUE",
        help="one value, such as mix.tokens=1000000000; may be repeated",
    )
    mix.add_argument("--output", required=True, metavar="DIR", help="a new folder")
    add_spark_conf(mix)
    mix.set_defaults(command=mix_command)


def mix_command(options: argparse.Namespace) -> int:
    """Draws another mix from the tables of a finished run, and writes its shards.

    Nothing is read from the crawl, and no page judged again.
    """
    conf = spark_conf(options)
    require_java()
    run = Run.load(normalise(options.run))
    if not run.finished:
        raise UserError(f"{run.folder}: is not finished: its own command goes on with it")
    recipe = recipe_of_mix(run, options.recipe, options.overrides)
    folder = normalise(options.output)
    with session(conf) as spark:
        rows = Again(run, recipe, folder, spark, Progress()).make()
    console = Console()
    show_mix(rows, console, counted_by=told_tokenizer(recipe.tokens))
    console.print(join(folder, "shards"), highlight=False, markup=False, soft_wrap=True)
    return 0


def show_mix(parts: Sequence[Mapping[str, Any]], console: Console, *, counted_by: str) -> None:
    """Prints what was wanted of each part, what is drawn, and what is missing; and what could be.

    `parts` are rows of `mix/`, whose tokens are `counted_by` some tokenizer.
    """
    if not parts:
        return
    short = any(part["missing_tokens"] for part in parts)
    names = ("part", "wanted", "drawn", "tokens", *(["missing"] if short else []), "pages", "times")
    table = Table(*names, title=f"mix, in tokens ({counted_by})")
    for column in table.columns:
        column.overflow = "fold"  # of a narrow terminal: no digit goes
    for column in table.columns[1:]:
        column.justify = "right"
    total = sum(part["drawn_tokens"] for part in parts) or 1
    for part in parts:
        table.add_row(
            part["part"],
            f"{part['share']:.1%}",
            f"{part['drawn_tokens'] / total:.1%}",
            f"{part['drawn_tokens']:,}",
            *([f"{part['missing_tokens']:,}"] if short else []),
            f"{part['pages']:,} of {part['available_pages']:,}",
            f"{part['rows'] / max(1, part['pages']):.2f}",
        )
    console.print(table)
    console.print(_bound(parts), highlight=False, soft_wrap=True)
    if short:
        console.print(_nearest(parts), highlight=False, soft_wrap=True)


def _bound(parts: Sequence[Mapping[str, Any]]) -> str:
    """Which part holds the mix down, and what there could be without it."""
    allowed = sorted(
        # Shares are what was written: a tenth, not the number in floating point next to it.
        (part["available_tokens"] / Fraction(repr(part["share"])), part["part"])
        for part in parts
        if part["share"] and part["available_tokens"]
    )
    said = [f"{name} {int(tokens):,}" for tokens, name in allowed]
    return f"Tokens that each part allows at these shares: {', '.join(said) or 'none'}"


def _nearest(parts: Sequence[Mapping[str, Any]]) -> str:
    """Where parts are short: why, and what can be had."""
    total = sum(part["nearest_tokens"] for part in parts)
    shares = ", ".join(f"{p['part']} {p['nearest_tokens'] / max(1, total):.1%}" for p in parts)
    most = parts[0]["most_tokens"]
    return (
        f"{_why_short(parts)} With these shares there are {most:,}"
        f" (mix.if_short: keep_shares); {total:,} there are as {shares} (keep_tokens)."
    )


def _why_short(parts: Sequence[Mapping[str, Any]]) -> str:
    missing = sum(part["missing_tokens"] for part in parts)
    gone = sum(max(0, part["missing_tokens"] - part["missing_at_first"]) for part in parts)
    if not gone:
        return "The shares cannot be met with so many tokens."
    told = (
        f"{gone:,} tokens are missing since pages were taken down"
        if gone == missing
        else f"The shares cannot be met with so many tokens, and of the {missing:,} that are"
        f" missing {gone:,} are since pages were taken down"
    )
    return f"{told}: nothing is drawn in their place. Another mix (curate mix) draws anew."
