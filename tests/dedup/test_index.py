"""Indexes of runs that are made of keys alone: what is in them, and that merging has no order."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation.dedup import index_files
from curation.dedup.earlier import Finished
from curation.dedup.index import Index, Signatures, merged
from curation.dedup.index_files import build_index, merge_indexes
from curation.errors import UserError
from schemas.keys import KEYS
from tests.dedup.keys import doc_id, key, make_parts

SIGNATURES = Signatures(ngram=5, n=112, seed=1)


def hashed(number: int) -> str:
    """A doc_id that, as real ones, lies anywhere."""
    return f"{random.Random(number).getrandbits(128):032x}"


def finished(folder: Path, run: str, keys: list[dict[str, Any]], splits: int = 3) -> Finished:
    cut = [
        [{**k, "position": number << 32 | row} for row, k in enumerate(keys[number::splits])]
        for number in range(splits)
    ]
    parts = replace(make_parts(folder, cut), run=run)
    documents = sum(k.get("drop_reason") is None for k in keys)
    return Finished(parts, SIGNATURES, 3, len(keys), documents)


def pages(start: int) -> list[dict[str, Any]]:
    return [
        key(number, 1 + number % 9, url=number, doc_id=hashed(number), text_hash=number)
        for number in range(start, start + 40)
    ]


def contents(folder: str) -> dict[str, bytes]:
    root = Path(folder)
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_of_pages_that_are_not_in_only_the_newest_of_each_url_is_kept(
    spark: SparkSession, tmp_path: Path
) -> None:
    out: dict[str, Any] = {"drop_reason": "no_text"}
    keys = [
        key(1, 3),
        key(2, 5, **out),
        key(3, 4, **out),
        key(4, 5, **out),  # as new as page 2
        key(5, 9, is_version=False, drop_reason="redirect"),
        key(6, 1, url=None, **out),
        key(7, None, url=2, **out),
        key(8, 9, url=3, **out),
        key(9, 1, url=3, curated=True, **out),
    ]
    index = build_index(spark, finished(tmp_path / "run", "r", keys), str(tmp_path / "index"))
    rows = ds.dataset(tmp_path / "index" / "keys").to_table()
    assert rows["doc_id"].to_pylist() == [doc_id(n) for n in (1, 2, 4, 7, 9)]
    assert rows["drop_reason"].to_pylist() == [None, *["no_text"] * 4]
    assert index.runs == [{"id": "r", "documents": 1, "pages": 9}]


def test_the_same_run_cut_otherwise_gives_the_same_index(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_files, "_DOCUMENTS_PER_FILE", 8)
    keys, found = pages(0), []
    for splits in (1, 4):
        random.Random(splits).shuffle(keys)
        run = finished(tmp_path / f"run-{splits}", "r", keys, splits)
        found.append(build_index(spark, run, str(tmp_path / f"index-{splits}")))
    one, other = (contents(index.folder) for index in found)
    assert one == other
    assert len(found[0].files) > 3
    (parts,) = found[0].parts()
    read = [b for p in range(len(parts)) for b in parts.read(p, KEYS, ["doc_id"])]
    ids = [name for batch in read for name in batch.column("doc_id").to_pylist()]
    assert ids == sorted(hashed(number) for number in range(40))


def test_merging_in_any_order_gives_the_same_bytes(spark: SparkSession, tmp_path: Path) -> None:
    def build(run: str, start: int) -> Index:
        made = finished(tmp_path / run, run, pages(start))
        return build_index(spark, made, str(tmp_path / f"index-{run}"))

    def merge(name: str, *indexes: Index) -> Index:
        return merge_indexes(spark, indexes, str(tmp_path / name))

    a, b, c = build("a", 0), build("b", 100), build("c", 20)
    left = merge("left", merge("ab", a, b), c)
    right = merge("right", a, merge("bc", b, c))
    turned = merge("turned", c, b, a)
    assert contents(left.folder) == contents(right.folder) == contents(turned.folder)
    assert [run["id"] for run in left.runs] == ["a", "b", "c"]
    with pytest.raises(UserError, match="the run b is in two"):
        merged([left, b], "x")
    other = replace(a, signatures=None)
    with pytest.raises(UserError, match="made in different ways"):
        merged([other, b], "x")
