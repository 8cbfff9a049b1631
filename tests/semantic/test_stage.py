"""Keys and scores in files of splits in; verdicts out, the same however the run is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.semantic import stage
from curation.semantic.config import SemanticConfig
from curation.semantic.pages import PAGE
from curation.tables import write_file
from schemas.verdict import VERDICT
from tests.runs import shuffle_partitions
from tests.semantic.small import Row, crowd, find, names_of, page, verdicts_of

EAST, NEAR_EAST, NORTH = (127, 0, 0), (126, 9, 0), (0, 127, 0)


def test_literal_verdicts(spark: SparkSession, tmp_path: Path) -> None:
    rows = [
        page(1, EAST, encoder_quality=0.2),
        page(2, NEAR_EAST, encoder_quality=0.7, input="other"),
        page(3, NORTH, encoder_quality=0.1),
        page(4, EAST, encoder_quality=0.2),
    ]
    found = find(spark, tmp_path, rows, SemanticConfig(threshold=0.9))
    told = ("doc_id", "input", "drop_reason", "keeper", "similarity", "detail")
    assert [tuple(row[name] for name in told) for row in verdicts_of(tmp_path, found)] == [
        (
            *(f"{name:032x}", "crawl", "semantic_duplicate", f"{2:032x}"),
            *(pytest.approx(0.997459), f"cosine 0.997459 to {2:032x}"),
        )
        for name in (1, 4)
    ]
    assert found.gone == {"crawl": 2}
    assert found.beside == {
        "vectors:compared": 4,
        "vectors:equal": 1,
        "clusters:found": 1,
        "clusters:cut": 0,
    }


def test_who_takes_no_part(spark: SparkSession, tmp_path: Path) -> None:
    rows = [
        page(1, EAST, encoder_quality=0.9),  # has a verdict
        page(2, EAST, encoder_quality=0.8, drop_reason="too_few_words"),
        page(3, None, encoder_quality=0.7),
        page(4, (0, 0, 0), encoder_quality=0.6),
        page(5, EAST, encoder_quality=0.5, n_tokens=0),  # has no score
        page(6, EAST, encoder_quality=0.4),
        page(7, EAST, encoder_quality=0.3),
    ]
    gone = {**rows[0], "drop_reason": "low_encoder_quality"}
    names = ("doc_id", "position", "input", "drop_reason")
    verdict = pa.Table.from_batches([VERDICT.batch([{name: gone[name] for name in names}])])
    before = [write_file(str(tmp_path), "000000-000005-a", VERDICT, verdict)]
    found = find(spark, tmp_path, rows, SemanticConfig(), verdicts=before)
    assert names_of(tmp_path, found) == {7: 6}
    assert found.beside["vectors:compared"] == 2


@pytest.mark.parametrize("rows", [[page(1, None)], [page(1, EAST)]])
def test_nobody_goes_alone(spark: SparkSession, tmp_path: Path, rows: list[Row]) -> None:
    found = find(spark, tmp_path, rows, SemanticConfig())
    assert (found.files, found.gone) == ([], {})


def test_the_run_may_be_cut_anyhow(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, seen = crowd(300), []
    config = SemanticConfig(
        threshold=0.95, pages_per_cluster=20, max_pages_per_cluster=25, sample=150
    )
    for number, splits_of_part in ((1, 6), (3, 2), (7, 1)):
        monkeypatch.setattr(stage, "_PAGES_PER_TASK", 100 if number == 7 else 1000)
        folder = tmp_path / str(number)
        with shuffle_partitions(spark, number):
            found = find(spark, folder, rows, config, splits_of_part=splits_of_part)
        seen.append((verdicts_of(folder, found), found.gone, found.beside))
        random.Random(number).shuffle(rows)
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][2]["clusters:found"] > 3
    assert seen[0][2]["clusters:cut"] > 0


def test_the_sample_is_of_the_lowest_draws_in_their_order(spark: SparkSession) -> None:
    dice = random.Random(2)
    draws = [dice.randrange(-(2**63), 2**63) for _ in range(2000)]

    def pages(part: int) -> Iterator[pa.RecordBatch]:
        some = draws[part::2]
        rows = [page(0, (n % 100, n // 100), merit=None, draw=draw) for n, draw in enumerate(some)]
        yield pa.RecordBatch.from_pylist(rows, PAGE)

    sample = stage._sample(spark, pages, 2, every=len(draws), wanted=30)
    lowest = [draws.index(draw) // 2 for draw in sorted(draws)[:30]]
    assert sample.tolist() == [[n % 100, n // 100] for n in lowest]
