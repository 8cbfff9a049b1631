"""What is found of what there is, type by type.

In: cases with gold spans, and the spans found in each. A gold span counts as found when the spans
of its type that were found cover at least four fifths of its characters, together (so it does not
matter whether a zone of two lines is one span or two); a span found is right when gold spans of its
type cover at least half of it. A gold span that is not found but covered so far by spans of another
type is confused with that type. Precision counts spans, not cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.pii.cases import Case, Gold
from curation.pii.kinds import PiiType, Span

_FOUND = 0.8
_RIGHT = 0.5
_CONTEXT = 40
Row = dict[str, Any]


@dataclass
class Figures:
    """Of one type: gold spans, those found, spans found, those of them that are right."""

    gold: int = 0
    found: int = 0
    spans: int = 0
    right: int = 0

    @property
    def recall(self) -> float | None:
        """Null without gold spans."""
        return self.found / self.gold if self.gold else None

    @property
    def precision(self) -> float | None:
        """Null when nothing is found."""
        return self.right / self.spans if self.spans else None


class Mistake(NamedTuple):
    """A gold span missed or a span wrongly found, with what stands around it."""

    what: str
    type: str
    label: str
    value: str
    context: str


@dataclass
class Score:
    """Figures by type, confusions (gold type, found type), mistakes, and figures by label.

    Of the gold spans of a case, those of the type that it is about count for its label.
    """

    by_type: dict[PiiType, Figures] = field(default_factory=dict)
    confused: Counter[tuple[PiiType, PiiType]] = field(default_factory=Counter)
    by_label: dict[str, Figures] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


def score(cases: Iterable[Case], found: Iterable[Sequence[Span]]) -> Score:
    """Over all cases."""
    result = Score({kind: Figures() for kind in PiiType})
    for case, spans in zip(cases, found, strict=True):
        of_label = result.by_label.setdefault(case.label, Figures())
        for gold in case.gold:
            _count_gold(result, of_label, case, gold, spans)
        for span in spans:
            figures = result.by_type[span.type]
            figures.spans += 1
            of_label.spans += 1
            if _covered(span.start, span.end, case.gold, span.type) >= _RIGHT:
                figures.right += 1
                of_label.right += 1
            else:
                result.mistakes.append(_mistake("false alarm", case, span))
    return result


def _count_gold(
    result: Score, of_label: Figures, case: Case, gold: Gold, spans: Sequence[Span]
) -> None:
    start, end, kind = gold
    figures = result.by_type[kind]
    is_found = _covered(start, end, spans, kind) >= _FOUND
    for counted in (figures, of_label) if case.about in {None, kind} else (figures,):
        counted.gold += 1
        counted.found += is_found
    if is_found:
        return
    result.mistakes.append(_mistake("missed", case, gold))
    for other in {span.type for span in spans} - {kind}:
        if _covered(start, end, spans, other) >= _FOUND:
            result.confused[kind, other] += 1


def _covered(start: int, end: int, spans: Sequence[Span | Gold], kind: PiiType) -> float:
    """The share of the characters from `start` to `end` that spans of a type cover."""
    covered: set[int] = set()
    for span in spans:
        if span[2] == kind:
            covered.update(range(max(start, span[0]), min(end, span[1])))
    return len(covered) / max(end - start, 1)


def _mistake(what: str, case: Case, span: Span | Gold) -> Mistake:
    start, end = span[:2]
    around = case.text[max(start - _CONTEXT, 0) : end + _CONTEXT]
    return Mistake(what, str(span[2]), case.label, case.text[start:end], around)


def rows(result: Score, *, of_set: str, engine: str) -> list[Row]:
    """A row per type that there is or that is found."""
    return [
        {
            "set": of_set,
            "engine": engine,
            "type": str(kind),
            "gold": figures.gold,
            "recall": figures.recall,
            "found": figures.spans,
            "precision": figures.precision,
        }
        for kind, figures in result.by_type.items()
        if figures.gold or figures.spans
    ]
