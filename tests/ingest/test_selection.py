"""Selection through an index: which records are read, and that no other byte is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.all_splits import extract
from curation.errors import UserError
from curation.ingest.raw_page import parse_time
from curation.recipe import load
from curation.run import Run, new_run
from curation.storage import join, put
from tests import runs
from tests.proxy import Proxy


def index_rows(folder: Path) -> list[dict[str, Any]]:
    """What Common Crawl's index says of the files in `folder`, one row per response."""
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.warc.gz")):
        offset = 0
        for member in runs.members(path.read_bytes()):
            head, http = runs.unpack(member).split(b"\r\n\r\n", 1)
            fields = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head.decode(), re.MULTILINE))
            if fields["WARC-Type"] == "response":
                rows.append(
                    {
                        "url": fields.get("WARC-Target-URI"),
                        "fetch_time": parse_time(fields.get("WARC-Date", "")),
                        "fetch_status": int(http.split(b" ")[1]),
                        "content_truncated": fields.get("WARC-Truncated"),
                        "content_languages": "eng" if len(rows) % 3 else None,
                        "warc_filename": f"in/{path.name}",
                        "warc_record_offset": offset,
                        "warc_record_length": len(member),
                    }
                )
            offset += len(member)
    return rows


def write_index(path: Path, rows: list[dict[str, Any]]) -> Path:
    types = {"fetch_status": pa.int16(), "warc_record_offset": pa.int32()}
    table = pa.Table.from_pylist(rows)
    fields = [pa.field(f.name, types.get(f.name, f.type)) for f in table.schema]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.cast(pa.schema(fields)), path)
    return path


def open_run(index: str | Path, prefix: str | Path, folder: Path, *overrides: str) -> Run:
    values = [*runs.SMALL, "inputs.0.format=index", *overrides]
    recipe = load("default", paths=[str(index)], prefix=str(prefix), overrides=values)
    run = new_run(recipe, str(folder))
    run.open()
    return run


def records(folder: Path) -> set[tuple[str, int]]:
    """File and offset of every page that came in."""
    files = [path for name in ("documents", "rejects") for path in (folder / name).glob("*")]
    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    return {(row["file"], row["offset"]) for row in rows}


