"""Lists in, one table out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from curation.errors import UserError
from curation.safety.blocklist.config import ALLOW
from curation.safety.blocklist.lines import Found, LeftOut, read_lines
from curation.safety.blocklist.sources import Source, read_sources
from curation.safety.blocklist.table import BlockTable, build


class Compiled(NamedTuple):
    """The table, and what was left out of it."""

    table: BlockTable
    left_out: LeftOut


def compile_lists(
    paths: Sequence[str], *, allow: Sequence[str] = (), category: str | None = None
) -> Compiled:
    """The lists at `paths`, and of those at `allow` what wins over them.

    Neither the order of files nor that of lines changes the table. Raises `UserError` for a path
    that is no list, or where no line is an entry.
    """
    return compile_sources(_sources(paths, allow, category))


def compile_sources(sources: Iterable[Source]) -> Compiled:
    """The same, of lists that were read."""
    left_out = LeftOut()
    found: defaultdict[str, list[Found]] = defaultdict(list)
    for source in sources:
        entries = read_lines(
            source.data, every_is_url=source.every_is_url, file=source.name, left_out=left_out
        )
        if len(entries.domains) or len(entries.urls):
            found[source.category].append(entries)
    if not found:
        examples = "; ".join(f"{where} ({why})" for why, where in left_out.examples.items())
        raise UserError(f"no line is an entry of a block list: {examples or 'there is none'}")
    return Compiled(build(found), left_out)


def _sources(paths: Sequence[str], allow: Sequence[str], category: str | None) -> Iterator[Source]:
    for source in read_sources(paths, category=category):
        _check_category(source.category, source.name)
        yield source
    for source in read_sources(allow, category=None):
        yield source._replace(category=ALLOW)


def _check_category(category: str, where: str) -> None:
    if category == ALLOW:
        raise UserError(f"{where}: the category '{ALLOW}' is of what --allow names")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", category):
        raise UserError(
            f"{where}: '{category}' is no name for a category (letters, digits, '_', '.', '-'):"
            " name one with --category"
        )
