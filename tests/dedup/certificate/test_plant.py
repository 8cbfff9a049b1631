from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation.dedup.certificate.jaccard import jaccard
from curation.dedup.certificate.plant import plant_near, replace_some
from curation.dedup.certificate.planted import Planted
from curation.dedup.config import CertificateConfig
from curation.dedup.minhash import MinHashParams, matrix, signatures
from tests.dedup.pairs import pairs_of_similarity

PARAMS, CONFIG = MinHashParams(n=4096, bands=1, rows=1), CertificateConfig()
SHORT = " ".join(f"word{number}" for number in range(12))  # eight shingles


def pages(texts: list[str]) -> pa.RecordBatch:
    rows = range(len(texts))
    return pa.RecordBatch.from_pydict(
        {
            "position": pa.array([7 + row for row in rows], pa.int64()),
            "language": pa.array(["en"] * len(texts), pa.string()),
            "order_key": pa.array([-9 * row for row in rows], pa.int64()),
            "text": pa.array(texts, pa.string()),
        }
    )


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [*pairs_of_similarity(0.8, 6, seed=1)[0], SHORT, "!"]


@pytest.fixture(scope="module")
def planted(texts: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = plant_near(pages(texts), PARAMS, CONFIG).to_pylist()
    return rows


def test_the_jaccard_index_is_exactly_what_is_told() -> None:
    shingles = np.arange(1000, 1090, dtype=np.uint64)
    for number in (0, 1, 45, 90):
        made = replace_some(shingles, number, np.random.SeedSequence([1, number]))
        assert len(np.unique(made)) == 90
        assert jaccard(shingles, made) == (90 - number) / (90 + number)


def test_every_page_has_a_row_per_similarity_near_what_is_wanted(
    planted: list[dict[str, Any]], texts: list[str]
) -> None:
    assert len(planted) == len(texts) * 8
    for row in planted[: 6 * 8]:
        assert row["similarity"] == pytest.approx(CONFIG.similarities[row["level"]], abs=0.01)
        # A signature of 4,096 minima errs by .008 at most.
        assert row["estimate"] == pytest.approx(row["similarity"], abs=0.04)
    assert {row["origin"] for row in planted} == set(range(7, 7 + len(texts)))


def test_signatures_are_those_of_other_pages(planted: list[dict[str, Any]]) -> None:
    first = [row["signature"] for row in planted[:8]]
    assert len(set(first)) == 8
    again = plant_near(pages([]), PARAMS, CONFIG)
    assert again.num_rows == 0


def test_estimates_are_of_the_signatures_that_pages_have_in_keys(
    planted: list[dict[str, Any]], texts: list[str]
) -> None:
    own = matrix(signatures(pa.array(texts[:1]), PARAMS), PARAMS)[0]
    for row in planted[:8]:
        found = np.frombuffer(row["signature"], "<u4")
        assert row["estimate"] == (found == own).mean()


def test_pages_with_too_few_shingles_are_left_out(planted: list[dict[str, Any]]) -> None:
    short, empty = planted[6 * 8 : 7 * 8], planted[7 * 8 :]
    left = [CONFIG.similarities[row["level"]] for row in short if row["signature"]]
    assert left == [0.6]  # 6 of 10
    assert not any(row["signature"] or row["estimate"] for row in empty)


def test_what_is_planted_depends_on_the_page_and_the_seed_alone(texts: list[str]) -> None:
    config = CertificateConfig(similarities=(0.75,))
    every = plant_near(pages(texts), PARAMS, config)
    one = plant_near(pages(texts).slice(2, 1), PARAMS, config)
    assert one.to_pylist() == every.slice(2, 1).to_pylist()
    other = plant_near(pages(texts), replace(PARAMS, seed=2), config)
    assert not set(other.column("signature").to_pylist()[:6]) & set(
        every.column("signature").to_pylist()
    )


def test_met_is_who_shares_a_key_with_its_own_original(tmp_path: Any) -> None:
    origins = pa.array([10, 10, 20, 30], pa.int64())
    planted = Planted("this", pa.RecordBatch.from_pydict({"origin": origins}))
    keys = np.array([1, 1, 1, 2, 2, 3, 4, 4, 5], np.uint64)
    # 1: own and another; 2: own; 3: alone; 4: another; 5: alone
    positions = np.array([10, -1, -3, 20, -3, -2, 30, -2, -4], np.int64)
    planted.note_met(str(tmp_path), keys, positions)
    planted.note_met(str(tmp_path), keys, positions)
    planted.note_met(str(tmp_path), keys[:1], positions[:1])
    assert len(list(tmp_path.glob("met/*"))) == 2
    Planted("that", planted.pages).note_met(str(tmp_path), keys[-3:-1], np.array([30, -4]))
    assert planted.read_met(str(tmp_path)).tolist() == [True, False, True, False]
