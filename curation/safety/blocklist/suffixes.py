"""Public suffixes, under which anybody registers: `com`, `co.uk`. To block one is a mistake.

Private ones, such as `github.io`, can be entries of lists: their owner answers for them.

Source: the ICANN part of the public-suffix list (tldextract's bundled copy).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import ada_url
import numpy as np
import pyarrow as pa
import tldextract

from curation.arrow_text import Hashes, text_view
from curation.safety.blocklist.hash_kernel import fill, hash_entries

Table = tuple[Hashes, int]


class SuffixTables(NamedTuple):
    """Hashes of suffixes, of those of which all children are, and of children that are not."""

    suffixes: Table
    wildcards: Table
    exceptions: Table


@cache
def suffix_tables() -> SuffixTables:
    """The tables, as `are_in` takes them."""
    # The bundled list only: no look-up on the network, no cache folder.
    rules = tldextract.TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=False
    ).tlds
    return SuffixTables(
        _table(rule.removeprefix("*.") for rule in rules if rule[0] != "!"),
        _table(["localdomain", *(rule[2:] for rule in rules if rule.startswith("*."))]),
        _table(rule[1:] for rule in rules if rule[0] == "!"),
    )


def _table(domains: Iterable[str]) -> Table:
    hosts = [ada_url.URL(f"http://{domain}/").hostname for domain in domains]
    view = text_view(pa.array(hosts, pa.large_string()))
    none = np.zeros(len(hosts) + 1, np.int64)
    hashes, _, _ = hash_entries(view.data, view.offsets, view.data[:0], none)
    table, _, slots = fill(np.unique(hashes))
    return table, slots
