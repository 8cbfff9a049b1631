"""Which pages are to go: lists of doc_ids, URLs and hosts in; the pages that they name out.

A URL names all pages of its canonical form, a host its own pages and those of all hosts below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints
from curation.errors import UserError
from curation.ingest.urls import hash64, is_public_suffix, url_facts
from curation.storage import storage

READ = ("doc_id", "url_hash", "host")
"""The columns of keys that pages are matched by."""
_NO_HOST = re.compile(r"[\s/?#@:*|^%\\,;]")
_DOC_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Wanted:
    """Entries, numbered through: first `doc_ids`, then URLs (`url_hashes`), then `hosts`.

    `asked` is what each says, such as 'host example.com'.
    """

    doc_ids: pa.StringArray
    url_hashes: pa.Int64Array
    hosts: pa.StringArray
    asked: pa.StringArray

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The entry of each host."""
        first = len(self.doc_ids) + len(self.url_hashes)
        return {host: first + at for at, host in enumerate(self.hosts.to_pylist())}

    def match(self, keys: pa.Table) -> tuple[Ints, Ints]:
        """For each page the entry that names it most closely, or -1; and all entries that name one.

        `keys` have the columns `READ`.
        """
        by_host, hosts = self._match_hosts(keys["host"])
        by_url = _at(keys["url_hash"], self.url_hashes, len(self.doc_ids))
        by_id = _at(keys["doc_id"], self.doc_ids, 0)
        closest = np.where(by_id >= 0, by_id, np.where(by_url >= 0, by_url, by_host))
        named = np.unique(np.concatenate([by_id, by_url, hosts]))
        return closest, named[named >= 0]

    def _match_hosts(self, hosts: pa.ChunkedArray) -> tuple[Ints, Ints]:
        coded = hosts.combine_chunks().dictionary_encode()
        of_each = [[*self._above(host)] for host in coded.dictionary.to_pylist()]
        closest = np.array([*(found[0] if found else -1 for found in of_each), -1], np.int64)
        # A page without a host has the last place.
        return (
            closest[coded.indices.fill_null(len(of_each)).to_numpy()],
            np.array([number for found in of_each for number in found], np.int64),
        )

    def _above(self, host: str) -> Iterator[int]:
        """The entries of a host and of those that it lies below, from the nearest."""
        labels = host.removesuffix(".").split(".")
        for at in range(len(labels)):
            number = self._numbers.get(".".join(labels[at:]))
            if number is not None:
                yield number


def _at(values: pa.ChunkedArray, entries: pa.Array, first: int) -> Ints:
    found = pc.index_in(values, value_set=entries, skip_nulls=True)
    numbers: Ints = pc.add(found.cast(pa.int64()), first).fill_null(-1).to_numpy()
    return numbers


def read_wanted(
    *, doc_ids: str | None = None, urls: str | None = None, hosts: str | None = None
) -> Wanted:
    """The lists in these files, an entry a line; blank lines and those with '#' first are none.

    Raises `UserError` for a line that is none of its kind, and where there is no entry at all.
    """
    ids = _entries(doc_ids, _doc_id, "doc_id (32 hex digits)")
    keys = _entries(urls, lambda line: url_facts(line).url_key, "URL, as https://example.com/page")
    names = _entries(hosts, _host, "host name, as example.com")
    asked = [
        *(f"doc_id {line}" for line in ids.values()),
        *(f"url {line}" for line in keys.values()),
        *(f"host {line}" for line in names.values()),
    ]
    if not asked:
        given = ", ".join(path for path in (urls, doc_ids, hosts) if path)
        raise UserError(f"{given}: names no page: write one a line")
    return Wanted(
        pa.array(ids, pa.string()),
        pa.array([hash64(key) for key in keys], pa.int64()),
        pa.array(names, pa.string()),
        pa.array(asked, pa.string()),
    )


def _entries(path: str | None, parse: Callable[[str], str | None], kind: str) -> dict[str, str]:
    """What each line of the file means, and the line itself."""
    if path is None:
        return {}
    found, wrong = dict[str, str](), list[str]()
    for number, line in enumerate(_lines(path), 1):
        if not line or line.startswith("#"):
            continue
        if (meant := parse(line)) is None:
            wrong.append(f"line {number}: {line[:80]!r}")
        else:
            found.setdefault(meant, line)
    if wrong:
        more = f", nor are {len(wrong) - 1:,} other lines" if len(wrong) > 1 else ""
        raise UserError(f"{path}: {wrong[0]} is no {kind}{more}")
    return found


def _lines(path: str) -> Sequence[str]:
    try:
        text = storage(path).read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text in UTF-8: {error}") from error
    return [line.strip() for line in text.splitlines()]


def _doc_id(line: str) -> str | None:
    return line.lower() if _DOC_ID.fullmatch(line.lower()) else None


def _host(line: str) -> str | None:
    """As URLs have it, so lower-case and in Punycode.

    What has no dot, or is a public suffix, is a mistake: it would take all of a country.
    """
    if _NO_HOST.search(line) or line.startswith("."):
        return None
    host = (url_facts(f"http://{line}/").host or "").removesuffix(".")
    return host if "." in host and not is_public_suffix(host) else None
