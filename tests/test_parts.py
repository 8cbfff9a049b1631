from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation import parts as module
from curation.errors import UserError
from curation.parts import Parts, is_in, plan_parts, read_documents
from curation.tables import write_file
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.removal import REMOVAL
from schemas.verdict import VERDICT
from tests import runs


def position(split: int, row: int) -> int:
    return split << 32 | row


def files_of(folder: Path, splits: dict[int, int]) -> dict[int, list[dict[str, Any]]]:
    """Splits with so many rows of keys each; every fourth page is a reject."""
    files = {}
    for split, number in splits.items():
        rows = [
            {
                "doc_id": f"{split:016x}{row:016x}",
                "position": position(split, row),
                "order_key": 0,
                "input": "crawl",
                "is_version": True,
                "curated": False,
                "row_hash": 0,
                "drop_reason": None if row % 4 else "no_text",
            }
            for row in range(number)
        ]
        table = pa.Table.from_batches([KEYS.batch(rows)])
        files[split] = [write_file(str(folder), f"{split:06d}-x-0", KEYS, table)]
    return files


def judge(folder: Path, parts: Parts, gone: list[int]) -> Parts:
    """Verdicts on these positions, in files by part."""
    of = parts.of(np.array(gone))
    files = []
    for part in np.unique(of).tolist():
        rows = [
            {"position": p, "doc_id": "d", "input": "crawl", "drop_reason": "older_version"}
            for p in sorted(np.array(gone)[of == part].tolist())
        ]
        table = pa.Table.from_batches([VERDICT.batch(rows)])
        files.append(write_file(str(folder), f"{parts.name(part)}-x", VERDICT, table))
    return replace(parts, verdicts=files)


@pytest.mark.parametrize("part_bytes", [1, 1 << 21, 1 << 30])
def test_every_split_is_in_one_part_and_meets_its_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    splits = {0: 9, 1: 5, 4: 8, 7: 3}  # a sample has gaps
    files, inputs = files_of(tmp_path, splits), dict.fromkeys(splits, "crawl")
    monkeypatch.setattr(module, "_PART_BYTES", part_bytes)
    parts = plan_parts(str(tmp_path), files, inputs, KEYS)
    gone = [position(0, 1), position(4, 2), position(4, 7), position(7, 1)]
    judged = judge(tmp_path, parts, gone)
    found = [
        (part, p)
        for part in range(len(judged))
        for batch in judged.kept(part, KEYS, ["doc_id"])
        for p in batch["position"].to_pylist()
    ]
    every = {position(s, row) for s, number in splits.items() for row in range(number) if row % 4}
    assert sorted(p for _, p in found) == sorted(every - set(gone))
    assert [part for part, _ in found] == parts.of(np.array([p for _, p in found])).tolist()
    empty = {"table": "verdicts", "path": "verdicts/empty.parquet", "rows": 0, "bytes": 1}
    assert replace(parts, verdicts=[empty]).gone(0).tolist() == []
    if part_bytes == 1:
        # Verdicts that were written for other parts are found as well.
        monkeypatch.setattr(module, "_PART_BYTES", 1 << 30)
        whole = replace(plan_parts(str(tmp_path), files, inputs, KEYS), verdicts=judged.verdicts)
        assert whole.gone(0).tolist() == sorted(gone)