def test_a_whole_index_gives_the_shards_of_the_crawl(
    spark: SparkSession, small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    rows = index_rows(small_input)
    write_index(tmp_path / "1.parquet", rows[:40])
    write_index(tmp_path / "2.parquet", rows[40:])
    run = open_run(tmp_path / "?.parquet", small_input.parent, tmp_path / "out")
    outcome = pipeline.run(run, spark, runs.quiet())
    assert runs.shards(tmp_path / "out") == expected_shards
    skipped = outcome.skipped["crawl"]
    assert outcome.funnels["crawl"][0].pages_in == len(rows) - sum(skipped.values())
    assert (skipped["older_version"] > 5, skipped["failed_fetch"]) == (True, 1)
    # What ties is read, and decided by deduplication.
    gone = {"older_version": 1, "repeated_record": 1, "exact_duplicate": 1}
    assert runs.reasons(outcome, "crawl", "dedup") == gone


@pytest.mark.parametrize("over", ["all", "kept"])
def test_only_wanted_records_of_whole_fetches_are_read(
    spark: SparkSession, small_input: Path, tmp_path: Path, over: str
) -> None:
    pages = [row for row in index_rows(small_input) if "pages" in row["warc_filename"]][:9]
    old, new = dict(pages[0], content_languages="eng"), dict(pages[1], url=pages[0]["url"])
    new |= {"fetch_time": datetime(2030, 1, 1, tzinfo=UTC), "content_languages": "deu"}
    failed, cut = dict(pages[2], fetch_status=404), dict(pages[3], content_truncated="length")
    nowhere = dict(pages[6], warc_record_offset=None)
    wanted = dict(pages[4], content_languages="eng")
    rows = [old, new, failed, cut, nowhere, wanted, dict(pages[5], content_languages=None)]
    index = write_index(tmp_path / "index.parquet", rows)
    where = "inputs.0.where=content_languages = 'eng' or fetch_status = 404"
    run = open_run(index, small_input.parent, tmp_path / "out", where, f"dedup.over={over}")
    outcome = pipeline.run(run, spark, runs.quiet())
    read = [wanted, old] if over == "kept" else [wanted]
    file = str(small_input / "pages.warc.gz")
    assert records(tmp_path / "out") == {(file, row["warc_record_offset"]) for row in read}
    skipped = {"failed_fetch": 3, "not_selected": 2} | (
        {} if over == "kept" else {"older_version": 1}
    )
    assert outcome.skipped["crawl"] == skipped


@pytest.mark.usefixtures("spark")
def test_only_the_selected_ranges_are_requested(
    small_input: Path, tmp_path: Path, s3: str, proxy: Proxy
) -> None:
    for file in small_input.iterdir():
        put(join(s3, "in", file.name), file.read_bytes())
    rows = index_rows(small_input)
    chosen = rows[3:5] + rows[20:21] + rows[-2:-1]  # two neighbours, and two by themselves
    chosen[-1]["url"] = "http://a.example/"
    index = write_index(tmp_path / "index.parquet", chosen)
    put(join(s3, "index.parquet"), index.read_bytes())
    given = ["run", "--recipe", "default", "--input", join(s3, "index.parquet"), "--prefix", s3]
    given += ["--set", "inputs.0.format=index", "--output", join(s3, "out"), *runs.ONE_CORE]
    proxy.requests.clear()
    done = runs.curate(*given)
    assert done.returncode == 0, done.stderr
    asked = [r for r in proxy.requests if r.method == "GET" and ".warc.gz" in r.path]
    assert sum(r.body_bytes_sent for r in asked) == sum(r["warc_record_length"] for r in chosen)
    assert len(asked) == 3
    assert "ingest" in done.stdout


@pytest.mark.parametrize("folder", ["index", "index [1]"])  # the second not by Spark itself
@pytest.mark.parametrize(
    "time", [pa.timestamp("ms", "UTC"), pa.timestamp("ns"), pa.timestamp("us"), pa.string()]
)
def test_an_index_may_have_types_that_spark_has_not(
    spark: SparkSession, small_input: Path, tmp_path: Path, folder: str, time: pa.DataType
) -> None:
    rows = [row for row in index_rows(small_input) if "pages" in row["warc_filename"]][:3]
    rows[1]["url"] = rows[0]["url"]
    rows[0]["fetch_time"] = datetime(2001, 2, 3, tzinfo=UTC)
    table = pa.Table.from_pylist(rows)
    kinds = {
        "fetch_time": time,
        "content_languages": pa.dictionary(pa.int32(), pa.string()),
        "warc_record_offset": pa.uint64() if folder != "index" else pa.int64(),
        "url": pa.large_string(),
    }
    fields = [pa.field(f.name, kinds.get(f.name, f.type)) for f in table.schema]
    (tmp_path / folder).mkdir()
    pq.write_table(table.cast(pa.schema(fields)), tmp_path / folder / "1.parquet")
    (tmp_path / folder / "_SUCCESS").write_text("")
    run = open_run(tmp_path / "index*" / "*", small_input.parent, tmp_path / "out")
    extract(run, spark, runs.quiet())
    file = str(small_input / "pages.warc.gz")
    assert records(tmp_path / "out") == {(file, row["warc_record_offset"]) for row in rows[1:]}


def test_what_an_index_says_wrongly_is_told(
    spark: SparkSession, small_input: Path, tmp_path: Path
) -> None:
    rows = index_rows(small_input)[:5]
    rows[0]["warc_record_offset"] += 1
    rows[1]["warc_filename"] = rows[4]["warc_filename"] = "in/zz-gone.warc.gz"
    rows[2]["warc_record_length"] -= 9
    index = write_index(tmp_path / "index.parquet", rows)
    run = open_run(index, small_input.parent, tmp_path / "out")
    outcome = pipeline.run(run, spark, runs.quiet())
    assert outcome.funnels["crawl"][0].pages_in == 2
    assert dict(outcome.funnels["crawl"][0].reasons) == {"incomplete_record": 1}
    (gone,) = outcome.quarantined
    assert gone["file"] == f"{small_input.parent}/in/zz-gone.warc.gz"
    assert gone["detail"] == "No such file or directory (and 1 records more of this file)"
    faults = pq.read_table(tmp_path / "out" / "faults").to_pylist()
    assert sorted(fault["fault"] for fault in faults) == ["clipped", "corrupt", "quarantined"]


_WRONG = (
    ("nothing = 1", "nothing"),
    ("url = = 1", "syntax"),
    ("content_languages", "gives a string: expected a condition"),
    ("rand() < 0.5", "says something else each time"),
)


def test_an_index_without_its_columns_and_a_wrong_condition_are_refused(
    spark: SparkSession, small_input: Path, tmp_path: Path
) -> None:
    rows = index_rows(small_input)[:4]
    index = write_index(tmp_path / "index.parquet", rows)
    for where, told in _WRONG:
        run = open_run(index, tmp_path, tmp_path / told, f"inputs.0.where={where}")
        with pytest.raises(UserError, match=rf"(?i)input 'crawl': 'where'.*{told}"):
            extract(run, spark, runs.quiet())
    run = open_run(index, tmp_path, tmp_path / "elsewhere")
    with pytest.raises(UserError, match="named by the index, is not there: check 'prefix'"):
        extract(run, spark, runs.quiet())
    assert pipeline.take_back_quarantined(run, spark) == 0
    with pytest.raises(UserError, match="'https://' is not supported"):
        open_run(index, "https://data.example/", tmp_path / "https")
    for row in rows:
        del row["warc_filename"]
    write_index(index, rows)
    with pytest.raises(UserError, match="the index has no column 'warc_filename'"):
        open_run(index, tmp_path, tmp_path / "out")
