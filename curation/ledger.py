"""The ledger: receipts in; pages per stage, input and outcome out; and the check that they add up.

For each input, at each stage it goes through: pages in = kept + the sum over reasons, and what one
stage kept is what the next one got. The counts come from different hands: the reader counts what
goes into ingest, each stage what it got and what became of it, tasks over keys what goes into
hosts, dedup and mix, and the footers of the written files their rows. A page that is lost or
counted twice breaks a sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.receipts import (
    CUT_LINES,
    DOMAIN,
    IN,
    KEPT,
    REPEATS,
    SHORTENED,
    SKIPPED,
    Counts,
    StageTimes,
)
from schemas.drop_reason import DropReason

ALL = ""
"""In place of an input, where a count is of all together."""


class LedgerError(RuntimeError):
    """Pages were lost or counted twice: a fault of the program, never of the input."""


@dataclass(frozen=True)
class Step:
    """A line of the funnel: pages into a stage, pages out, and why the others went.

    `cpu_s` is what the stage took in the split pass; None for stages outside it.
    """

    stage: str
    pages_in: int
    pages_out: int
    reasons: Sequence[tuple[str, int]]
    cpu_s: float | None = None


def check(
    counts: Counts, files: Iterable[Mapping[str, Any]], stages: Mapping[str, Sequence[str]]
) -> None:
    """Raises `LedgerError` unless every sum holds. `stages`: those of each input, in order."""
    rows: Counter[str] = Counter()
    for file in files:
        rows[file["table"]] += file["rows"]
    for source, names in stages.items():
        _check_input(counts, source, names)
    entered = _outcome(counts, "ingest", IN)
    _equal(entered, rows["keys"], "pages read and rows in keys")
    _equal(entered, rows["documents"] + rows["rejects"], "pages read and documents + rejects")
    first = "take_down" if any("take_down" in names for names in stages.values()) else "hosts"
    _equal(rows["documents"], _outcome(counts, first, IN), f"documents and pages into {first}")
    shortened = sum(n for (_, _, o), n in counts.items() if o.startswith(SHORTENED))
    left = rows["documents"] - (rows["verdicts"] - shortened)
    _equal(left, _outcome(counts, "mix", IN), "documents left and pages into mix")
    check_mix(counts, rows)


def check_mix(counts: Counts, rows: Mapping[str, int]) -> None:
    """Raises `LedgerError` unless pages and rows of a mix add up; `rows` are of its tables."""
    entered = _outcome(counts, "mix", IN)
    left_out = _outcome(counts, "mix", DropReason.NOT_DRAWN)
    _equal(left_out, rows["left_out"], "pages that are not drawn and rows in left_out")
    drawn = _outcome(counts, "mix", KEPT)
    _equal(entered, drawn + left_out, "pages into mix, and those that are drawn or not")
    written = drawn + _outcome(counts, "mix", REPEATS)
    _equal(written, rows["shards"], "pages drawn and their repeats, and rows in shards")


def _check_input(counts: Counts, source: str, stages: Sequence[str]) -> None:
    kept_before: int | None = None
    for stage in stages:
        entered, kept = counts[stage, source, IN], counts[stage, source, KEPT]
        if kept_before is not None:
            _equal(kept_before, entered, f"{source}: kept before {stage} and into {stage}")
        _equal(entered, kept + sum(_reasons(counts, stage, source).values()), f"{source}: {stage}")
        kept_before = kept


def _equal(left: int, right: int, what: str) -> None:
    if left != right:
        raise LedgerError(f"the ledger does not add up: {what}: {left} and {right}")


def _outcome(counts: Counts, stage: str, outcome: str) -> int:
    return sum(n for (s, _, o), n in counts.items() if s == stage and o == outcome)


def _reasons(counts: Counts, stage: str, source: str) -> Counter[str]:
    reasons: Counter[str] = Counter()
    for (s, i, outcome), pages in counts.items():
        reason = outcome not in (IN, KEPT) and ":" not in outcome
        if (s, i) == (stage, source) and reason:
            reasons[outcome] += pages
    return reasons


def funnel(counts: Counts, times: StageTimes, source: str, stages: Iterable[str]) -> list[Step]:
    """One step per stage that the input `source` goes through, reasons from frequent to rare."""
    return [
        Step(
            stage,
            counts[stage, source, IN],
            counts[stage, source, KEPT],
            sorted(_reasons(counts, stage, source).items(), key=lambda r: (-r[1], r[0])),
            times.get((stage, source)),
        )
        for stage in stages
    ]


def skipped(counts: Counts, source: str) -> dict[str, int]:
    """What of the input `source` stands beside the sums, by kind: no pages, or never read."""
    return _beside(counts, source, SKIPPED)


def cut_lines(counts: Counts, source: str) -> dict[str, int]:
    """The lines that were cut from pages of the input `source`, by rule."""
    return _beside(counts, source, CUT_LINES)


def domains(counts: Counts, source: str, stages: Sequence[str]) -> dict[str, int]:
    """The pages of the input `source` that the last stage which judges them kept, by domain."""
    last = [stage for stage in ("quality", "encoder", "decontaminate") if stage in stages][-1]
    of_last = {key: pages for key, pages in counts.items() if key[0] == last}
    return _beside(Counter(of_last), source, DOMAIN)


def _beside(counts: Counts, source: str, prefix: str) -> dict[str, int]:
    found = {
        outcome.removeprefix(prefix): pages
        for (_, i, outcome), pages in counts.items()
        if i == source and outcome.startswith(prefix) and pages
    }
    return dict(sorted(found.items()))
