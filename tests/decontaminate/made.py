"""Benchmarks of made-up items, and what is found in a text by Python's own strings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.decontaminate.config import Benchmark, DecontaminateConfig
from curation.tokens.tokenise import WORD, tokenise

SUMS = (
    {
        "question": "Orla's nine goats eat four buckets of oats a day. She buys oats in sacks that"
        " hold twelve buckets each. How many sacks does she need for the whole of April?",
        "answer": "The goats eat 4 * 30 = 120 buckets of oats in April, so Orla needs 120 / 12 = 10"
        " sacks.\n#### 10",
    },
    {
        "question": "A ferry carries 40 cars or 25 vans, and crosses the strait six times a day."
        " Tomorrow only vans are booked. How many of them can cross before nightfall?",
        "answer": "Only vans are booked, and 25 of them fit, so 6 * 25 = 150 vans can cross.",
    },
    {"question": "Too few words, these.", "answer": "42"},
)
PROGRAMS = (
    {
        "name": "Made/0",
        "prompt": "def longest_plateau(heights: list[int]) -> int:\n"
        '    """Returns how many neighbours in a row have the same height, at most.\n'
        "    >>> longest_plateau([3, 3, 1, 1, 1])\n    3\n"
        '    """\n',
        "solution": "    best = run = 0\n    for here, there in zip(heights, heights[1:]):\n"
        "        run = run + 1 if here == there else 0\n        best = max(best, run)\n"
        "    return best + 1\n",
    },
)
ALL = [text for row in SUMS[:2] for text in row.values()] + [
    PROGRAMS[0]["prompt"],
    PROGRAMS[0]["solution"],
]
"""The texts that are long enough to be looked for."""


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def config(folder: Path, **values: Any) -> DecontaminateConfig:
    """Both benchmarks, written into `folder`."""
    sums, programs = write(folder / "sums.jsonl", SUMS), write(folder / "programs.jsonl", PROGRAMS)
    benchmarks = (
        Benchmark(name="sums", path=str(sums), columns=("question", "answer")),
        Benchmark(name="programs", path=str(programs), id="name"),
    )
    return DecontaminateConfig(benchmarks=benchmarks, **values).pinned()


def one(path: Path, texts: Sequence[str], **values: Any) -> DecontaminateConfig:
    """A benchmark of these texts, an item each."""
    write(path, [{"text": text} for text in texts])
    benchmark = Benchmark(name="made", path=str(path))
    return DecontaminateConfig(benchmarks=(benchmark,), **values).pinned()


def words(text: str) -> list[tuple[str, int]]:
    """The words of a text, folded, each with its line."""
    tokens = tokenise(pa.array([text]))
    data, found = text.encode(), []
    for token in range(tokens.rows[1]):
        start, end = int(tokens.starts[token]), int(tokens.ends[token])
        if tokens.kinds[token] & WORD:
            found.append((data[start:end].decode().casefold(), data[:start].count(b"\n")))
    return found


def naive(
    page: str, texts: Sequence[str], config: DecontaminateConfig
) -> tuple[dict[int, tuple[float, int, int, int]], set[int]]:
    """By text: share, words in runs, first and last word of the longest stretch; and the lines.

    Runs that are common or lists count like others.
    """
    of_page = words(page)
    found, lines = {}, set()
    for number, text in enumerate(texts):
        looked = [word for word, _ in words(text)]
        size = min(config.ngram, len(looked))
        if size < min(config.min_words, config.ngram):
            continue
        runs = {tuple(looked[at : at + size]) for at in range(len(looked) - size + 1)}
        folded = [word for word, _ in of_page]
        hits = [at for at in range(len(folded)) if tuple(folded[at : at + size]) in runs]
        if not hits:
            continue
        covered = sorted({at + more for at in hits for more in range(size)})
        longest = max(_stretches(hits, size), key=lambda of: (of[1] - of[0], -of[0]))
        different = {tuple(folded[at : at + size]) for at in hits}
        found[number] = len(different) / len(runs), len(covered), *longest
        for at in hits:
            lines |= set(range(of_page[at][1], of_page[at + size - 1][1] + 1))
    return found, lines


def _stretches(hits: Sequence[int], size: int) -> list[tuple[int, int]]:
    """First and last word of what hits cover without a gap; neighbours that touch are one."""
    found = [[hits[0], hits[0] + size - 1]]
    for at in hits[1:]:
        if at <= found[-1][1] + 1:
            found[-1][1] = at + size - 1
        else:
            found.append([at, at + size - 1])
    return [(first, last) for first, last in found]
