"""How fast all measures are on one core, beside datatrove's four filters on the same texts."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.heuristics.datatrove import Datatrove
from curation.heuristics.batch import measure

Row = dict[str, Any]
_ROWS = 128
"""A batch of the split pass."""
_ROUNDS = 5
_LANGUAGES = ("en", "de", "ru", "zh", "ja")
_STEPS = {
    "tokenise": "words",
    "find_lines": "lines and characters",
    "find_vocabulary": "different words",
    "count_ngrams": "n-grams",
    "find_facts": "facts of lines",
    "find_kinds": "code and formulas",
    "find_rule_phrases": "phrases",
    "find_parts": "parts of lines",
    "count_duplicates": "duplicate lines",
    "plan_cuts": "line rules",
    "count_stop_words": "stop words",
    "count_dirty_words": "dirty words",
    "measure_divergence": "divergence",
    "measure": "all",
}


def by_language(texts: pa.Table) -> list[Row]:
    """All measures together, for each language."""
    rows = []
    for language in _LANGUAGES:
        of_language = _in_language(texts, language)
        if of_language.num_rows:
            rows.append(_row({"language": language}, of_language, _best(of_language)))
    return rows


def beside(texts: pa.Table, datatrove: Datatrove, *, pages: int) -> Iterator[Row]:
    """Ours and theirs by turns, on the same English pages, evenly drawn."""
    english = _in_language(texts, "en")
    drawn = english.take(np.unique(np.linspace(0, english.num_rows - 1, pages).astype(int)))
    drawn = drawn.combine_chunks()
    for turn in (1, 2):
        yield _row({"turn": turn, "what": "winnow, all measures"}, drawn, _best(drawn))
        theirs = datatrove.speed(drawn)
        yield _row({"turn": turn, "what": "datatrove, four filters"}, drawn, theirs)


def steps(texts: pa.Table) -> list[Row]:
    """Where the time of English pages goes, by the profiler; a step holds those that it calls."""
    english = _in_language(texts, "en")
    batches = english.to_batches(max_chunksize=_ROWS)
    measure(batches[0])
    with cProfile.Profile() as profile:
        for batch in batches:
            measure(batch)
    stats: Any = pstats.Stats(profile)
    spent = {name: row[3] for (_, _, name), row in stats.stats.items() if name in _STEPS}
    return [
        {
            "step": what,
            "us per page": round(spent[name] / english.num_rows * 1e6, 1),
            "share": spent[name] / spent["measure"],
        }
        for name, what in _STEPS.items()
    ]


def _in_language(texts: pa.Table, language: str) -> pa.Table:
    return texts.filter(pc.equal(texts["language"], language)).combine_chunks()


def _best(texts: pa.Table) -> float:
    """CPU seconds of the fastest of some rounds; the first one warms up."""
    batches = texts.to_batches(max_chunksize=_ROWS)
    rounds = []
    for _ in range(_ROUNDS + 1):
        started = time.process_time()
        for batch in batches:
            measure(batch)
        rounds.append(time.process_time() - started)
    return min(rounds[1:])


def _row(start: Row, texts: pa.Table, seconds: float) -> Row:
    size = pc.sum(pc.binary_length(texts["text"])).as_py()
    return {
        **start,
        "pages": texts.num_rows,
        "KB per page": size / texts.num_rows / 1000,
        "CPU s": seconds,
        "pages per CPU s": round(texts.num_rows / seconds),
        "MB per CPU s": size / seconds / 1e6,
    }
