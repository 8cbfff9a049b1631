"""For reading: pages on which one engine does worse than another, with both texts and the answer.

In: results of two engines. Out: a text file for each of the worst pages, named by set and rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.extraction_engines import read_source, run
from benchmarks.extraction_scores import score_code, score_formulas, score_segments
from benchmarks.extraction_tables import Visited
from benchmarks.gold import Gold


def write_diffs(
    folder: Path, visited: Sequence[Visited], engines: Sequence[str], number: int
) -> Iterator[Path]:
    """Files for the `number` worst pages of each set; `engines` are the worse and the better."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(page.set for page, _ in visited):
        of_set = [one for one in visited if one[0].set == name]
        of_set.sort(key=lambda one: _advantage(one, engines))
        for rank, one in enumerate(of_set[:number], 1):
            file = folder / f"{name}-{rank:03d}.txt"
            file.write_text(_describe(one, engines), encoding="utf-8")
            yield file


def _advantage(one: Visited, engines: Sequence[str]) -> tuple[float, float]:
    first, second = (one[1][engine].scores.value for engine in engines)
    return first - second, first


def _describe(one: Visited, engines: Sequence[str]) -> str:
    page, results = one
    source = read_source(page)
    names = list(dict.fromkeys(engines))
    texts = {engine: run(engine, source).text for engine in names}
    parts = [f"{page.id} {page.url}\nset {page.set}, language {page.lang}, kind {page.kind}"]
    for engine in names:
        result = results[engine]
        parts.append(f"{engine}: {result.scores.value:.3f} {result.scores} {result.failure or ''}")
    for engine, text in texts.items():
        parts += [f"{engine} {fault}" for fault in _faults(text, page.gold)]
    if page.gold.text is not None:
        parts.append(f"{_rule('gold')}\n{page.gold.text}")
    parts += [f"{_rule(engine)}\n{text}" for engine, text in texts.items()]
    return "\n\n".join(parts) + "\n"


def _rule(name: str) -> str:
    return f"{'=' * 30} {name} {'=' * 30}"


def _faults(text: str, gold: Gold) -> Iterator[str]:
    """What the answer asks for and `text` lacks, and the other way round."""
    for segment in gold.inside:
        if score_segments(text, [segment], ()).missed:
            yield f"misses: {segment}"
    for segment in gold.outside:
        if score_segments(text, (), [segment]).intruding:
            yield f"has wrongly: {segment}"
    for block in gold.code:
        if not score_code(text, [block]).exact:
            yield f"lost code:\n{block}"
    for kind, tex in gold.formulas:
        if not score_formulas(text, [tex]).loose:
            yield f"lost {kind}: {tex}"
