"""Keys and scores in files of splits in; verdicts out, the same however the run is cut."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.semantic.config import SemanticConfig
from curation.tables import write_file
from schemas.verdict import VERDICT
from tests.runs import shuffle_partitions
from tests.semantic import naive
from tests.semantic.small import Row, find, names_of, page, verdicts_of

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


def test_who_is_better(spark: SparkSession, tmp_path: Path) -> None:
    other = {"input": "books", "curated": True}
    rows = [
        page(1, (127, 0, 0), encoder_quality=0.5, quality=0.9),  # the encoder's counts
        page(2, (127, 0, 0), quality=0.6),  # else fastText's
        page(3, (0, 127, 0), encoder_quality=0.5),
        page(4, (0, 127, 0), encoder_quality=0.5),  # and then the doc_id
        page(5, (0, 0, 127), encoder_quality=0.0),
        page(6, (0, 0, 127)),  # no quality is worst
        page(7, (90, 90, 0), encoder_quality=0.9),
        page(8, (90, 90, 0), encoder_quality=0.1, **other),  # curated pages stay, first of all
        page(9, (90, 90, 0), encoder_quality=0.2, **other),
    ]
    found = find(spark, tmp_path, rows, SemanticConfig())
    assert names_of(tmp_path, found) == {1: 2, 4: 3, 6: 5, 7: 9}


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


def test_at_a_threshold_of_1_only_equal_directions_go(spark: SparkSession, tmp_path: Path) -> None:
    near = (127, 1, 0)  # a cosine of .99997
    rows = [page(1, EAST), page(2, near), page(3, EAST), page(4, near), page(5, (1, 0, 0))]
    found = find(spark, tmp_path, rows, SemanticConfig(threshold=1))
    assert names_of(tmp_path, found) == {3: 1, 4: 2, 5: 1}


@pytest.mark.parametrize("rows", [[], [page(1, None)], [page(1, EAST)]])
def test_nobody_goes_alone(spark: SparkSession, tmp_path: Path, rows: list[Row]) -> None:
    found = find(spark, tmp_path, rows, SemanticConfig())
    assert (found.files, found.gone) == ([], {})


def crowd(number: int) -> list[Row]:
    """Pages around some directions, a third of them equal to others."""
    dice = random.Random(3)
    around = [[dice.randint(-90, 90) for _ in range(8)] for _ in range(12)]
    rows = []
    for name in range(number):
        vector = [value + dice.randint(-15, 15) * (name % 3) for value in dice.choice(around)]
        values: Row = {"encoder_quality": dice.choice([None, 0.1, 0.5]), "quality": dice.random()}
        if name % 25 == 0:
            values |= {"curated": True, "input": "books"}
        rows.append(page(name, vector, **values))
    return rows


def expected(rows: list[Row], threshold: float) -> dict[int, int]:
    """Who goes for whom by the greedy rule, among all of them."""

    def better(row: Row) -> tuple[bool, float, str]:
        known = row["encoder_quality"] is not None
        return not row["curated"], -row["encoder_quality" if known else "quality"], row["doc_id"]

    ordered = sorted(rows, key=better)
    vectors = [memoryview(row["embedding"]).cast("b").tolist() for row in ordered]
    judged = naive.judge(vectors, [not row["curated"] for row in ordered], threshold)
    names = [int(row["doc_id"], 16) for row in ordered]
    told = zip(ordered, names, judged, strict=True)
    return {name: names[keeper[0]] for row, name, keeper in told if keeper and not row["curated"]}


def test_one_cluster_is_judged_as_in_plain_python(spark: SparkSession, tmp_path: Path) -> None:
    rows = crowd(400)
    found = find(spark, tmp_path, rows, SemanticConfig(threshold=0.97))
    assert names_of(tmp_path, found) == expected(rows, 0.97)
    assert sum(found.gone.values()) > 200
    assert set(found.gone) == {"crawl"}


def test_the_run_may_be_cut_anyhow(spark: SparkSession, tmp_path: Path) -> None:
    rows, seen = crowd(300), []
    config = SemanticConfig(
        threshold=0.95, pages_per_cluster=20, max_pages_per_cluster=25, sample=150
    )
    for number, splits_of_part in ((1, 6), (3, 2), (7, 1)):
        folder = tmp_path / str(number)
        with shuffle_partitions(spark, number):
            found = find(spark, folder, rows, config, splits_of_part=splits_of_part)
        seen.append((verdicts_of(folder, found), found.gone, found.beside))
        random.Random(number).shuffle(rows)
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][2]["clusters:found"] > 3
    assert seen[0][2]["clusters:cut"] > 0
