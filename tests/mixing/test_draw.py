from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation.domains.config import DomainsConfig
from curation.mixing.chances import chances_of
from curation.mixing.config import MixConfig, ShardsConfig
from curation.mixing.stage import Mixing, make_mix
from schemas.arrow import with_columns
from schemas.keys import KEYS
from tests.mixing.made import documents, parts_of
from tests.runs import shuffle_partitions

MIX = MixConfig(
    tokens=20_000,
    epochs={"math": 3.5, "code": 2},
    hosts={"h1.example": 0.5},
    topics={"shopping": 0.3},
    inputs={"books": 0.1},
)


def pages(number: int) -> list[dict[str, Any]]:
    """Documents of all domains, qualities, hosts and topics, of two inputs."""
    dice, rows = random.Random(5), documents(number)
    for row in rows:
        row["domain"] = dice.choices(["general", "math", "code", "multilingual"], [80, 4, 6, 10])[0]
        row["quality"] = dice.choice([None, 0.0, 0.25, 1.0])
        row["host"] = dice.choice([None, "h1.example", "h2.example"])
        row["topic"] = dice.choice([None, "shopping", "science"])
        row["input"] = dice.choice(["crawl"] * 9 + ["books"])
        row["tokens"] = dice.randrange(1, 60)
    return rows


def naive(rows: list[dict[str, Any]], mix: MixConfig, *, fill: bool) -> dict[tuple[str, int], int]:
    """Tokens of each entry that is drawn, by doc_id and epoch, one at a time.

    Behind an entry that is too long others `fill` the gap.
    """
    entries = defaultdict(list)
    keys = KEYS.batch(
        {"is_version": True, "curated": False, "row_hash": 0}
        | {name: value for name, value in row.items() if name in KEYS.arrow.names}
        for row in rows
    )
    none = pa.nulls(len(rows), pa.float32())
    numbers = chances_of(
        with_columns(keys, {"encoder_quality": none}), mix, DomainsConfig()
    ).numbers
    for row, number in zip(rows, numbers.tolist(), strict=True):
        part = row["input"] if row["input"] in mix.inputs else row["domain"]
        cap = min(
            mix.epochs.get(part, mix.max_epochs),
            mix.hosts.get(row["host"], 100.0),
            mix.topics.get(row["topic"], 100.0),
        )
        weight = 1.0 if row["quality"] is None else 0.5 + 1.5 * row["quality"]
        for epoch in range(100):
            if epoch + number < cap:
                entry = ((epoch + number) / weight, row["doc_id"], epoch, row["tokens"])
                entries[part].append(entry)
    shares = {"books": 0.1, "general": 0.45, "math": 0.225, "code": 0.153, "multilingual": 0.072}
    drawn: dict[tuple[str, int], int] = {}
    for part, of_part in entries.items():
        of_part.sort()
        wanted = left = round(shares[part] * (mix.tokens or 0))
        for entry in of_part:
            if left <= wanted // 1000:
                break
            if entry[3] <= left:
                drawn[entry[1:3]] = entry[3]
                left -= entry[3]
            elif not fill:
                break
    return drawn


def shipped(folder: Path) -> list[dict[str, Any]]:
    tables = [pq.read_table(file) for file in sorted((folder / "shards").iterdir())]
    return [row for table in tables for row in table.to_pylist()]


def mixed(
    spark: SparkSession, folder: Path, rows: list[dict[str, Any]], mix: MixConfig, splits: int
) -> list[dict[str, Any]]:
    parts = parts_of(spark, folder, rows, splits_of_part=splits)
    shards = ShardsConfig(target_tokens=3000)
    make_mix(spark, parts, Mixing(str(folder), mix, shards, DomainsConfig()))
    return shipped(folder)


@pytest.mark.parametrize(("splits_of_part", "few"), [(5, 10**6), (2, 3)])
def test_the_first_entries_of_each_part_are_drawn(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    splits_of_part: int,
    few: int,
) -> None:
    monkeypatch.setattr("curation.mixing.draw._FEW_ENTRIES", few)
    rows = pages(2000)
    found = mixed(spark, tmp_path, rows, MIX, splits_of_part)
    drawn = {(row["doc_id"], row["epoch"]): row["tokens"] for row in found}
    assert len(drawn) == len(found)
    if few > 3:
        assert drawn == naive(rows, MIX, fill=True)
    else:  # of many entries only those at the border are there to fill the gap
        assert drawn.items() >= naive(rows, MIX, fill=False).items()
    left_out = pq.read_table(tmp_path / "left_out")
    ids = {row["doc_id"] for row in found}
    assert ids.isdisjoint(left_out["doc_id"].to_pylist())
    assert ids | {*left_out["doc_id"].to_pylist()} == {row["doc_id"] for row in rows}
    assert len(ids) + left_out.num_rows == len(rows)
    of_mix = {row["part"]: row for row in pq.read_table(tmp_path / "mix").to_pylist()}
    assert sum(row["drawn_tokens"] for row in of_mix.values()) == sum(drawn.values())
    assert sum(row["rows"] for row in of_mix.values()) == len(drawn)
    assert sum(row["pages"] for row in of_mix.values()) == len(ids)
    assert of_mix["multilingual"]["missing_tokens"] == 0
    for row in of_mix.values():
        assert row["wanted_tokens"] - 60 < row["drawn_tokens"] <= row["wanted_tokens"]


def test_better_pages_are_drawn_more_often_and_capped_ones_less(
    spark: SparkSession, tmp_path: Path
) -> None:
    dice, rows = random.Random(7), pages(8000)
    for row in rows:
        row["order_key"] = dice.randrange(-(2**63), 2**63)
    found = mixed(spark, tmp_path, rows, replace(MIX, tokens=120_000), 5)
    times: dict[str, int] = defaultdict(int)
    for row in found:
        times[row["doc_id"]] += 1

    def rate(**wanted: object) -> float:
        of_kind = [
            times[row["doc_id"]]
            for row in rows
            if all(row[name] == value for name, value in wanted.items())
        ]
        return sum(of_kind) / len(of_kind)

    free = {"domain": "general", "input": "crawl", "host": "h2.example", "topic": "science"}
    best, worst = rate(**free, quality=1.0), rate(**free, quality=0.0)
    assert best > 2 * worst > 0
    assert rate(**free | {"topic": "shopping"}, quality=1.0) < 0.4 < best
    assert max(times.values()) > 1


def test_shards_are_the_same_for_any_partitions(spark: SparkSession, tmp_path: Path) -> None:
    made = []
    for number, splits_of_part in ((1, 5), (3, 2), (16, 1)):
        folder, rows = tmp_path / str(number), pages(800)
        random.Random(number).shuffle(rows)
        with shuffle_partitions(spark, number):
            mixed(spark, folder, rows, MIX, splits_of_part)
        files = sorted((folder / "shards").iterdir())
        made.append([(file.name, file.read_bytes()) for file in files])
    assert made[0] == made[1] == made[2]
    assert len(made[0]) > 3
