"""The bundled sample, frozen to its funnel and the checksums of its shards.

A change of behaviour shows here first. When it is meant, freeze it anew and look at the difference:
`python -m tests.test_golden_run > tests/golden_run.json`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.recipe import load
from curation.run import new_run
from curation.sample.planted import planted_values
from curation.session import session
from tests import runs

GOLDEN = Path(__file__).with_name("golden_run.json")
WITHOUT_ENCODER = ["encoder=null"]  # whose scores are those of a kind of processor


def run_sample(spark: SparkSession, folder: Path) -> dict[str, Any]:
    """Runs the sample; returns what is frozen."""
    run = new_run(load("sample", overrides=WITHOUT_ENCODER), str(folder))
    run.open()
    outcome = pipeline.run(run, spark, runs.quiet())
    faults = ds.dataset(folder / "faults").to_table(columns=["offset", "fault", "detail"])
    return {
        "funnel": {
            name: [
                {
                    "stage": step.stage,
                    "in": step.pages_in,
                    "out": step.pages_out,
                    "reasons": dict(step.reasons),
                }
                for step in steps
            ]
            for name, steps in outcome.funnels.items()
        },
        "domains": outcome.domains,
        "faults": sorted(faults.to_pylist(), key=lambda fault: int(fault["offset"])),
        "shards": {
            name: hashlib.sha256(data).hexdigest() for name, data in runs.shards(folder).items()
        },
    }


def parquet(folder: Path) -> ds.Dataset:
    """The Parquet files of a folder; shards have a card and a manifest beside them."""
    return ds.dataset(sorted(map(str, folder.rglob("*.parquet"))))


@pytest.fixture(scope="module")
def folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("golden") / "run"
    found = run_sample(spark, made)
    (made.parent / "found.json").write_text(json.dumps(found))
    return made


def test_the_sample_gives_the_frozen_funnel_faults_and_shards(folder: Path) -> None:
    found = json.loads((folder.parent / "found.json").read_text())
    expected = json.loads(GOLDEN.read_text())
    assert found["funnel"] == expected["funnel"]
    assert found["domains"] == expected["domains"]
    assert found["faults"] == expected["faults"]
    assert found["shards"] == expected["shards"]


def test_the_mix_has_its_shares_of_tokens_of_crawl_and_curated_inputs(folder: Path) -> None:
    rows = parquet(folder / "shards").to_table(columns=["domain", "tokens", "crawl"])
    tokens = rows.group_by("domain").aggregate([("tokens", "sum")]).to_pylist()
    total = sum(row["tokens_sum"] for row in tokens)
    shares = {row["domain"]: row["tokens_sum"] / total for row in tokens}
    wanted = {"general": 0.5, "math": 0.25, "code": 0.17, "multilingual": 0.08}
    assert shares == pytest.approx(wanted, abs=0.02)  # a page is the least that can be drawn
    from_where = set(zip(*(rows[name].to_pylist() for name in ("crawl", "domain")), strict=True))
    assert {("libraries", "code"), ("sympy", "math"), ("sample", "math")} <= from_where
    assert {domain for crawl, domain in from_where if crawl == "sample"} == wanted.keys()


def test_every_page_is_a_document_or_a_reject_once(folder: Path) -> None:
    positions = {
        table: ds.dataset(folder / table).to_table(columns=["position"]).column(0).to_pylist()
        for table in ("documents", "rejects", "keys")
    }
    assert sorted(positions["documents"] + positions["rejects"]) == sorted(positions["keys"])
    assert len(set(positions["keys"])) == len(positions["keys"])


def test_nothing_that_was_planted_survives(folder: Path) -> None:
    planted = planted_values()
    tables = [parquet(folder / name) for name in ("documents", "rejects", "cuts", "shards")]
    texts = [
        str(value)
        for table in tables
        for field in table.schema
        if pa.types.is_string(field.type)
        for value in table.to_table(columns=[field.name]).column(0)
        if value.is_valid
    ]
    assert len(planted) > 20
    assert [value for value in planted if any(value in text for text in texts)] == []


def test_every_reject_says_why_and_where(folder: Path) -> None:
    for row in ds.dataset(folder / "rejects").to_table().to_pylist():
        assert row["drop_reason"]
        assert row["file"].endswith((".warc.gz", ".jsonl.gz"))
        assert row["offset"] >= 0


def test_the_manifest_names_every_file_that_counts_and_they_are_whole(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        data = (folder / file["path"]).read_bytes()
        assert len(data) == file["bytes"]
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
    named = {file["path"] for file in manifest["files"]}
    there = {str(p.relative_to(folder)) for p in folder.rglob("*.parquet")}
    assert there == named


if __name__ == "__main__":
    with session() as spark, tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(run_sample(spark, Path(scratch, "run")), indent=1))  # noqa: T201
