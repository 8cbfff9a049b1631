"""Topics that the bundled model finds beside those of 514 English pages, judged by reading.

In: a data folder with `pages.jsonl.gz` and WARC files. Out: rows of tables. `topics.tsv` names the
topic of a page and, after `|`, a second one that is right too; `classifiers/training/topics.yaml`
says what they mean. Pages were judged before their scores were known, by their address, the first
lines and, of most, a glimpse of the middle; those without a topic (menus, errors) were left out.

Groups of pages: choices were made on `tuned`. `seen`, the other half of the same draw by a hash of
the id, was scored once, but the teacher's descriptions of topics were written by one who had read
these pages too. `unseen` were drawn and judged when all was settled.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Container, Iterator, Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from fastwarc.warc import ArchiveIterator

from classifiers.calibrate import platt
from classifiers.model import Model, Texts, read_description
from curation.extract.extract import extract
from curation.ingest.charset import find_charset

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
_Z = 1.96
_DRAWS, _SEED = 1000, 1
_LEAST_SCORES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GROUPS = ("tuned", "seen", "unseen")
_MEANS = ("first", "first or second")


class Judged(NamedTuple):
    """A page: what it is about, what it is found to be about, and how surely."""

    id: str
    source: str
    allowed: tuple[str, ...]
    found: str
    score: float
    group: str

    def right(self, means: str) -> bool:
        """Whether what is found is the first topic, or either of both."""
        return self.found in (self.allowed[:1] if means == _MEANS[0] else self.allowed)


def run(data: Path, models: Path = Path("classifiers/models")) -> dict[str, list[Row]]:
    """The tables, by title."""
    pages = judge(data, load(models))
    return {
        "Topics beside those judged by reading": list(accuracy(pages)),
        "Topics by source": list(by_source(pages)),
        "Topics by label": list(by_label(pages)),
        "Topics at a least score": list(at_least(pages)),
        "Topics: how often a score is right": list(calibration(pages)),
        "Topics taken for another": list(confused(pages)),
    }


def load(models: Path) -> Model:
    """The bundled model."""
    described = read_description((models / "topics.json").read_bytes())
    return Model(described, (models / described.file).read_bytes())


def read_judged() -> dict[str, tuple[tuple[str, ...], str]]:
    """By page, its topics and its group."""
    text = resources.files("benchmarks.quality").joinpath("topics.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["id"]: (tuple(row["topic"].split("|")), row["group"]) for row in rows}


class Scorer(Protocol):
    """What gives the probability of each of its labels: `Model`, or a head of an encoder."""

    labels: tuple[str, ...]

    def probabilities(self, texts: Texts, languages: pa.StringArray, /) -> npt.NDArray[np.float32]:
        """A row per text, a column per label."""


def judge(data: Path, model: Scorer) -> list[Judged]:
    """The judged pages of a data folder, each with its best label; without one it is missing."""
    judged = read_judged()
    read = list(_read_pages(data, judged))
    texts = Texts(pa.array([text for _, _, text in read], pa.string()))
    found = model.probabilities(texts, pa.array(["en"] * len(read)))
    best = zip(found.argmax(axis=1).tolist(), found.max(axis=1).tolist(), strict=True)
    return [
        Judged(name, source, judged[name][0], model.labels[column], score, judged[name][1])
        for (name, source, _), (column, score) in zip(read, best, strict=True)
        if not np.isnan(score)
    ]


def accuracy(pages: Sequence[Judged]) -> Iterator[Row]:
    """By group and of all, with 95 % intervals."""
    for name, of in (*((group, _of_group(pages, group)) for group in GROUPS), ("all", pages)):
        row: Row = {"pages of": name, "pages": len(of)}
        row |= {means: _interval([page.right(means) for page in of]) for means in _MEANS}
        yield row | {"macro-F1": _macro_f1(of)}


def by_source(pages: Sequence[Judged]) -> Iterator[Row]:
    """How many are right, by source."""
    for source in sorted({page.source for page in pages}):
        of = [page for page in pages if page.source == source]
        shares = {means: _share([page.right(means) for page in of]) for means in _MEANS}
        yield {"source": source, "pages": len(of), **shares}


def by_label(pages: Sequence[Judged]) -> Iterator[Row]:
    """Pages that are of each label, precision (either topic is right) and recall (of the first)."""
    for label in sorted({topic for page in pages for topic in (page.allowed[0], page.found)}):
        called = [page for page in pages if page.found == label]
        there = [page for page in pages if page.allowed[0] == label]
        yield {
            "label": label,
            "pages": len(there),
            "called": len(called),
            "precision": _share([page.right(_MEANS[1]) for page in called]),
            "recall": _share([page.found == label for page in there]),
        }


def at_least(pages: Sequence[Judged]) -> Iterator[Row]:
    """What is right of the pages whose score reaches a threshold."""
    for least in _LEAST_SCORES:
        of = [page for page in pages if page.score >= least]
        shares = {means: _share([page.right(means) for page in of]) for means in _MEANS}
        yield {"least score": least, "share of pages": len(of) / len(pages), **shares}


def calibration(pages: Sequence[Judged]) -> Iterator[Row]:
    """What is right in bands of the score, of the pages that the curve was not fitted on."""
    others = [page for page in pages if page.group != GROUPS[0]]
    for low, high in pairwise(_BANDS):
        last = high == _BANDS[-1]
        of = [page for page in others if low <= page.score < high or (last and page.score == high)]
        mean = float(np.mean([page.score for page in of])) if of else None
        yield {
            "score": f"{low:.1f}..{high:.1f}",
            "pages": len(of),
            "mean score": mean,
            "first": _share([page.right(_MEANS[0]) for page in of]),
        }


def confused(pages: Sequence[Judged]) -> Iterator[Row]:
    """Pairs for which two pages or more were taken for the other and are not both."""
    wrong = [(page.allowed[0], page.found) for page in pages if not page.right(_MEANS[1])]
    for is_, called in sorted(set(wrong), key=lambda pair: (-wrong.count(pair), pair)):
        if (count := wrong.count((is_, called))) > 1:
            yield {"is": is_, "called": called, "pages": count}


def fit(pages: Sequence[Judged]) -> tuple[float, float]:
    """Slope and shift of the log odds of uncalibrated scores, of the group `tuned`."""
    tuned = _of_group(pages, GROUPS[0])
    curve = platt([page.score for page in tuned], [page.right(_MEANS[0]) for page in tuned])
    x, y = np.array(curve.x), np.array(curve.y)
    inside = (y > 0.01) & (y < 0.99)
    slope, shift = np.polyfit(_log_odds(x[inside]), _log_odds(y[inside]), 1)
    return float(slope), float(shift)


def _log_odds(of: Floats) -> Floats:
    return np.log(of / (1 - of))


def _read_pages(data: Path, wanted: Container[str]) -> Iterator[tuple[str, str, str]]:
    """Id, source and text of each wanted page, as a crawl would have it."""
    with gzip.open(data / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = [page for line in lines if (page := json.loads(line))["id"] in wanted]
    for page in sorted(known, key=lambda of: of["id"]):
        with (data / page["warc"]).open("rb") as stream:
            stream.seek(page["offset"])
            content = next(iter(ArchiveIterator(stream))).reader.read()
        found = extract(content, url=page["url"], charset=find_charset(content))
        yield page["id"], page["source"], found.text


def _of_group(pages: Sequence[Judged], group: str) -> list[Judged]:
    return [page for page in pages if page.group == group]


def _share(right: Sequence[bool]) -> float | None:
    return float(np.mean(right)) if right else None


def _interval(right: Sequence[bool]) -> str:
    """Wilson's."""
    n, p = len(right), float(np.mean(right))
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return f"{p:.3f} ({middle - half:.3f}..{middle + half:.3f})"


def _macro_f1(pages: Sequence[Judged]) -> str:
    """The mean over labels that pages have first, by the percentile bootstrap over pages."""
    rng = np.random.default_rng(_SEED)
    true = np.array([page.allowed[0] for page in pages])
    found = np.array([page.found for page in pages])
    drawn = [rng.integers(0, len(pages), len(pages)) for _ in range(_DRAWS)]
    low, high = np.percentile([_mean_f1(true[rows], found[rows]) for rows in drawn], [2.5, 97.5])
    return f"{_mean_f1(true, found):.3f} ({low:.3f}..{high:.3f})"


def _mean_f1(true: npt.NDArray[np.str_], found: npt.NDArray[np.str_]) -> float:
    values = []
    for label in np.unique(true):
        hits = ((true == label) & (found == label)).sum()
        values.append(2 * hits / ((true == label).sum() + (found == label).sum()))
    return float(np.mean(values))
