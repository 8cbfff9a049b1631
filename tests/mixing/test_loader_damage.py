from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.errors import UserError
from curation.mixing.loader import Loader, ShardDataset
from tests.mixing.data_sets import describe, write_data_set


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path / "shards", (50, 60))


def last(folder: Path) -> Path:
    return max(folder.glob("*.parquet"))


def told(folder: Path, workers: int = 0) -> str:
    with pytest.raises(UserError) as error:
        list(Loader(ShardDataset(str(folder)), num_workers=workers))
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("workers", [0, 2])
def test_a_missing_shard_is_named(folder: Path, workers: int) -> None:
    last(folder).unlink()
    assert told(folder, workers) == (
        f"{last_name(folder)}: is missing, though _manifest.json names it: copy it again"
    )


def last_name(folder: Path) -> str:
    files = json.loads((folder / "_manifest.json").read_text())["files"]
    return str(folder / files[-1]["path"])


def test_a_truncated_shard_is_named(folder: Path) -> None:
    content = last(folder).read_bytes()
    last(folder).write_bytes(content[:-10])
    assert f"has {len(content) - 10:,} bytes, not the {len(content):,}" in told(folder)


def test_a_shard_of_other_rows_is_named(folder: Path) -> None:
    manifest = json.loads((folder / "_manifest.json").read_text())
    manifest["files"][1]["rows"] = 61
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    assert "has 60 rows, not the 61 of the manifest" in told(folder)


@pytest.mark.parametrize("where", ["text", "footer"])
def test_a_damaged_shard_is_named(folder: Path, where: str) -> None:
    """Not every change shows in what is read: `verify` finds all."""
    content = bytearray(last(folder).read_bytes())
    texts = pq.read_metadata(last(folder)).row_group(0).column(2)
    at = {"text": texts.data_page_offset, "footer": len(content) - 40}[where]
    content[at : at + 40] = bytes(40)
    last(folder).write_bytes(content)
    assert "cannot be read as Parquet, it may be damaged" in told(folder)
    ShardDataset(str(folder), rank=0, world_size=2).verify()  # its part: the first file
    with pytest.raises(UserError, match=r"is not what _manifest.json tells of \(sha256\)"):
        ShardDataset(str(folder), rank=1, world_size=2).verify()


def test_a_column_that_is_not_there_is_told_at_once_with_those_that_are(folder: Path) -> None:
    with pytest.raises(UserError, match=r"no column title, but these: doc_id, domain, text"):
        ShardDataset(str(folder), columns=("text", "title"))


def test_a_column_that_a_later_shard_lacks_is_told_where_it_is_missing(folder: Path) -> None:
    rows = pq.read_table(last(folder)).drop_columns(["domain"])
    pq.write_table(rows, last(folder))
    described = describe(folder, last(folder).name, rows.num_rows)
    manifest = json.loads((folder / "_manifest.json").read_text())
    manifest["files"][-1] = described
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    data = ShardDataset(str(folder), columns=("text", "domain"))
    with pytest.raises(UserError, match="no column domain, but these: doc_id, text"):
        list(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no data set: no _manifest.json there"),
        ("{", "is damaged, or no manifest"),
        ('{"files": [{"path": "a"}]}', "is damaged, or no manifest"),
        ("[]", "is damaged, or no manifest"),
        ('{"files": []}', "the data set is empty"),
    ],
)
def test_a_folder_without_a_manifest_is_told(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "_manifest.json").write_text(content)
    with pytest.raises(UserError, match=message):
        ShardDataset(str(tmp_path))


def test_row_groups_of_any_size_are_read(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "odd", (3000, 10), group_rows=700)
    assert pq.ParquetFile(last(folder)).num_row_groups == 1
    rows = list(ShardDataset(str(folder), batch_rows=9))
    assert [row["text"] for batch in rows for row in batch] == [f"text {n}" for n in range(3010)]
