"""The stage over keys alone, against a brute-force count."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.arrow_text import Ints
from curation.dedup.buckets import mixed
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.keys import LineKeyer
from curation.dedup.lines.stage import deduplicate_lines
from curation.dedup.minhash import blocks
from curation.exchange import spread
from curation.left import drop_letters, drop_lines
from schemas.keys import KEYS
from tests.dedup.keys import key, make_parts
from tests.dedup.lines.naive import left

BUCKETS = 3
LINES = [
    *("Terms of use", "terms: of use!", "Page 1 of 20", "page ٣ of ٢٠", "版权所有", "版权所有。"),
    *(
        "สงวนลิขสิทธิ์",
        "جميع الحقوق محفوظة",
        "é",
        "e\u0301",
        "",
        "   ",
        "***",
        "<EMAIL>",
        "A <PHONE> b",
    ),
]


def pages(number: int) -> list[dict[str, Any]]:
    """Of two languages, with lines that come from few, some of them of other kinds than prose."""
    dice = random.Random(1)
    found = []
    for index in range(number):
        lines = [dice.choice([*LINES, f"alone {chr(97 + index % 26) * index}"]) for _ in range(9)]
        kinds = dice.choice([None, "".join(dice.choices("pphct", k=9))])
        order = dice.randrange(-(2**63), 2**63)
        language = dice.choice(["en", "zh", None])
        texts = {"text": "\n".join(lines), "line_kinds": kinds, "language": language}
        found.append(
            {**key(index), "position": (index % 4) << 32 | index, "order_key": order} | texts
        )
    return found


def keys_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    batch = pa.RecordBatch.from_pylist([{n: r[n] for n in ("text", "line_kinds")} for r in rows])
    keyer = LineKeyer(batch)
    for some, tokens in blocks(batch.column("text")):
        keyer.add(some, tokens)
    found = pa.RecordBatch.from_pydict(keyer.found()).to_pylist()
    return [
        {n: v for n, v in (r | f).items() if n in KEYS.arrow.names}
        for r, f in zip(rows, found, strict=True)
    ]


def bucket_of(rows: list[dict[str, Any]]) -> Ints:
    return spread(mixed(np.array([row["order_key"] for row in rows])), BUCKETS)


@pytest.mark.parametrize(("tasks", "splits"), [(1, 4), (5, 2)])
def test_lines_left_are_those_of_a_brute_force_count(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tasks: int, splits: int
) -> None:
    rows = pages(60)
    monkeypatch.setattr("curation.dedup.lines.stage._KEYS_PER_TASK", 60 * 40 // tasks + 1)
    parts = make_parts(
        tmp_path, [keys_of([r for r in rows if r["position"] >> 32 == s]) for s in range(4)]
    )
    firsts = [*range(0, 4, 4 // splits), 4]
    parts = replace(parts, firsts=firsts)
    config = LinesConfig(buckets=BUCKETS, min_words=None, audit_lines=0)
    receipt = deduplicate_lines(spark, spark.sparkContext.broadcast(parts), config, documents=60)
    judged = replace(parts, verdicts=receipt.files)
    found = {
        row["position"]: row
        for part in range(len(judged))
        for batch in judged.kept(part, KEYS, ["text_bytes", "dropped_lines"])
        for row in batch.to_pylist()
    }
    expected = left(
        zip(
            bucket_of(rows).tolist(),
            *([r[n] for r in rows] for n in ("language", "text", "line_kinds")),
            strict=True,
        )
    )
    texts = pa.array([row["text"] for row in rows])
    dropped = pa.array(
        [found.get(r["position"], {}).get("dropped_lines") for r in rows], pa.binary()
    )
    there = [n for n, row in enumerate(rows) if row["position"] in found]
    assert [drop_lines(texts, dropped)[n].as_py() for n in there] == [expected[n] for n in there]
    changed = [n for n in there if expected[n] != rows[n]["text"]]
    assert len(changed) > 20
    assert [found[rows[n]["position"]]["text_bytes"] for n in changed] == [
        len(expected[n].encode()) for n in changed
    ]
    kinds = drop_letters(pa.array([row["line_kinds"] for row in rows], pa.string()), dropped)
    assert all(
        k is None or len(k) == expected[n].count("\n") + 1
        for n, k in enumerate(kinds.to_pylist())
        if n in there
    )
    gone = set(range(60)) - set(there)
    assert all(not any(c.isalnum() for c in expected[n].replace("EMAIL", "")) for n in gone)
