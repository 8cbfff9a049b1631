"""`curate extract`: one page through extraction, for looking at it."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from curation.extract.config import Engine, ExtractConfig
from curation.look import extract_page, show_page
from schemas.line_kind import LineKind

_DESCRIPTION = "Prints the text of a page, each line after the letter of its kind: " + ", ".join(
    f"{kind} {kind.name.lower().replace('_', ' ')}" for kind in LineKind
)


def add_to(commands: Any) -> None:
    """The command."""
    look = commands.add_parser("extract", help="show one page's text", description=_DESCRIPTION)
    look.add_argument("page", help="a file of HTML, or with --warc a URL")
    look.add_argument("--warc", metavar="FILE", help="the WARC file that has the URL")
    look.add_argument("--engine", choices=get_args(Engine), default=ExtractConfig().engine)
    look.set_defaults(command=extract_command)


def extract_command(options: argparse.Namespace) -> int:
    """Extracts one page and prints it."""
    show_page(extract_page(options.page, warc=options.warc, engine=options.engine))
    return 0
