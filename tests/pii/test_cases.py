"""The finder over constructed cases: little is missed, and near misses are left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pytest

from benchmarks.pii.cases import TYPES, Case, make_cases, make_near_misses
from benchmarks.pii.score import Figures, score
from curation.pii import find_batch
from curation.pii.kinds import PiiType, Span

_PER_TYPE = 50
_NEAR_MISSES = 500
_FLOOR = 0.96
_MAX_FALSE_ALARMS = 0.005


def _find(cases: Sequence[Case]) -> list[list[Span]]:
    return find_batch(
        pa.array([case.text for case in cases]),
        [case.language for case in cases],
        pa.array([case.line_kinds for case in cases], pa.string()),
    )


@pytest.fixture(scope="module")
def figures() -> dict[PiiType, Figures]:
    cases = list(make_cases(_PER_TYPE))
    return score(cases, _find(cases)).by_type


@pytest.mark.parametrize("kind", TYPES)
def test_nearly_all_constructed_values_are_found(
    kind: PiiType, figures: dict[PiiType, Figures]
) -> None:
    assert figures[kind].gold >= _PER_TYPE
    assert figures[kind].found >= _FLOOR * figures[kind].gold


def test_near_misses_are_left_alone() -> None:
    cases = list(make_near_misses(_NEAR_MISSES))
    wrong = [
        (case.label, case.text[span.start : span.end], span.type)
        for case, spans in zip(cases, _find(cases), strict=True)
        for span in spans
    ]
    assert len(wrong) <= _MAX_FALSE_ALARMS * _NEAR_MISSES, Counter(label for label, *_ in wrong)
