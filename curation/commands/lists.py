"""`curate lists update`: lists of domains and URLs in, one block list out."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from curation.errors import UserError
from curation.progress import Progress
from curation.safety.blocklist.compile import compile_lists
from curation.safety.blocklist.lines import LeftOut
from curation.safety.blocklist.table import write
from curation.storage import normalise, storage


def add_to(commands: Any) -> None:
    """The command."""
    lists = commands.add_parser("lists", help="block lists of your own")
    actions = lists.add_subparsers(required=True, metavar="ACTION")
    update = actions.add_parser(
        "update",
        help="compile lists of domains and URLs into one file",
        description=update_command.__doc__,
    )
    _add_options(update)
    update.set_defaults(command=update_command)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="UT1's folder or .tar.gz, one of its categories, a hosts file, or a domain or URL a"
        " line, also as ||host^; .gz of any; or the folder hosts/ of a run; a path or s3://",
    )
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="the block list; replaces what is there"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="FILE",
        help="a list of what no block list may block; may be repeated, and stand alone",
    )
    parser.add_argument(
        "--category", metavar="NAME", help="of single files, in place of their names"
    )


def update_command(options: argparse.Namespace) -> int:
    """Compiles block lists into one file, which a recipe names: blocklist.lists.

    A domain blocks all below it; a URL what starts with it, up to a '/', '?', '&' or its end.
    """
    if not options.files and not options.allow:
        raise UserError("lists update: name the files to compile")
    paths, allow = ([normalise(path) for path in some] for some in (options.files, options.allow))
    output = normalise(options.output)
    if output in (*paths, *allow):
        raise UserError(f"{output}: is one of the lists: choose another name for the output")
    with Progress().step("lists update"):
        table, left_out = compile_lists(paths, allow=allow, category=options.category)
        with storage(output).create(output) as path:
            write(table, str(path))
    shown = Table("category", "domains", "URLs", title=output)
    for category, counts in sorted(table.counts.items()):
        shown.add_row(category, f"{counts.domains:,}", f"{counts.urls:,}")
    Console().print(shown)
    _show(left_out)
    return 0


def _show(left_out: LeftOut) -> None:
    for why, count in left_out.counts.most_common():
        lines = "1 line" if count == 1 else f"{count:,} lines"
        print(f"Left out: {lines}, {why}, as {left_out.examples[why]}")
