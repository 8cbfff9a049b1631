"""Options that several commands share, and what they say."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping

from curation.errors import UserError


def share(text: str) -> float:
    """A share of a whole, above 0 and at most 1."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share above 0, at most 1")
    return share


def whole(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 0")
    return int(text)


def add_wholes(parser: argparse.ArgumentParser, names: Mapping[str, str], defaults: object) -> None:
    """An option for each of `names`, a whole number, with what it is; `defaults` has its value."""
    for name, what in names.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=whole,
            default=getattr(defaults, name),
            metavar="N",
            help=f"{what} (%(default)s)",
        )


def add_spark_conf(parser: argparse.ArgumentParser) -> None:
    """`--spark-conf`, of every command that starts Spark."""
    parser.add_argument(
        "--spark-conf",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a Spark setting, such as spark.driver.memory=8g; may be repeated",
    )


def spark_conf(options: argparse.Namespace) -> dict[str, str]:
    """`--spark-conf k=v` as a dict; raises `UserError` for one without `=`."""
    pairs = [setting.partition("=") for setting in options.spark_conf]
    for key, equals, _ in pairs:
        if not equals:
            raise UserError(f"--spark-conf {key}: expected key=value")
    return {key: value for key, _, value in pairs}
