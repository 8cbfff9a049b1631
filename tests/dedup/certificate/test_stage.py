"""Near-deduplication with the certificate, of texts whose similarity is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from benchmarks.dedup.small import number_of, write_run
from curation.dedup.certificate.jaccard import jaccard
from curation.dedup.config import CertificateConfig, DedupConfig
from curation.dedup.minhash import MinHashParams, shingle_sets
from curation.dedup.near import Clusters
from curation.dedup.stage import deduplicate
from curation.parts import Parts
from curation.tables import read_file
from tests import runs
from tests.dedup.pairs import pairs_of_similarity

NEAR = MinHashParams(n=64, bands=3, rows=4)  # of pairs at the threshold, half do not meet
CERTIFICATE = CertificateConfig(similarities=(0.5, 0.75, 0.9))
CONFIG = DedupConfig(near=NEAR, lines=None, certificate=CERTIFICATE)


def corpus() -> list[str]:
    """Pairs near the threshold, and one page with too few shingles."""
    found = ["too few words"]
    for similarity in (0.65, 0.7, 0.75, 0.8):
        for one, other in zip(*pairs_of_similarity(similarity, 25, seed=3), strict=True):
            found += [one, other]
    return found


TEXTS = corpus()
LANGUAGES = ("en", "en", "en", "en", "de")  # some pairs are of two languages


def run(
    spark: SparkSession, parts: Parts, config: DedupConfig = CONFIG
) -> tuple[Clusters, dict[str, list[dict[str, Any]]]]:
    """What was found; and the rows of each table that was written, by doc_id."""
    found = deduplicate(spark, parts, config, pages=len(TEXTS), documents=len(TEXTS))
    rows: dict[str, list[dict[str, Any]]] = {"verdicts": [], "clusters": []}
    for file in found.files:
        rows[file["table"]] += read_file(parts.folder, file).read().to_pylist()
    return found, {name: sorted(of, key=lambda row: row["doc_id"]) for name, of in rows.items()}


def without_positions(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{k: v for k, v in row.items() if not k.endswith("position")} for row in of]
        for name, of in rows.items()
    }


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return write_run(tmp_path_factory.mktemp("certificate"), TEXTS, CONFIG, languages=LANGUAGES)


@pytest.fixture(scope="module")
def ran(spark: SparkSession, parts: Parts) -> tuple[Clusters, dict[str, list[dict[str, Any]]]]:
    return run(spark, parts)


def exhaustive(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What the checks must find, by comparing all with all."""
    shingles = shingle_sets(pa.array(TEXTS), NEAR)
    sets = [np.frombuffer(value.as_buffer() or b"", "<u8") for value in shingles]
    gone = number_of([row["doc_id"] for row in rows]).tolist()
    keepers = number_of([row["keeper"] for row in rows]).tolist()
    of_gone = [jaccard(sets[a], sets[b]) for a, b in zip(gone, keepers, strict=True)]
    kept = sorted(set(range(len(TEXTS))) - set(gone))
    missed = {
        a
        for a in kept
        for b in kept
        if a != b
        and LANGUAGES[a % 5] == LANGUAGES[b % 5]
        and jaccard(sets[a], sets[b]) >= NEAR.threshold
    }
    return {
        "checked:removals": len(gone),
        "false:removals": sum(similarity < NEAR.threshold for similarity in of_gone),
        "far:removals": sum(similarity < NEAR.threshold - 0.05 for similarity in of_gone),
        "checked:kept": len(kept),
        "missed:kept": len(missed),
    }


def test_checks_find_what_comparing_all_with_all_does(
    ran: tuple[Clusters, dict[str, list[dict[str, Any]]]],
) -> None:
    found, rows = ran
    expected = exhaustive(rows["verdicts"])
    assert {name: found.checks[name] for name in expected} == expected
    assert expected["false:removals"] > 0 < expected["missed:kept"]  # else it is too easy


def test_planted_pages_meet_as_often_as_the_bands_say(
    ran: tuple[Clusters, dict[str, list[dict[str, Any]]]],
) -> None:
    checks = ran[0].checks
    for similarity, least, most in (("0.5", 0.05, 0.35), ("0.75", 0.5, 0.8), ("0.9", 0.9, 1)):
        assert checks[f"planted:{similarity}"] + checks[f"too_short:{similarity}"] == len(TEXTS)
        share = checks[f"met:{similarity}"] / checks[f"planted:{similarity}"]
        assert least <= share <= most  # 0.18, 0.68, 0.96
        assert checks[f"found:{similarity}"] <= checks[f"met:{similarity}"]
    assert checks["found:0.5"] == 0 < checks["found:0.75"] < checks["met:0.75"]
    assert checks["too_short:0.9"] >= 1


def test_nothing_planted_changes_or_enters_a_table(
    spark: SparkSession, parts: Parts, ran: tuple[Clusters, dict[str, list[dict[str, Any]]]]
) -> None:
    found, rows = run(spark, parts, replace(CONFIG, certificate=None))
    assert found.checks == {}
    assert rows == ran[1]
    assert (found.rounds, found.pairs) == (ran[0].rounds, ran[0].pairs)
    assert all(row["position"] >= 0 for of in ran[1].values() for row in of)


def test_the_certificate_is_the_same_however_pages_lie(
    spark: SparkSession,
    tmp_path: Path,
    ran: tuple[Clusters, dict[str, list[dict[str, Any]]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("curation.parts._PART_BYTES", 1)  # a part for each split
    monkeypatch.setattr("curation.dedup.near._KEYS_PER_TASK", 200)
    monkeypatch.setattr("curation.dedup.certificate.jaccard._PAIRS_PER_TASK", 40)
    parts = write_run(tmp_path, TEXTS, CONFIG, splits=4, languages=LANGUAGES)
    with runs.shuffle_partitions(spark, 3):
        found, rows = run(spark, parts)
    assert len(parts) == 4
    assert found.checks == ran[0].checks
    assert without_positions(rows) == without_positions(ran[1])


def test_a_sample_of_few_pages_is_of_so_many(spark: SparkSession, parts: Parts) -> None:
    few = replace(CONFIG, certificate=CertificateConfig(pages=5, similarities=(0.9,)))
    checks = run(spark, parts, few)[0].checks
    assert checks["planted:0.9"] + checks["too_short:0.9"] == 5
    assert checks["checked:removals"] == checks["checked:kept"] == 5
