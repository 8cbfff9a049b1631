from __future__ import annotations

from collections import Counter

import pytest

from curation.extract.batch import extract_batch, sandboxed
from curation.extract.config import Engine, ExtractConfig
from curation.extract.page import ExtractionError
from curation.extract.sandbox import SandboxConfig, SandboxError, take_cpu_s
from curation.ingest.pages import PAGE
from tests.extract.hostile_page import HostilePage
from tests.extract.hostile_pages import hostile_pages

SMALL = SandboxConfig(cpu_s=0.25, rss_bytes=400_000_000)
BREAKING = (
    "100,000 different ids",
    "a letter with 100,000 marks",
    "200,000 nested div",
    "100,000 pre",
    "nested lists 1,000 deep",
    "a text of 50 MB",
    "20,000 formulas",
    "gzip twice",
    "nothing",
    "1,000,000 br",
)
PROSE = "The mill stands by the river, and the wheel turns when the sluice is open. " * 4


def length_in_mib(page: HostilePage) -> float:
    return max(1.0, len(page.html) / (1 << 20))


@pytest.mark.parametrize(("engine", "every"), [("trafilatura", 1), ("resiliparse", 3)])
def test_every_hostile_page_ends_within_its_budget(engine: Engine, every: int) -> None:
    config = ExtractConfig(engine=engine, sandbox=SMALL)
    ends: Counter[str] = Counter()
    for page in hostile_pages()[::every]:
        if length_in_mib(page) > 12:  # over what ingest lets through
            continue
        take_cpu_s()
        try:
            found = sandboxed(page.html, None, page.charset, config=config)
            assert found.text.count("\n") + 1 == len(found.line_kinds) or not found.text, page.name
            ends["text" if found.text else "no text"] += 1
        except ExtractionError:
            ends["failed"] += 1
        except SandboxError as error:
            ends[error.failure] += 1
        assert take_cpu_s() < SMALL.cpu_s * length_in_mib(page) + 2, page.name
    assert {"text", "failed"} <= set(ends)
    assert engine != "trafilatura" or ends["timeout"]
    assert ends["text"] > ends.total() / 2


def test_twenty_hostile_pages_among_a_thousand_cost_no_other_page() -> None:
    hostile = {page.name: page for page in hostile_pages() if page.name in BREAKING}
    assert len(hostile) == len(BREAKING)
    rows = []
    for number in range(1000):
        html, charset = f"<html><body><p>{PROSE} Page {number}.</p></body></html>".encode(), "utf-8"
        if number % 50 == 7:
            page = hostile[BREAKING[number // 50 % len(BREAKING)]]
            html, charset = page.html, page.charset or "utf-8"
        known = {
            "position": number,
            "order_key": 0,
            "input": "i",
            "file": "f",
            "doc_id": str(number),
        }
        rows.append({**known, "html": html, "charset": charset})
    batch = PAGE.batch(rows)
    done = extract_batch(batch, config=ExtractConfig(sandbox=SMALL)).to_pylist()
    assert [row["position"] for row in done] == list(range(1000))
    good = [row for row in done if row["position"] % 50 != 7]
    assert all(row["text"].endswith(f"Page {row['position']}.") for row in good)
    reasons = Counter(row["drop_reason"] for row in done if row["position"] % 50 == 7)
    assert {"extraction_timeout", "extraction_failed"} <= set(reasons)
    assert all(row["text"] or row["drop_reason"] for row in done)
