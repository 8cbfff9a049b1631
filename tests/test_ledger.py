from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from curation.ledger import LedgerError, check, funnel
from curation.receipts import Counts, add_stage

STAGES = {"crawl": ["ingest", "heuristics", "hosts", "dedup", "mix"]}


def counts() -> Counts:
    made: Counts = Counter()
    add_stage(made, "ingest", "crawl", 6, ["redirect", None, None, None, None, None])
    add_stage(made, "heuristics", "crawl", 5, ["too_few_words", None, None, None, None])
    add_stage(made, "hosts", "crawl", 4, ["host_unsafe", None, None, None])
    add_stage(made, "dedup", "crawl", 3, ["older_version", None, None])
    add_stage(made, "mix", "crawl", 2, [None, None])
    made["dedup", "crawl", "shortened:frequent_lines"] = 1
    made["ingest", "crawl", "skipped:request"] = 9
    return made


def files(**rows: int) -> list[dict[str, Any]]:
    usual = {"documents": 4, "rejects": 2, "keys": 6, "verdicts": 3, "shards": 2}
    return [{"table": table, "rows": n} for table, n in {**usual, **rows}.items()]


def test_a_ledger_that_adds_up_passes() -> None:
    check(counts(), files(), STAGES)


@pytest.mark.parametrize("lost", [key for key in counts() if not key[2].startswith("skipped:")])
def test_any_page_lost_or_counted_twice_is_found(lost: tuple[str, str, str]) -> None:
    for change in (-1, 1):
        wrong = counts()
        wrong[lost] += change
        with pytest.raises(LedgerError):
            check(wrong, files(), STAGES)


@pytest.mark.parametrize("table", ["documents", "rejects", "keys", "verdicts", "shards"])
def test_any_row_that_no_file_holds_is_found(table: str) -> None:
    with pytest.raises(LedgerError):
        check(counts(), files(**{table: 5}), STAGES)


@pytest.mark.parametrize("lost", [0, 1])
def test_pages_that_were_taken_down_are_in_the_sums(lost: int) -> None:
    made = counts()
    for stage, kept in (("ingest", 1), ("heuristics", 1)):
        made[stage, "crawl", "in"] += kept
        made[stage, "crawl", "kept"] += kept
    add_stage(made, "take_down", "crawl", 5, ["taken_down", None, None, None, None])
    made["take_down", "crawl", "shards:before"] = 3
    given = files(documents=5 - lost, keys=7, verdicts=4, rejects=2 + lost)
    stages = {"crawl": ["ingest", "heuristics", "take_down", "hosts", "dedup", "mix"]}
    if lost:
        with pytest.raises(LedgerError, match="documents and pages into take_down: 4 and 5"):
            check(made, given, stages)
    else:
        check(made, given, stages)


def test_the_funnel_orders_reasons_by_number_and_name() -> None:
    made = counts()
    made["heuristics", "crawl", "too_many_words"] = 1
    step = funnel(made, {}, "crawl", ["heuristics"])[0]
    assert (step.pages_in, step.pages_out) == (5, 4)
    assert list(step.reasons) == [("too_few_words", 1), ("too_many_words", 1)]
