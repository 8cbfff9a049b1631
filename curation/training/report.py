"""What a trained model is worth: its test in, the sections of its card out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.calibrate import ALL
from classifiers.card import table
from classifiers.evaluate import auc, confusion, precision_at
from classifiers.model import Scores
from curation.training.config import PARTS, TrainConfig
from curation.training.model import GOOD, OTHER, Trained

_KEPT = (0.1, 0.25, 0.5)
_LEAST_PAGES = 10  # of each class, for a figure
_LENGTHS = 4

LIMITS = """
- A score says how much a page is like the positive pages of the lists above, by its words, pairs of
  words, punctuation and lines. Where these lists differ in more than quality (topic, age, kind of
  site), so does the score.
- A probability of 0.5 is where a page is as likely of one list as of the other when there are as
  many of both; in a crawl there are not.
- Words and pairs of words say nothing of truth: what is well written and untrue scores well.
"""


def sections(pages: pa.Table, trained: Trained, config: TrainConfig) -> Mapping[str, str]:
    """Of the card, by title; `pages` are all that were chosen."""
    return {
        "Data": _data(pages, config),
        "On hosts that it has not seen": _figures(trained.tested),
        "Called good (a probability of 0.5 or more), by source": _by_source(trained.tested),
        "Calibration": _calibration(trained),
        "Limits": LIMITS,
    }


def _data(pages: pa.Table, config: TrainConfig) -> str:
    keys = ["source", "positive"]
    grouped = pages.group_by(keys).aggregate([([], "count_all"), ("host", "count_distinct")])
    sources = [
        (f"`{row['source']}`", _class(row), row["count_all"], row["host_count_distinct"])
        for row in grouped.sort_by([(key, "ascending") for key in keys]).to_pylist()
    ]
    languages = pages.group_by(["language", "part"]).aggregate([([], "count_all")]).to_pylist()
    counts = {(row["language"], row["part"]): row["count_all"] for row in languages}
    rows = [
        (language, *(counts.get((language, part), 0) for part in range(len(PARTS))))
        for language in sorted({language for language, _ in counts})
    ]
    how = (
        f"Of equal texts one; at most {config.pages_per_host} pages of a host; texts up to"
        f" {config.max_chars:,} characters; in each part, language and half octave of length as"
        " many positive as negative pages; each site wholly in one part."
    )
    by_source = table(["list", "class", "pages", "hosts"], sources)
    return f"{by_source}\n\n{how}\n\n{table(['language', *PARTS], rows)}"


def _class(row: Mapping[str, object]) -> str:
    return GOOD if row["positive"] else OTHER


def _figures(tested: pa.Table) -> str:
    header = ["pages", "good", "other", "AUC (95 %)", "AUC of length alone"]
    of_areas = table(header, _areas(tested))
    best = [
        (f"best {share:.0%}", f"{precision_at(_scores(tested), _positive(tested), share):.3f}")
        for share in _KEPT
    ]
    return f"{of_areas}\n\n{table(['kept', 'good among them'], best)}"


def _areas(tested: pa.Table) -> Iterator[tuple[object, ...]]:
    """Of all pages, of each language, and of pages of about one length."""
    yield _area("all", tested)
    for language in sorted(tested["language"].unique().to_pylist()):
        yield _area(f"language {language}", tested.filter(pc.equal(tested["language"], language)))
    lengths = pc.utf8_length(tested["text"]).to_numpy()
    ends = np.quantile(lengths, np.linspace(0, 1, _LENGTHS + 1))
    of_each = np.clip(np.searchsorted(ends, lengths, side="right") - 1, 0, _LENGTHS - 1)
    for number in range(_LENGTHS):
        first, last = round(ends[number]), round(ends[number + 1])
        here = tested.filter(pa.array(of_each == number))
        yield _area(f"{first:,} to {last:,} characters", here)


def _area(name: str, pages: pa.Table) -> tuple[object, ...]:
    positive = _positive(pages)
    good, other = int(positive.sum()), int((~positive).sum())
    if min(good, other) < _LEAST_PAGES:
        return name, good, other, "too few", ""
    lengths = pc.utf8_length(pages["text"]).to_numpy()
    return name, good, other, auc(_scores(pages), positive), auc(lengths, positive)


def _by_source(tested: pa.Table) -> str:
    sources = tested["source"].to_numpy()
    called = np.where(_scores(tested) >= 0.5, GOOD, OTHER)
    classes = np.where(_positive(tested), GOOD, OTHER)
    names = [f"`{source}`, {kind}" for source, kind in zip(sources, classes, strict=True)]
    counts = confusion(called.tolist(), names)
    rows = [
        (name, counts.get((name, GOOD), 0), counts.get((name, OTHER), 0))
        for name in sorted(set(names))
    ]
    return table(["list", "called good", "called other"], rows)


def _calibration(trained: Trained) -> str:
    own = sorted(language for language in trained.description.calibration if language != ALL)
    if not own:
        return "One curve for all languages: none has enough pages for its own."
    return f"Curves of their own: {' '.join(own)}. All other languages share one."


def _scores(pages: pa.Table) -> Scores:
    return np.asarray(pages["score"].to_numpy(), np.float32)


def _positive(pages: pa.Table) -> npt.NDArray[np.bool_]:
    return np.asarray(pages["positive"].to_numpy(), bool)


def summary(tested: pa.Table) -> list[tuple[object, ...]]:
    """The figures of all pages and of each language, as the card has them."""
    rows = list(_areas(tested))
    return rows[: len(rows) - _LENGTHS]
