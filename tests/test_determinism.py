"""The same input and recipe give the same shards, byte for byte, however they are made."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from curation.storage import join, put
from tests import runs


@pytest.mark.parametrize("partitions", [1, 7])
def test_shuffle_partitions(
    spark: SparkSession,
    small_input: Path,
    expected_shards: dict[str, bytes],
    tmp_path: Path,
    partitions: int,
) -> None:
    with runs.shuffle_partitions(spark, partitions):
        runs.run(spark, [small_input], tmp_path / "run")
    assert runs.shards(tmp_path / "run") == expected_shards


@pytest.mark.parametrize("target_bytes", [20_000, 10_000_000])
def test_split_sizes(
    spark: SparkSession,
    small_input: Path,
    expected_shards: dict[str, bytes],
    tmp_path: Path,
    target_bytes: int,
) -> None:
    override = f"splits.target_bytes={target_bytes}"
    runs.run(spark, [small_input], tmp_path / "run", override)
    assert runs.shards(tmp_path / "run") == expected_shards


def test_input_files_cut_differently_and_given_twice(
    spark: SparkSession, small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    whole = b"".join(file.read_bytes() for file in sorted(small_input.iterdir(), reverse=True))
    pieces = runs.members(whole)
    cut = tmp_path / "cut"
    cut.mkdir()
    for number in range(3):
        (cut / f"{number}.warc.gz").write_bytes(b"".join(pieces[number::3]))
    (cut / "again.warc.gz").write_bytes(b"".join(pieces[::5]))
    outcome = runs.run(spark, [cut], tmp_path / "run")
    assert runs.shards(tmp_path / "run") == expected_shards
    assert runs.reasons(outcome, "crawl", "dedup")["repeated_record"] > 10


def test_s3_to_s3(small_input: Path, expected_shards: dict[str, bytes], s3: str) -> None:
    for file in small_input.iterdir():
        put(join(s3, "in", file.name), file.read_bytes())
    given = ["run", "--recipe", "default", "--input", join(s3, "in", "*.warc.gz")]
    small = [*runs.SMALL_OPTIONS, *runs.ONE_CORE]
    done = runs.curate(*given, "--output", join(s3, "run"), *small)
    assert done.returncode == 0, done.stderr
    assert runs.shards(join(s3, "run")) == expected_shards
    again = runs.curate(*given, "--output", join(s3, "run"), *small)
    assert "finished already" in again.stderr
