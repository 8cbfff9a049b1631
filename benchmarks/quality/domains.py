"""Domains that the rule finds, beside those of 906 pages that were judged by reading excerpts.

In: a data folder, whose pages are extracted. Out: rows of tables. In `domains.tsv` a page is
`code`, `math` or `prose`, or two of them where either is right. What is learnt and thresholds were
chosen on the 706 pages of the set `first`; the 200 of `fresh` were judged before, and looked at
last. They were drawn by what an earlier model said: 60 code, 50 mathematics, 90 others.

`code`: the page's substance is programming: source code, interfaces, commands, configuration,
technical documentation that mixes code with prose. `math`: mathematics, formulas, proofs,
statistics, and manuals of mathematical programs that explain what they compute. `prose`: the rest,
with news and handbooks of software that show no code.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.heuristics.texts import load_texts
from classifiers.evaluate import auc, confusion, f1
from curation.domains.config import DomainsConfig
from curation.domains.decide import decide
from curation.heuristics.batch import measure
from curation.quality.batch import score_batch
from curation.quality.config import ScoresConfig

Row = dict[str, Any]
_DOMAINS = ("code", "math")
_PROSE = "prose"
_SCORES = ScoresConfig(quality=None, topics=None)
_BATCH = 256


class Judged(NamedTuple):
    """A page: what it may be called, what the rule calls it, and its scores."""

    id: str
    source: str
    allowed: tuple[str, ...]
    found: str
    code: float
    math: float
    set: str = "first"

    @property
    def half(self) -> int:
        """0 or 1, by a hash of the id."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2

    @property
    def true(self) -> str:
        """What the rule calls it where that is right, what it is first of all where not."""
        return self.found if self.found in self.allowed else self.allowed[0]


def run(data: Path, output: Path, *, config: DomainsConfig | None = None) -> dict[str, list[Row]]:
    """Tables by title; the texts are made below `output`, or were."""
    pages = judge(data, load_texts(data, output), config=config or DomainsConfig())
    return {
        "Domains beside what people find": list(by_source(pages)),
        "Scores of code and mathematics": list(of_scores(pages)),
        "Domains taken for others": list(confused(pages)),
    }


def read_judged() -> dict[str, tuple[tuple[str, ...], str]]:
    """By page, what it may be called, and its set."""
    text = resources.files("benchmarks.quality").joinpath("domains.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["id"]: (tuple(row["domain"].split("|")), row["set"]) for row in rows}


def judge(data: Path, texts: pa.Table, *, config: DomainsConfig) -> list[Judged]:
    """The judged pages that are among `texts`."""
    judged, known = read_judged(), _known(data)
    kept = judged_texts(data, texts)
    pages = [known[record] for record in kept["record_id"].to_pylist()]
    found = list(find_domains(kept, config=config))
    return [
        Judged(page["id"], _source(page), judged[page["id"]][0], *of_page, judged[page["id"]][1])
        for page, of_page in zip(pages, found, strict=True)
    ]


def judged_texts(data: Path, texts: pa.Table) -> pa.Table:
    """The rows of `texts` that are judged pages."""
    judged, known = read_judged(), _known(data)
    records = texts["record_id"].to_pylist()
    is_judged = [record in known and known[record]["id"] in judged for record in records]
    return texts.filter(pa.array(is_judged, pa.bool_())).combine_chunks()


def find_domains(texts: pa.Table, *, config: DomainsConfig) -> Iterator[tuple[str, float, float]]:
    """Of each text what the rule calls it, `prose` for what is neither, and both scores."""
    for batch in texts.select(["text", "line_kinds", "language"]).to_batches(_BATCH):
        scored = measure(score_batch(batch, config=_SCORES))
        code, math = scored.column("code_score"), scored.column("math_score")
        called = decide(
            code, math, scored.column("route"), scored.column("language"), config=config
        )
        for name, *scores in zip(
            called.to_pylist(),
            code.fill_null(0).to_pylist(),
            math.fill_null(0).to_pylist(),
            strict=True,
        ):
            yield (name if name in _DOMAINS else _PROSE, *scores)


def by_source(pages: Sequence[Judged]) -> Iterator[Row]:
    """Right ones, and F1 of both domains, by source, by set, by half of the first set, and of all.

    `one thing`: without pages of which two answers are right.
    """
    for name in sorted({page.source for page in pages}):
        yield _row(name, [page for page in pages if page.source == name])
    parts = {
        "half 0": [page for page in pages if page.set == "first" and page.half == 0],
        "half 1": [page for page in pages if page.set == "first" and page.half == 1],
        "first": [page for page in pages if page.set == "first"],
        "fresh": [page for page in pages if page.set == "fresh"],
        "first, one thing": [p for p in pages if p.set == "first" and len(p.allowed) == 1],
        "fresh, one thing": [p for p in pages if p.set == "fresh" and len(p.allowed) == 1],
        "all": list(pages),
    }
    yield from (_row(name, part) for name, part in parts.items() if part)


def of_scores(pages: Sequence[Judged]) -> Iterator[Row]:
    """The area under the curve of each model by itself, on pages that are surely of a domain."""
    for name in _DOMAINS:
        sure = [page for page in pages if name not in page.allowed or len(page.allowed) == 1]
        positive = [name in page.allowed for page in sure]
        area = auc([getattr(page, name) for page in sure], positive)
        yield {"model": name, "pages": len(sure), "of them": sum(positive), "area": str(area)}


def confused(pages: Sequence[Judged]) -> Iterator[Row]:
    """How many pages of each domain were called which."""
    counts = confusion([page.found for page in pages], [page.true for page in pages])
    for (true, found), count in counts.items():
        yield {"is": true, "called": found, "pages": count}


def _row(name: str, pages: Sequence[Judged]) -> Row:
    row: Row = {"source": name, "pages": len(pages)}
    row["right"] = float(np.mean([page.found == page.true for page in pages]))
    for domain in _DOMAINS:
        called, true = (_is(domain, [of[i] for of in _names(pages)]) for i in (0, 1))
        figures = f1(called, true)
        row |= {
            f"{domain} pages": int(true.sum()),
            f"{domain} precision": figures.precision,
            f"{domain} recall": figures.recall,
            f"{domain} F1": str(figures.f1) if true.any() else "",
        }
    return row


def _names(pages: Sequence[Judged]) -> list[tuple[str, str]]:
    return [(page.found, page.true) for page in pages]


def _is(domain: str, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([name == domain for name in names], bool)


def _known(data: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(data / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        return {page["record_id"]: page for page in map(json.loads, lines)}


def _source(page: dict[str, Any]) -> str:
    """Debian's manuals of mathematics by package: each is a source that nothing learnt from."""
    is_mathematics = page["kind"] == "math-doc"
    return page["orig"].split("/")[0] if is_mathematics else str(page["source"])
