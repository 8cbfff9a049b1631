"""What the judge and a student are worth: judged pages in; agreements, side by side, out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.evaluate import Estimate, auc
from curation.annotation.agreement import (
    Agreement,
    agreement,
    on_scale,
    rank_estimate,
    repeats_of,
)
from curation.training.config import CALIBRATE, TEST

_LEAST_PAGES = 10  # of each class, for a figure
_HALF = 0.5
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Compared:
    """Two series of scores: on the rubric's scale, and as positive or not.

    `rank` is the correlation of what was scored before it was put on the scale.
    """

    name: str
    scale: Agreement | None
    decision: Agreement | None
    rank: Estimate | None


@dataclass(frozen=True)
class OfLanguage:
    """Of test pages: the area, and the mean probability beside the share that is positive."""

    language: str
    pages: int
    positive: int
    auc: Estimate | None
    mean_probability: float


def judge_with_itself(rows: pa.Table, positive_from: int) -> Compared:
    """From the pages that were judged several times."""
    one, other, sites = repeats_of(rows)
    scale = agreement(one, other, sites)
    decision = agreement(one >= positive_from, other >= positive_from, sites)
    return Compared("judge with itself", scale, decision, scale and scale.rank)


def with_judge(
    name: str, pages: pa.Table, scores: Scores, positive_from: int, *, calibrated: bool
) -> Compared:
    """A model's scores of judged pages, NaN where it has none, on those of the test.

    They are put on the judge's scale by the calibration pages. Calibrated ones are positive from a
    half on, others from where their place on the scale is.
    """
    judged, parts = pages["judged"].to_numpy(), pages["part"].to_numpy()
    known = ~np.isnan(scores)
    test, reference = (np.flatnonzero((parts == part) & known) for part in (TEST, CALIBRATE))
    if not len(test) or not len(reference):
        return Compared(name, None, None, None)
    sites = pages["site"].take(pa.array(test)).to_pylist()
    placed = on_scale(scores[test], scores[reference], judged[reference])
    calls = scores[test] >= _HALF if calibrated else placed >= positive_from
    scale = agreement(placed, judged[test], sites)
    decision = agreement(calls, judged[test] >= positive_from, sites)
    return Compared(
        name, scale, decision, scale and rank_estimate(scores[test], judged[test], sites)
    )


def of_languages(pages: pa.Table, scores: Scores) -> Iterator[OfLanguage]:
    """All test pages that have a score, then those of each language."""
    is_test = pc.equal(pages["part"], TEST).to_numpy() & ~np.isnan(scores)
    languages = pages["language"].to_pylist()
    positive = pages["positive"].to_numpy()
    for name in ("all", *sorted(set(languages))):
        of = is_test & np.array([name in ("all", language) for language in languages], bool)
        if of.any():
            yield _of_language(name, positive[of], scores[of])


def _of_language(name: str, positive: npt.NDArray[np.bool_], scores: Scores) -> OfLanguage:
    fewest = min(int(positive.sum()), int((~positive).sum()))
    area = auc(scores, positive) if fewest >= _LEAST_PAGES else None
    return OfLanguage(name, len(scores), int(positive.sum()), area, float(scores.mean()))
