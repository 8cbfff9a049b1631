"""Thresholds as verdicts: keys in files of splits in, verdicts out, however the run is cut."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from curation.domains.config import DomainsConfig
from curation.parts import Parts
from curation.quality.config import Cut, DomainCut, QualityConfig
from curation.quality.stage import judge_quality
from curation.receipts import DOMAIN, IN, KEPT
from curation.tables import TableWriter, read_file
from schemas.keys import KEYS

SPLITS = 4


def keys(number: int) -> list[dict[str, Any]]:
    """Documents in two languages; every tenth has no score, every twentieth is curated."""
    dice = random.Random(7)
    return [
        {
            "doc_id": f"{index:032x}",
            "position": (index % SPLITS) << 32 | index // SPLITS,
            "order_key": dice.randrange(2**62),
            "input": "crawl",
            "is_version": True,
            "row_hash": 0,
            "text_bytes": 100,
            "language": dice.choice(["en", "de"]),
            "quality": None if index % 10 == 0 else dice.random(),
            "curated": index % 20 == 1,
            "domain": "math" if index % 20 == 1 else None,
            "drop_reason": "too_few_words" if index % 7 == 0 else None,
        }
        for index in range(number)
    ]


def parts_of(folder: Path, rows: list[dict[str, Any]], splits_of_part: int) -> Parts:
    files = {}
    for split in range(SPLITS):
        writer = TableWriter(str(folder), f"{split:06d}", KEYS)
        writer.add(KEYS.batch([row for row in rows if row["position"] >> 32 == split]))
        files[split] = writer.close()
    firsts = [*range(0, SPLITS, splits_of_part), SPLITS]
    return Parts(str(folder), firsts, files, dict.fromkeys(range(SPLITS), "crawl"))


def judge(
    spark: SparkSession, folder: Path, config: QualityConfig, splits_of_part: int = 1
) -> tuple[dict[int, str], Any]:
    parts = parts_of(folder, keys(400), splits_of_part)
    receipt = judge_quality(spark, parts, config, DomainsConfig())
    rows = [
        row for file in receipt.files for row in read_file(str(folder), file).read().to_pylist()
    ]
    assert {row["drop_reason"] for row in rows} <= {"low_quality"}
    return {row["position"]: row["detail"] for row in rows}, receipt.counts


def judged(language: str) -> list[dict[str, Any]]:
    """Those that a threshold may drop, best first."""
    rows = [
        row
        for row in keys(400)
        if row["language"] == language and row["quality"] is not None
        if not row["curated"] and row["drop_reason"] is None
    ]
    return sorted(rows, key=lambda row: -row["quality"])


@pytest.mark.parametrize("splits_of_part", [1, 4])
def test_the_best_share_of_each_language_stays(
    spark: SparkSession, tmp_path: Path, splits_of_part: int
) -> None:
    config = QualityConfig(
        general=DomainCut(keep=0.25), multilingual=DomainCut(languages={"de": Cut(keep=0.5)})
    )
    gone, counts = judge(spark, tmp_path, config, splits_of_part)
    expected: set[int] = set()
    for language, keep in (("en", 0.25), ("de", 0.5)):
        rows = judged(language)
        expected |= {row["position"] for row in rows[math.ceil(len(rows) * keep) :]}
    assert set(gone) == expected
    stay = sum(row["drop_reason"] is None for row in keys(400))
    assert counts["quality", "crawl", IN] == stay
    assert counts["quality", "crawl", KEPT] == stay - len(gone)
    domains = [n for (_, _, name), n in counts.items() if name.startswith(DOMAIN)]
    assert sum(domains) == stay - len(gone)
    assert counts["quality", "crawl", "domain:math"] == sum(
        row["curated"] and row["drop_reason"] is None for row in keys(400)
    )


def test_a_least_score(spark: SparkSession, tmp_path: Path) -> None:
    config = QualityConfig(general=DomainCut(min_score=0.3))
    gone, _ = judge(spark, tmp_path, config)
    low = [row for row in judged("en") if row["quality"] < 0.3]
    assert set(gone) == {row["position"] for row in low}
    assert gone[low[0]["position"]] == f"quality {low[0]['quality']:.6g} under 0.3: general in en"


def test_nobody_goes_where_nothing_is_asked(spark: SparkSession, tmp_path: Path) -> None:
    gone, counts = judge(spark, tmp_path, QualityConfig())
    assert gone == {}
    assert counts["quality", "crawl", IN] == counts["quality", "crawl", KEPT] > 0


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_ends(spark: SparkSession, tmp_path: Path, keep: float) -> None:
    gone, _ = judge(spark, tmp_path, QualityConfig(general=DomainCut(keep=keep)))
    assert len(gone) == (0 if keep else len(judged("en")))