def test_earlier_runs_lie_behind_and_are_read_where_they_are(tmp_path: Path) -> None:
    given = {"new": {0: 5, 2: 3}, "a": {0: 4, 1: 6}, "none": {}, "b": {1: 7}}
    parts = {
        name: plan_parts(
            str(tmp_path / name),
            files_of(tmp_path / name, splits),
            dict.fromkeys(splits, name),
            KEYS,
        )
        for name, splits in given.items()
    }
    parts["a"] = judge(tmp_path / "a", parts["a"], [position(0, 1), position(1, 5)])
    joined = parts["new"].joined([replace(parts[name], run=name) for name in ("a", "none", "b")])
    rows = [
        (part, row["position"])
        for part in range(len(joined))
        for batch in joined.kept(part, KEYS, ["doc_id"])
        for row in batch.to_pylist()
    ]
    at = np.array([p for _, p in rows])
    assert [part for part, _ in rows] == joined.of(at).tolist()
    assert len(set(at.tolist())) == len(rows) == 3 + 2 + (3 - 1) + (4 - 1) + 5
    counted = dict(
        zip(*np.unique(joined.run_of(at).fill_null(""), return_counts=True), strict=True)
    )
    assert counted == {"": 5, "a": 5, "b": 5}
    assert (at < joined.end).sum() == 5
    assert {part < joined.own for part, p in rows if p >= joined.end} == {False}


def test_pages_that_were_taken_down_are_nowhere(tmp_path: Path) -> None:
    splits = {0: 5, 1: 3}
    parts = plan_parts(
        str(tmp_path), files_of(tmp_path, splits), dict.fromkeys(splits, "crawl"), KEYS
    )
    down = [position(0, 0), position(0, 2), position(1, 1)]  # the first one is a reject
    row = {
        "removal": 1,
        "input": "crawl",
        "asked": "url x",
        "was": "shards",
        "shards": [],
        "superseded": False,
    }
    rows = [
        {**row, "position": p, "doc_id": "d", "taken_at": datetime(2026, 1, 1, tzinfo=UTC)}
        for p in down
    ]
    table = pa.Table.from_batches([REMOVAL.batch(rows)])
    file = write_file(str(tmp_path), f"{parts.name(0)}-x", REMOVAL, table)
    without = replace(parts, removals=[file])
    every = [position(split, row) for split, rows in splits.items() for row in range(rows)]
    (first, second) = without.read(0, KEYS, ["doc_id"])
    assert first.schema.names == second.schema.names == ["doc_id"]
    found = [p for b in without.read(0, KEYS, ["position"]) for p in b["position"].to_pylist()]
    assert found == [p for p in every if p not in down]
    left = [p for b in without.kept(0, KEYS, []) for p in b["position"].to_pylist()]
    assert left == [p for p in every if p not in (*down, position(0, 4), position(1, 0))]
    assert without.taken_down(0).tolist() == down


def test_an_empty_run_has_no_part() -> None:
    assert len(plan_parts("/nowhere", {}, {}, KEYS)) == 0


def test_is_in() -> None:
    assert is_in(np.array([3, 1, 9]), np.array([1, 3, 4])).tolist() == [True, True, False]
    assert is_in(np.array([3]), np.array([], np.int64)).tolist() == [False]


def test_documents_are_read_without_those_that_went(spark: SparkSession, tmp_path: Path) -> None:
    text = "One text, which stands in two files of rows.\n"
    (tmp_path / "in").mkdir()
    for name in "ab":
        row = f'{{"id": "{name}", "text": "{text.strip()}"}}\n'
        (tmp_path / "in" / f"{name}.jsonl").write_text(row)
    runs.run(spark, [tmp_path / "in"], tmp_path / "run", "inputs.0.stages=[]")
    batches = [*read_documents(str(tmp_path / "run"), ["record_id", "text"])]
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["text"] for row in rows] == [text.strip()]
    with pytest.raises(UserError):
        [*read_documents(str(tmp_path), ["text"])]


def test_a_run_without_a_document_has_nothing_to_read(tmp_path: Path) -> None:
    files = [
        write_file(str(tmp_path), "empty", table, pa.Table.from_batches([table.batch([])]))
        for table in (KEYS, DOCUMENT, VERDICT)
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}))
    assert list(read_documents(str(tmp_path), ["text"])) == []


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'txt': did you mean 'text'"):
        list(read_documents(str(tmp_path), ["txt"]))
    with pytest.raises(UserError, match="is not the folder of a finished run"):
        list(read_documents(str(tmp_path), ["text"]))
