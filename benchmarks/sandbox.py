"""What the sandbox costs, and whether extraction leaks: `python -m benchmarks.sandbox DATA_DIR`.

In: a collection as for `benchmarks.extraction`. Out: CPU seconds of the same pages extracted in
this process and in the sandbox (both processes), by turns; then the resident memory of one child
that is never renewed, over many extractions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import get_args

import psutil

from benchmarks.extraction_engines import Source, read_source
from benchmarks.gold import load_pages, set_names
from curation.extract import ExtractionError, extract
from curation.extract.batch import sandboxed
from curation.extract.config import Engine, ExtractConfig
from curation.extract.sandbox import SandboxConfig, take_cpu_s

_TURNS = 4


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pages", type=int, default=40, help="of each set")
    parser.add_argument("--extractions", type=int, default=20_000)
    options = parser.parse_args()
    pages = load_pages(options.data, set_names(options.data), sample=options.pages)
    sources = [read_source(page) for page in pages]
    print(f"| engine | pages | turn | CPU s here | in the sandbox | more |\n|:--|{'--:|' * 5}")
    for engine in get_args(Engine):
        _compare(sources, engine)
    print("\n| extractions | resident MB of the child |\n|--:|--:|")
    _watch(sources, options.extractions)


def _compare(sources: Sequence[Source], engine: Engine) -> None:
    config = ExtractConfig(engine=engine)

    def here(page: Source) -> None:
        extract(page.html, url=page.url, charset=page.charset, engine=engine)

    def boxed(page: Source) -> None:
        sandboxed(page.html, page.url, page.charset, config=config)

    for way in (here, boxed):
        _cpu_s(way, sources)
    for turn in range(_TURNS):
        alone, in_box = (_cpu_s(way, sources) for way in (here, boxed))
        more = in_box / alone - 1
        print(
            f"| {engine} | {len(sources)} | {turn + 1} | {alone:.2f} | {in_box:.2f} | {more:+.1%} |"
        )


def _cpu_s(way: Callable[[Source], None], sources: Sequence[Source]) -> float:
    take_cpu_s()
    start_s = time.process_time()
    for page in sources:
        _try(way, page)
    return time.process_time() - start_s + take_cpu_s()


def _try(way: Callable[[Source], None], page: Source) -> None:
    with suppress(ExtractionError):
        way(page)


def _watch(sources: Sequence[Source], extractions: int) -> None:
    config = ExtractConfig(sandbox=SandboxConfig(pages_per_child=extractions + 1))
    before = set(psutil.Process().children())

    def boxed(page: Source) -> None:
        sandboxed(page.html, page.url, page.charset, config=config)

    for number, page in enumerate(islice(cycle(sources), extractions), 1):
        _try(boxed, page)
        if number % (extractions // 10) == 0:
            [child] = set(psutil.Process().children()) - before
            print(f"| {number:,} | {child.memory_info().rss / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
