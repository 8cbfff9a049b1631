"""Makes `ut1/`: `python -m curation.safety.blocklist.build_ut1 blacklists.tar.gz`.

In: the archive of all of UT1's lists. Out: for each category of `_CATEGORIES` its domains and its
URLs, sorted, each once. The same archive gives the same bytes.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from curation.safety.blocklist.config import BlocklistConfig
from curation.safety.blocklist.sources import read_sources

_HERE = Path(__file__).parent / "ut1"
# What a page is rejected for by default, and what a recipe may want to leave out beside it.
_CATEGORIES = {
    *(BlocklistConfig.categories or ()),
    *("ai", "astrology", "audio-video", "bitcoin", "celebrity", "dialer", "doh", "download"),
    *("drogue", "dynamic-dns", "fakenews", "financial", "forums", "hacking", "lingerie", "manga"),
    *("marketingware", "publicite", "radio", "residential-proxies", "sect", "sexual_education"),
    *("shortener", "social_networks", "stalkerware", "translation", "tricheur", "vpn", "warez"),
    *("webhosting", "webmail"),
}


def main(archive: str) -> None:
    """Writes the files of all categories, in place of those that are there."""
    for file in _HERE.glob("*.txt.gz"):
        file.unlink()
    for source in read_sources([archive], category=None):
        lines = {line.strip() for line in source.data.splitlines()} - {b""}
        if source.category in _CATEGORIES and lines:
            kind = "urls" if source.every_is_url else "domains"
            text = b"\n".join(sorted(lines)) + b"\n"
            packed = gzip.compress(text, 9, mtime=0)
            (_HERE / f"{source.category}.{kind}.txt.gz").write_bytes(packed)


if __name__ == "__main__":
    main(*sys.argv[1:])
