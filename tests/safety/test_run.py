"""Opt-outs and toxicity of WARC records through a split's pass, as a run does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from curation.all_splits import split_pass
from curation.recipe import load
from curation.run import new_run
from curation.split_pass import run_split
from tests import runs
from tests.ingest.warcs import http, member, record, save
from tests.safety.test_batch import ABUSE, CALM

Row = dict[str, Any]
NOAI_META = b'<meta name="Robots" content="noindex, NoAI">'
NO_RESERVATION = b'<meta name="tdm-reservation" content="0">'


def html(text: str, *head: bytes) -> bytes:
    paragraphs = b"".join(b"<p>%s</p>" % text.encode() for _ in range(5))
    return b"<html><head>%s</head><body><main>%s</main></body></html>" % (
        b"".join(head),
        paragraphs,
    )


def run(file: str, folder: Path, *overrides: str) -> tuple[dict[str, Row], pa.Table]:
    """Rows of documents and rejects by WARC-Record-ID or position, and the counts."""
    recipe = load("default", paths=[file], overrides=overrides)
    opened = new_run(recipe, str(folder))
    rows: dict[str, Row] = {}
    counts: dict[str, int] = {}
    for split in opened.splits:
        receipt = run_split(split, split_pass(recipe), str(folder))
        for (stage, _, outcome), pages in receipt.counts.items():
            counts[f"{stage} {outcome}"] = counts.get(f"{stage} {outcome}", 0) + pages
    for table in ("documents", "rejects"):
        if (folder / table).exists():
            for row in ds.dataset(folder / table).to_table().to_pylist():
                rows[(row["record_id"] or str(row["position"])).removeprefix("<urn:uuid:")[:-1]] = (
                    row
                )
    return rows, counts


@pytest.fixture
def crawl(tmp_path: Path) -> str:
    pages = {
        "header": http(html(CALM), b"X-Robots-Tag: noai"),
        "meta": http(html(CALM, NOAI_META)),
        "lifted": http(html(CALM, NO_RESERVATION), b"tdm-reservation: 1"),
        "both": http(html(CALM, NOAI_META), b"tdm-reservation: 1"),
        "silent": http(html(CALM)),
        "abuse": http(html(ABUSE)),
        "gone": http(html(CALM), b"X-Robots-Tag: noai", status=b"HTTP/1.1 404 Not Found"),
        "empty": http(html("", NOAI_META)),
    }
    records = [member(record(block, record_id=name)) for name, block in pages.items()]
    return save(tmp_path, "x.warc.gz", b"".join(records))


STAGES = "inputs.0.stages=[extract,language,safety]"


def test_opt_outs_of_headers_and_pages_are_columns(crawl: str, tmp_path: Path) -> None:
    rows, counts = run(crawl, tmp_path / "run", STAGES)
    assert {name: row["opt_outs"] for name, row in rows.items()} == {
        "header": ["noai"],
        "meta": ["noai"],
        "lifted": [],
        "both": ["noai", "tdm_reservation"],
        "silent": [],
        "abuse": [],
        "gone": ["noai"],
        "empty": ["noai"],
    }
    assert counts["safety kept"] == 6
    assert rows["abuse"]["toxicity"] > 0.9
    assert rows["silent"]["toxicity"] < 0.1


def test_a_recipe_makes_them_reasons(crawl: str, tmp_path: Path) -> None:
    limits = ("safety.opt_outs=[noai,tdm_reservation]", "safety.max_toxicity=0.5")
    rows, counts = run(crawl, tmp_path / "run", STAGES, *limits)
    why = {name: row.get("drop_reason") for name, row in rows.items()}
    assert why == {
        "header": "opted_out",
        "meta": "opted_out",
        "both": "opted_out",
        "abuse": "too_toxic",
        "gone": "error_status",
        "empty": "no_text",
        "lifted": None,
        "silent": None,
    }
    assert rows["both"]["detail"] == "noai, tdm_reservation"
    assert (counts["safety in"], counts["safety kept"], counts["safety opted_out"]) == (6, 2, 3)


def test_rows_of_text_say_nothing_of_opt_outs(tmp_path: Path) -> None:
    file = save(tmp_path, "x.jsonl", b'{"text": "%s"}\n' % CALM.encode())
    limits = ("safety.opt_outs=[noai]", "inputs.0.stages=[safety]")
    rows, _ = run(file, tmp_path / "run", *limits)
    (row,) = rows.values()
    assert (row["opt_outs"], row["toxicity"], row["language"]) == (None, None, None)


def test_rows_of_html_are_known_by_their_elements(tmp_path: Path) -> None:
    page = html(CALM, NOAI_META.replace(b'"', b"'")).decode()
    file = save(tmp_path, "x.jsonl", b'{"html": "%s"}\n' % page.encode())
    rows, _ = run(
        file, tmp_path / "run", "inputs.0.stages=[extract,safety]", "safety.opt_outs=[noai]"
    )
    (row,) = rows.values()
    assert (row["opt_outs"], row["drop_reason"]) == (["noai"], "opted_out")


def test_real_pages_pass_with_a_measure(tmp_path: Path) -> None:
    limits = ("safety.opt_outs=[noai,noimageai,tdm_reservation]", "safety.max_toxicity=0.5")
    rows, counts = run(str(runs.SAMPLE / "clipped.warc.gz"), tmp_path / "run", STAGES, *limits)
    read = [row for row in rows.values() if row["text"]]
    assert len(read) >= 3
    assert counts["safety in"] == counts["safety kept"]
    assert {tuple(row["opt_outs"]) for row in read} == {()}
    assert all(row["toxicity"] < 0.3 for row in read if row["language"] == "en")
