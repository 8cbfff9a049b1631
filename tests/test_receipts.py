from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from curation import receipts
from curation.receipts import Receipt
from curation.spark_tables import read_receipts
from schemas.arrow import SchemaError
from schemas.document import DOCUMENT
from schemas.keys import KEYS

FILE = {"table": "keys", "path": "keys/a.parquet", "rows": 3, "bytes": 9, "sha256": "00"}
FAULT = {"file": "f", "offset": 7, "fault": "clipped", "detail": "d"}


@pytest.fixture(params=["local", "s3"])
def folder(request: pytest.FixtureRequest) -> str:
    name: str = request.getfixturevalue(request.param)
    return name


def receipt(work: str, attempt: str) -> Receipt:
    counts = Counter({("ingest", "crawl", "in"): 3, ("ingest", "crawl", "kept"): 3})
    return Receipt(work, attempt, [FILE], counts, [FAULT], 1.5)


def test_the_first_attempt_wins_and_reads_back(folder: str) -> None:
    assert receipts.commit(folder, receipt("split-000001", "first"))
    assert not receipts.commit(folder, receipt("split-000001", "second"))
    assert receipts.read(folder, "split-000001") == receipt("split-000001", "first")


def test_done_names_the_work_that_has_a_receipt(folder: str) -> None:
    assert receipts.done(folder) == set()
    for work in ("split-000002", "dedup", "split-000001"):
        receipts.commit(folder, receipt(work, "a"))
    assert receipts.done(folder) == {"split-000001", "split-000002", "dedup"}


def test_receipts_are_read_as_a_table(spark: SparkSession, tmp_path: Path) -> None:
    folder, works = str(tmp_path), [f"split-{number:06d}" for number in range(7)]
    for work in works:
        receipts.commit(folder, receipt(work, "a"))
    table = read_receipts(spark, folder, works)
    assert [Receipt.from_row(row) for row in table.to_pylist()] == [receipt(w, "a") for w in works]
    assert receipts.counts(table) == {
        ("ingest", "crawl", "in"): 21,
        ("ingest", "crawl", "kept"): 21,
    }
    assert receipts.files(table, KEYS).to_pylist() == [{**FILE, "work": work} for work in works]
    assert receipts.files(table, DOCUMENT).num_rows == 0
    assert receipts.faults(table).to_pylist() == [{**FAULT, "work": work} for work in works]
    none = read_receipts(spark, folder, [])
    assert (none.num_rows, receipts.counts(none), receipts.files(none).num_rows) == (0, {}, 0)


def test_a_receipt_that_is_not_of_its_table_is_refused(folder: str) -> None:
    with pytest.raises((SchemaError, TypeError, ValueError)):
        receipts.commit(folder, Receipt("x", None))  # type: ignore[arg-type]
    assert receipts.done(folder) == set()
