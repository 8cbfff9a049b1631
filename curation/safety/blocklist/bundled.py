"""The lists that come with the package: some of UT1's, as text, compiled when first used.

They are few enough (under 0.3 s, 2 MB), and as text one can read what changes. `ut1/SOURCES.md`
says where they come from, and what could not be bundled.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from importlib import resources

from curation.kernels import compile_once
from curation.safety.blocklist.compile import compile_sources
from curation.safety.blocklist.sources import Source
from curation.safety.blocklist.table import BlockTable

_DOMAINS, _URLS = ".domains.txt.gz", ".urls.txt.gz"


@cache
def bundled_table() -> BlockTable:
    """All of their categories; once per process."""
    tables: list[BlockTable] = []
    compile_once("block lists", lambda: tables.append(compile_sources(_sources()).table))
    return tables[0]


def _sources() -> Iterator[Source]:
    folder = resources.files("curation.safety.blocklist").joinpath("ut1")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for ending in (_DOMAINS, _URLS):
            if file.name.endswith(ending):
                category = file.name.removesuffix(ending)
                text = gzip.decompress(file.read_bytes())
                yield Source(category, file.name, ending == _URLS, text)
