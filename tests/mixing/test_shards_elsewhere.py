"""What other tools make of a data set folder, as it is: the rows that our loader gives."""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import pytest

from curation.mixing.loader import ShardDataset
from tests.mixing.data_sets import write_data_set

COLUMNS = ("doc_id", "domain", "text", "tokens", "epoch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    texts = ["plain", "zwei\nZeilen", "日本語", "'quoted', \"twice\""]
    made = tmp_path_factory.mktemp("elsewhere") / "shards"
    return str(write_data_set(made, (1300, 7, 200), group_rows=1024, texts=texts))


@pytest.fixture(scope="module")
def expected(folder: str) -> list[dict[str, Any]]:
    return list(ShardDataset(folder, columns=COLUMNS))


def test_hugging_face_datasets_streams_them(
    folder: str, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    files = f"{folder}/shard-*.parquet"
    streamed = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    assert list(streamed) == expected


def test_duckdb_reads_them(folder: str, expected: list[dict[str, Any]]) -> None:
    with duckdb.connect() as database:
        read = database.execute(f"SELECT {', '.join(COLUMNS)} FROM '{folder}/*.parquet'").fetchall()
    assert [dict(zip(COLUMNS, row, strict=True)) for row in read] == expected


def test_ray_data_reads_them(
    folder: str, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    ray.init(
        address="local",
        num_cpus=1,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 << 20,
        logging_level=logging.ERROR,
    )
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        read = ray.data.read_parquet(folder, file_extensions=["parquet"]).take_all()
    finally:
        ray.shutdown()
    assert sorted(read, key=lambda row: row["doc_id"]) == expected
