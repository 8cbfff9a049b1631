"""`spark.read.format("warc")` on the sample's files and on small ones made here."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession

import curation.sample
from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import Tally, read_pages
from curation.warc_source import WARC_PAGE, WarcDataSource
from tests.ingest.warcs import cut, http, member, record, save

SAMPLE = Path(curation.sample.__file__).parent
HOSTILE, CLIPPED = str(SAMPLE / "hostile.warc.gz"), str(SAMPLE / "clipped.warc.gz")
Row = dict[str, Any]


@pytest.fixture
def warc(spark: SparkSession) -> DataFrameReader:
    spark.dataSource.register(WarcDataSource)
    return spark.read.format("warc")


def rows_of(frame: DataFrame) -> list[Row]:
    rows: list[Row] = frame.toArrow().to_pylist()
    return sorted(rows, key=lambda row: (row["file"], row["offset"], row["doc_id"] or ""))


def small(folder: Path, name: str, *ids: str, kind: str = "response") -> str:
    blocks = {"response": http(b"<p>Hi"), "conversion": b"Hi\r\n\n"}
    records = [record(blocks[kind], record_id=record_id, kind=kind) for record_id in ids]
    return save(folder, name, b"".join(member(r) for r in records))


def test_a_response_is_a_row(warc: DataFrameReader, tmp_path: Path) -> None:
    uri = small(tmp_path, "x.warc.gz", "7")
    frame = warc.load(uri)
    assert frame.schema == WARC_PAGE.spark
    row = {
        "doc_id": "6eb5fadd947c8e383bcb595fe3926a9a",
        "url": "http://example.com/7",
        "url_key": "http://example.com/7",
        "host": "example.com",
        "site": "example.com",
        "fetched_at": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        "record_id": "<urn:uuid:7>",
        "file": uri,
        "offset": 0,
        "html": b"<p>Hi",
        "charset": "cp1252",
        "text": None,
        "drop_reason": None,
        "detail": None,
    }
    (found,) = rows_of(frame)
    assert found == row
    assert list(found) == list(row)


def test_pages_and_rejects_are_those_of_ingest(warc: DataFrameReader) -> None:
    (split,), tally = cut(HOSTILE), Tally()
    source, config = InputConfig(paths=(HOSTILE,)), IngestConfig(max_body_bytes=5000)
    batches = read_pages(split, source, config, seed=5, tally=tally)
    pages = pa.Table.from_batches(batches).to_pylist()
    rows = rows_of(warc.option("maxBodyBytes", 5000).load(HOSTILE).where("doc_id IS NOT NULL"))
    assert rows == [{name: page[name] for name in WARC_PAGE.arrow.names} for page in pages]
    reasons = {row["drop_reason"] for row in rows}
    assert {"body_too_large", "redirect", None} < reasons
    assert len(rows) > 40


def test_split_bytes_change_the_partitions_and_no_row(warc: DataFrameReader) -> None:
    whole = warc.load(CLIPPED)
    pieces = warc.option("splitBytes", 1 << 14).load(CLIPPED)
    assert (whole.rdd.getNumPartitions(), pieces.rdd.getNumPartitions()) == (1, 3)
    assert len(rows_of(whole)) == 11 + 2
    assert rows_of(pieces) == rows_of(whole)


def test_damage_is_a_row_without_a_page(warc: DataFrameReader) -> None:
    rows = rows_of(warc.load(CLIPPED).where("doc_id IS NULL"))
    checksum = "Error -3 while decompressing data: incorrect data check"
    end = "the file ends inside a gzip member"
    nothing = dict.fromkeys(WARC_PAGE.arrow.names) | {"file": CLIPPED}
    assert rows == [
        nothing | {"offset": 16637, "drop_reason": "fault:corrupt", "detail": checksum},
        nothing | {"offset": 35088, "drop_reason": "fault:clipped", "detail": end},
    ]


def test_lists_folders_and_patterns_give_each_file_once(
    warc: DataFrameReader, tmp_path: Path
) -> None:
    for name in ("a, b/1.warc.gz", "a, b/2.warc.gz", "c/3.warc", "c/4.warc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        small(tmp_path, name, name[-9:])
    shutil.copy(SAMPLE / "SOURCES.md", tmp_path / "c")
    paths = [f"file://{tmp_path}/a, b", f"{tmp_path}/a*/[1].warc.gz", f"{tmp_path}/c/../c/4.warc"]
    found = [row["file"].removeprefix(f"{tmp_path}/") for row in rows_of(warc.load(paths))]
    assert found == ["a, b/1.warc.gz", "a, b/2.warc.gz", "c/4.warc"]


@pytest.mark.parametrize(("name", "options"), [("x.wet.gz", {}), ("x.dat", {"format": "wet"})])
def test_wet_gives_text(
    warc: DataFrameReader, tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    uri = small(tmp_path, name, "1", kind="conversion")
    (row,) = rows_of(warc.options(**options).load(uri))
    assert (row["text"], row["html"], row["drop_reason"]) == ("Hi", None, None)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("nowhere", {}, "/nowhere: no such file, and no folder with files of a known format"),
        ("*.warc", {}, "/*.warc: no file matches"),
        ("rows.jsonl", {}, "/rows.jsonl: is jsonl: format 'warc' reads WARC and WET"),
        ("", {"splitByte": "1"}, "unknown option 'splitbyte': known are format, splitBytes,"),
        ("", {"splitBytes": "64m"}, "option 'splitBytes': Input should be a valid integer"),
        ("", {"splitBytes": "9"}, "option 'splitBytes': Input should be greater than or equal"),
        ("", {"maxBodyBytes": "0"}, "option 'maxBodyBytes': Input should be greater than or"),
        ("", {"format": "jsonl"}, "option 'format': Input should be 'auto', 'warc' or 'wet'"),
    ],
)
def test_load_says_what_is_wrong(
    warc: DataFrameReader, tmp_path: Path, name: str, options: dict[str, str], message: str
) -> None:
    save(tmp_path, "rows.jsonl", b"{}\n")
    with pytest.raises(PySparkException) as raised:
        warc.options(**options).load(f"{tmp_path}/{name}")
    assert f"UserError: {tmp_path if name else ''}{message}" in str(raised.value)


def test_a_path_and_no_schema_must_be_given(warc: DataFrameReader) -> None:
    with pytest.raises(PySparkException, match="UserError: no path: give load"):
        warc.load()
    with pytest.raises(PySparkException, match="UserError: the columns of format 'warc' are fixed"):
        warc.schema("url string").load(HOSTILE).count()
