"""What a page counts as, in literal rows; and that the result depends on pages alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation.hosts.config import HostPiiConfig, HostsConfig, HostUnsafeConfig
from curation.hosts.count import COUNTS, count_keys
from curation.hosts.stage import judge_hosts
from curation.hosts.tables import write_hosts
from curation.parts import Parts
from curation.tables import write_file
from schemas.host import HOST, SITE
from schemas.keys import KEYS
from schemas.verdict import VERDICT
from tests import runs

Row = dict[str, Any]
CONFIG = HostsConfig(
    pii=HostPiiConfig(min_count=5, min_ratio=0.1),
    unsafe=HostUnsafeConfig(max_dirty_words_ratio=0.02, max_toxicity=0.5),
)
FREE: Row = {"n_pii": 0, "pii_ratio": 0.0, "dirty_words_ratio": 0.0, "toxicity": 0.0}


def keys(*rows: Row) -> pa.RecordBatch:
    return KEYS.batch(
        {
            "doc_id": f"{position:032x}",
            "position": position,
            "order_key": position,
            "input": "crawl",
            "is_version": True,
            "curated": False,
            "row_hash": position,
            "host": "a.example",
            "site": "example",
            **row,
        }
        for position, row in enumerate(rows)
    )


def counted(row: Row, *, gone: Sequence[int] = (), config: HostsConfig = CONFIG) -> Row:
    """The counts that are not 0."""
    table = count_keys(keys(row), np.array(gone, np.int64), config, ["host"])
    (found,) = table.select(COUNTS).to_pylist()
    return {name: number for name, number in found.items() if number}


DOCUMENT = {"pages": 1, "documents": 1, "pii_looked_at": 1, "unsafe_looked_at": 1}


@pytest.mark.parametrize(
    ("row", "more"),
    [
        (FREE, {}),
        ({**FREE, "n_pii": 5, "pii_ratio": 0.1}, {"pii_pages": 1}),
        ({**FREE, "n_pii": 4, "pii_ratio": 0.9}, {}),  # a business with an address and a number
        ({**FREE, "n_pii": 50, "pii_ratio": 0.09}, {}),
        ({**FREE, "dirty_words_ratio": 0.03}, {"unsafe_pages": 1}),
        ({**FREE, "dirty_words_ratio": 0.02}, {}),
        ({**FREE, "toxicity": 0.6}, {"unsafe_pages": 1}),
        ({**FREE, "toxicity": 0.5}, {}),
        ({**FREE, "toxicity": 0.6, "dirty_words_ratio": 0.03}, {"unsafe_pages": 1}),
        ({**FREE, "toxicity": None, "dirty_words_ratio": None}, {}),
    ],
)
def test_a_document_counts_by_its_measures(row: Row, more: Row) -> None:
    assert counted(row) == {**DOCUMENT, **more}


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ({"drop_reason": "redirect"}, {}),
        ({"drop_reason": "blocked_host"}, {}),
        ({"drop_reason": "blocked_url"}, {"unsafe_looked_at": 1, "unsafe_pages": 1}),
        ({"drop_reason": "too_many_numbers"}, {}),
        (
            {"drop_reason": "too_much_pii", "n_pii": 10, "pii_ratio": 0.05},
            {"pii_looked_at": 1, "pii_pages": 1},
        ),
        (
            {"drop_reason": "too_much_pii", "n_pii": 10, "pii_ratio": 0.2},
            {"pii_looked_at": 1, "pii_pages": 1},
        ),
        (
            {"drop_reason": "too_toxic", **FREE, "toxicity": 0.4, "dirty_words_ratio": None},
            {"pii_looked_at": 1, "unsafe_looked_at": 1, "unsafe_pages": 1},
        ),
        (
            {"drop_reason": "too_many_dirty_words", **FREE, "dirty_words_ratio": 0.5},
            {"pii_looked_at": 1, "unsafe_looked_at": 1, "unsafe_pages": 1},
        ),
        ({"drop_reason": "opted_out", **FREE}, {"pii_looked_at": 1}),
        (
            {"drop_reason": "too_few_words", **FREE},
            {"pii_looked_at": 1, "unsafe_looked_at": 1},
        ),
        (
            {"drop_reason": "too_few_words", **FREE, "dirty_words_ratio": 0.5},
            {"pii_looked_at": 1, "unsafe_looked_at": 1, "unsafe_pages": 1},
        ),
    ],
)
def test_a_reject_counts_where_it_was_looked_at(row: Row, counts: Row) -> None:
    assert counted(row) == {"pages": 1, **counts}


def test_measures_are_not_looked_at_without_a_limit() -> None:
    none = HostsConfig(unsafe=HostUnsafeConfig(max_dirty_words_ratio=None))
    assert counted({**FREE, "toxicity": 1.0, "dirty_words_ratio": 1.0}, config=none) == DOCUMENT


def test_only_documents_are_duplicates() -> None:
    assert counted(FREE, gone=[0]) == {**DOCUMENT, "duplicates": 1}
    assert counted({"drop_reason": "redirect"}, gone=[0]) == {"pages": 1}


def test_pages_without_a_host_are_in_no_sum() -> None:
    batch = keys({**FREE, "host": None}, FREE, {**FREE, "host": "b.example"}, FREE)
    table = count_keys(batch, np.zeros(0, np.int64), CONFIG, ["host"]).select(["host", "pages"])
    assert sorted(table.to_pydict()["host"]) == ["a.example", "b.example"]
    assert dict(zip(*table.to_pydict().values(), strict=True)) == {"a.example": 2, "b.example": 1}


HEAVY: Row = {**FREE, "n_pii": 9, "pii_ratio": 0.5}
DIRTY: Row = {"drop_reason": "too_many_dirty_words", **FREE, "dirty_words_ratio": 0.5}
PAGES: list[Row] = [
    *[{**HEAVY, "host": "pii.example", "site": "pii.example"}] * 15,
    *[{**FREE, "host": "pii.example", "site": "pii.example"}] * 10,
    *[{**DIRTY, "host": "x.bad.example", "site": "bad.example"}] * 21,
    *[{**FREE, "host": "x.bad.example", "site": "bad.example"}] * 2,
    *[{**FREE, "host": "y.bad.example", "site": "bad.example"}] * 4,
    *[{"drop_reason": "redirect", "host": "y.bad.example", "site": "bad.example"}] * 2,
    *[{**HEAVY, "host": "few.example", "site": "few.example"}] * 5,
    *[{**HEAVY, "host": None, "site": None}] * 30,
]


def a_run(folder: Path, splits: int, seed: int | None) -> Parts:
    """The same pages in so many splits, each a part, in an order of their own."""
    pages = [{**page, "doc_id": f"{i:032x}"} for i, page in enumerate(PAGES)]
    if seed is not None:
        pages = [pages[i] for i in np.random.default_rng(seed).permutation(len(pages))]
    files = {}
    for split in range(splits):
        rows = [
            {**page, "position": (split << 32) + i} for i, page in enumerate(pages[split::splits])
        ]
        name = f"{split:06d}-{'0' * 12}-0"
        table = pa.Table.from_batches([keys(*rows)])
        files[split] = [write_file(str(folder), name, KEYS, table)]
    return Parts(str(folder), range(splits + 1), files, dict.fromkeys(range(splits), "crawl"))


def outcome(spark: SparkSession, parts: Parts) -> tuple[Any, ...]:
    """Verdicts by document, counts, and both tables."""
    receipt = judge_hosts(spark, parts, CONFIG)
    files = write_hosts(spark, replace(parts, verdicts=[]), CONFIG)

    def rows(table: str, by: str, some: Sequence[Row]) -> list[Row]:
        paths = [f"{parts.folder}/{file['path']}" for file in some if file["table"] == table]
        found: list[Row] = ds.dataset(paths).to_table().sort_by(by).to_pylist()
        return found

    verdicts = [{**row, "position": 0} for row in rows(VERDICT.name, "doc_id", receipt.files)]
    tables = rows(HOST.name, "host", files), rows(SITE.name, "site", files)
    return verdicts, receipt.counts, *tables


def test_neither_parts_nor_order_nor_partitions_change_anything(
    spark: SparkSession, tmp_path: Path
) -> None:
    expected = outcome(spark, a_run(tmp_path / "one", 1, None))
    verdicts, counts, hosts, sites = expected
    assert [int(row["doc_id"], 16) for row in verdicts] == [*range(25), 46, 47]
    of = {"host_high_pii": 25, "host_unsafe": 2, "kept": 39, "in": 66}
    assert counts == {("hosts", "crawl", outcome): pages for outcome, pages in of.items()}
    assert {(row["drop_reason"], row["detail"]) for row in verdicts} == {
        ("host_high_pii", "15 of 25 pages, a share of 0.36 at least"),
        ("host_unsafe", "21 of 23 pages, a share of 0.66 at least"),
    }
    assert [(row["host"], row["pages"], row["drop_reason"]) for row in hosts] == [
        ("few.example", 5, None),
        ("pii.example", 25, "host_high_pii"),
        ("x.bad.example", 23, "host_unsafe"),
        ("y.bad.example", 6, None),
    ]
    assert [(row["site"], row["hosts"], row["pages"]) for row in sites] == [
        ("bad.example", 2, 29),
        ("few.example", 1, 5),
        ("pii.example", 1, 25),
    ]
    assert sites[0]["rejects"] == [
        {"reason": "redirect", "pages": 2},
        {"reason": "too_many_dirty_words", "pages": 21},
    ]
    with runs.shuffle_partitions(spark, 3):
        assert outcome(spark, a_run(tmp_path / "many", 3, 1)) == expected
