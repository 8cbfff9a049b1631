"""Trainers read shards with the tools that they have; all must see the same rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.dataset as ds
import pytest

from schemas.shard import SHARD


@pytest.fixture(scope="module")
def folder(expected_shards: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shards")
    for name, data in expected_shards.items():
        (made / name).write_bytes(data)
    return made


def test_pyarrow_datasets_and_duckdb_read_the_same_rows(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    table = ds.dataset(folder).to_table()
    assert table.schema.names == SHARD.arrow.names
    ids = table.column("doc_id").to_pylist()
    texts = table.column("text").to_pylist()
    assert len(set(ids)) == len(ids) > 50
    loaded = datasets.load_dataset(
        "parquet", data_dir=str(folder), split="train", cache_dir=str(tmp_path)
    )
    assert loaded["doc_id"][:] == ids
    assert loaded["text"][:] == texts
    query = f"SELECT doc_id, text FROM read_parquet('{folder}/*.parquet')"
    assert duckdb.connect().execute(query).fetchall() == list(zip(ids, texts, strict=True))


def test_shards_are_of_about_equal_size(folder: Path) -> None:
    sizes = [
        sum(len(text.encode()) for text in ds.dataset(file).to_table().column("text").to_pylist())
        for file in sorted(folder.iterdir())
    ]
    largest_document = max(
        len(text.encode()) for text in ds.dataset(folder).to_table().column("text").to_pylist()
    )
    assert max(sizes) - min(sizes) <= 2 * largest_document
