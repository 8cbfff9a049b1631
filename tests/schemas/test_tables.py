from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from schemas.arrow import Column, SchemaError, Table
from schemas.document import DOCUMENT
from schemas.drop_reason import TECHNICAL, DropReason
from schemas.host import HOST, SITE
from schemas.keys import KEYS
from schemas.layout import LAYOUT
from schemas.receipt import RECEIPT
from schemas.reject import REJECT
from schemas.removal import REMOVAL
from schemas.shard import SHARD
from schemas.verdict import VERDICT

ALL = [DOCUMENT, REJECT, KEYS, VERDICT, HOST, SITE, SHARD, RECEIPT, LAYOUT, REMOVAL]
SMALL = Table("small", (Column("a", pa.int64(), "", False), Column("b", pa.string(), "")))


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_spark_form_has_the_same_columns(spark: SparkSession, table: Table) -> None:
    frame = spark.createDataFrame([], table.spark)
    assert frame.columns == table.arrow.names
    assert [f.nullable for f in table.spark.fields] == [c.nullable for c in table.columns]


def test_conform_orders_completes_and_leaves_out() -> None:
    batch = pa.RecordBatch.from_pydict({"x": [1], "a": pa.array([7], pa.int64())})
    assert SMALL.conform(batch).to_pylist() == [{"a": 7, "b": None}]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": pa.array(["7"])}, "small.a: expected int64, got string"),
        ({"a": pa.array([None], pa.int64())}, "small.a: 1 nulls"),
        ({"b": pa.array(["x"])}, "small.a: 1 nulls"),
    ],
)
def test_what_is_not_of_the_table_is_refused(columns: dict[str, pa.Array], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        SMALL.conform(pa.RecordBatch.from_pydict(columns))


def test_an_unknown_column_in_a_row_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"unknown columns \['c'\]"):
        SMALL.batch([{"a": 1, "c": 2}])


def test_shards_hold_nothing_that_depends_on_where_a_page_was() -> None:
    assert not {"position", "file", "offset", "input", "order_key"} & set(SHARD.arrow.names)


def test_reasons_are_spelled_as_their_names() -> None:
    assert [reason.value for reason in DropReason] == [r.name.lower() for r in DropReason]
    assert set(DropReason) > TECHNICAL
