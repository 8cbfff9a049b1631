"""Speed of reading Wikipedia's dumps: `python -m benchmarks.dumps [XML...] [--links 1000000]`.

Tables of links are made, in the columns of before and since MediaWiki 1.40, gzipped; pages as XML
are named, for there is no making real ones. CPU time of one core.
"""

from __future__ import annotations

import argparse
import gzip
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from classifiers.card import table
from curation.storage import normalise, storage
from curation.wikipedia.cited import read_citations
from curation.wikipedia.dump import Dump, inspect

_ROWS_PER_INSERT = 10_000
_WORDS = ("history", "science", "news", "archive", "article", "page", "view", "story")
_SITES = ("com.site{}.www.", "org.site{}.", "de.site{}.www.", "uk.co.site{}.www.")
_NEW = ("el_to_domain_index", "el_to_path")
_OLD = ("el_to", "el_index")


def main() -> None:
    """Prints a row per dump."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="XML", help="pages-articles, packed or not")
    parser.add_argument("--links", type=int, default=1_000_000)
    options = parser.parse_args()
    rows = [_measure(normalise(path)) for path in options.pages]
    with tempfile.TemporaryDirectory() as folder:
        for name, columns in (("before 1.40", _OLD), ("since 1.40", _NEW)):
            path = Path(folder, f"enwiki-{name.split()[0]}-externallinks.sql.gz")
            path.write_bytes(gzip.compress("".join(_table(columns, options.links)).encode(), 6))
            rows.append([f"externallinks {name}, gzip", *_measure(str(path))[1:]])
    print(table(["dump", "MB unpacked", "MB/s", "citations", "citations/s"], rows))


def _measure(uri: str) -> list[str]:
    file = storage(uri).find(uri)
    if file is None:
        raise SystemExit(f"{uri}: no such file")
    dump = inspect(file)
    size = sum(map(len, Dump(dump.file).pieces()))
    started = time.process_time()
    found = sum(batch.num_rows for batch in read_citations(dump, {}))
    spent_s = time.process_time() - started
    numbers = f"{size / 1e6:.1f}", f"{size / 1e6 / spent_s:.1f}", f"{found:,}"
    return [uri.rsplit("/", 1)[1], *numbers, f"{found / spent_s:,.0f}"]


def _table(columns: tuple[str, str], links: int) -> Iterator[str]:
    """SQL as mysqldump writes it; three links in ten have a query."""
    first, second = columns
    yield "CREATE TABLE `externallinks` (\n  `el_id` int(10) NOT NULL,\n  `el_from` int(8),\n"
    yield f"  `{first}` blob NOT NULL,\n  `{second}` blob\n) ENGINE=InnoDB;\n"
    dice = random.Random(1)  # noqa: S311
    for start in range(0, links, _ROWS_PER_INSERT):
        rows = range(start, min(start + _ROWS_PER_INSERT, links))
        values = ",".join(_row(dice, number, columns) for number in rows)
        yield f"INSERT INTO `externallinks` VALUES {values};\n"  # noqa: S608 - a dump


def _row(dice: random.Random, number: int, columns: tuple[str, str]) -> str:
    host = dice.choice(_SITES).format(dice.randrange(400))
    words = (f"{dice.choice(_WORDS)}{dice.randrange(99_999)}" for _ in range(dice.randint(1, 4)))
    query = f"?id={dice.randrange(10**7)}&p=it\\'s" if dice.random() < 0.3 else ""
    path, scheme = f"/{'/'.join(words)}{query}", dice.choice(("http", "https"))
    name = ".".join(reversed(host.rstrip(".").split(".")))
    urls = f"{scheme}://{host}", path
    if columns == _OLD:
        urls = f"{scheme}://{name}{path}", f"{scheme}://{host}{path}"
    return f"({number},{dice.randrange(10**8)},'{urls[0]}','{urls[1]}')"


if __name__ == "__main__":
    main()
