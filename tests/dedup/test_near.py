from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.dedup import compare, components
from curation.dedup.compare_kernel import ALL_PAIRS
from curation.dedup.config import DedupConfig
from curation.dedup.lsh import band_keys
from curation.dedup.minhash import MinHashParams
from curation.dedup.near import Clusters, find_clusters, near_verdicts
from curation.parts import Parts
from curation.tables import read_file, write_file
from schemas.keys import KEYS
from schemas.verdict import VERDICT
from tests import runs
from tests.dedup.keys import key, make_parts, signature

Minima = npt.NDArray[np.uint32]
CONFIG = DedupConfig(keep=("longest",))
SMALL = MinHashParams(n=16, bands=4, rows=4, threshold=0.6)


def page(number: int, minima: Minima, world: int = 0, **more: Any) -> dict[str, Any]:
    return key(number, language=f"w{world}", signature=signature(minima), position=number, **more)


def world(dice: np.random.Generator, pages: int, spread: float) -> Minima:
    """Signatures of pages that all come from a few texts, more or less changed."""
    texts = int(dice.integers(1, 4))
    seeds = dice.integers(0, 2**32, (texts, SMALL.n), dtype=np.uint32)
    found = seeds[dice.integers(0, texts, pages)].copy()
    changed = dice.random(found.shape) < spread
    found[changed] = dice.integers(0, 4, changed.sum(), dtype=np.uint32)
    return found


def naive(
    keys: Sequence[dict[str, Any]], params: MinHashParams, old: Container[int] = ()
) -> set[int]:
    """The positions that go: of all pairs in a band, in the order of who stays: first `old`."""
    minima = np.array([np.frombuffer(k["signature"], "<u4") for k in keys])
    languages = np.array([int(k["language"][1:]) for k in keys], np.uint64)
    bands = band_keys(minima, languages, params)
    order = sorted(
        range(len(keys)),
        key=lambda row: (
            keys[row]["position"] not in old,
            -keys[row]["text_bytes"],
            keys[row]["doc_id"],
        ),
    )
    met: dict[Any, list[int]] = defaultdict(list)
    gone = set()
    for row in order:
        before = {other for band in bands[row].tolist() for other in met[band]}
        if keys[row]["position"] not in old and any(
            (minima[row] == minima[other]).mean() >= params.threshold for other in before
        ):
            gone.add(keys[row]["position"])
            continue
        for band in bands[row].tolist():
            met[band].append(row)
    return gone


def find(
    spark: SparkSession, parts: Parts, params: MinHashParams, *, old_wins: bool = True
) -> tuple[Clusters, list[dict[str, Any]]]:
    shared = spark.sparkContext.broadcast(parts)
    config = replace(CONFIG, near=params, old_wins=old_wins)
    found = find_clusters(spark, shared, config, documents=1000)
    tables = [read_file(parts.folder, file).read() for file in found.files]
    rows = pa.concat_tables(tables).to_pylist() if tables else []
    return found, sorted(rows, key=lambda row: row["doc_id"])


def gone_of(rows: Sequence[dict[str, Any]]) -> set[int]:
    return {row["position"] for row in rows if row["keeper"]}


@pytest.fixture(scope="module")
def worlds() -> list[dict[str, Any]]:
    """Pages of forty worlds, in which everybody is a neighbour's neighbour."""
    dice = np.random.default_rng(11)
    keys: list[dict[str, Any]] = []
    for number in range(16):
        size = int(dice.choice([7, 40, 150]))
        for minima in world(dice, size, float(dice.choice([0.2, 0.25, 0.3, 0.35]))):
            length = int(dice.integers(1, 5))
            keys.append(page(len(keys), minima, number, text_bytes=length))
    return keys


@pytest.fixture(scope="module")
def expected(worlds: list[dict[str, Any]]) -> set[int]:
    return naive(worlds, SMALL)


def in_splits(keys: list[dict[str, Any]], number: int) -> list[list[dict[str, Any]]]:
    """Cut into splits; positions are those in which `Parts` looks for them."""
    return [
        [{**k, "position": split << 32 | k["position"]} for k in keys[split::number]]
        for split in range(number)
    ]


def plain(positions: set[int]) -> set[int]:
    return {position & 0xFFFFFFFF for position in positions}


def test_who_goes_is_what_the_definition_says(
    spark: SparkSession, worlds: list[dict[str, Any]], expected: set[int], tmp_path: Path
) -> None:
    parts = make_parts(tmp_path, in_splits(worlds, 5))
    with runs.shuffle_partitions(spark, 3):
        found, rows = find(spark, parts, SMALL)
    assert plain(gone_of(rows)) == expected
    assert found.rounds > 1  # else these worlds are too easy
    kept = {row["doc_id"] for row in rows if not row["keeper"]}
    assert {row["keeper"] for row in rows if row["keeper"]} <= kept


@pytest.mark.parametrize("old_wins", [True, False])
def test_pages_of_earlier_runs_that_are_still_in_come_first_and_stay(
    spark: SparkSession,
    worlds: list[dict[str, Any]],
    expected: set[int],
    tmp_path: Path,
    old_wins: bool,
) -> None:
    runs_of = [worlds[start::3] for start in range(3)]  # a new one, and two that never met
    gone_before = {k["position"] for k in runs_of[1][::5]}
    earlier = [
        replace(make_parts(tmp_path / f"old-{number}", in_splits(keys, 2)), run=f"old-{number}")
        for number, keys in enumerate(runs_of[1:])
    ]
    earlier[0] = judged(earlier[0], gone_before)
    parts = make_parts(tmp_path / "new", in_splits(runs_of[0], 2)).joined(earlier)
    with runs.shuffle_partitions(spark, 3):
        _, rows = find(spark, parts, SMALL, old_wins=old_wins)
    left = [k for k in worlds if k["position"] not in gone_before]
    old = {k["position"] for k in left} - {k["position"] for k in runs_of[0]}
    wanted = naive(left, SMALL, old if old_wins else ())
    assert plain(gone_of(rows)) == wanted
    assert wanted not in (set(), expected)
    run_of = {key(n)["doc_id"]: run for run, keys in enumerate(runs_of) for n in names(keys)}
    assert all(row["run"] == (None, "old-0", "old-1")[run_of[row["doc_id"]]] for row in rows)


def names(keys: Sequence[dict[str, Any]]) -> list[int]:
    return [k["position"] for k in keys]


def judged(parts: Parts, gone: set[int]) -> Parts:
    """With verdicts on these pages."""
    files = []
    for part in range(len(parts)):
        rows = [row for batch in parts.read(part, KEYS, ["position"]) for row in batch.to_pylist()]
        verdicts = [
            {**row, "doc_id": "d", "input": "crawl", "drop_reason": "host_unsafe"}
            for row in rows
            if row["position"] & 0xFFFFFFFF in gone
        ]
        table = pa.Table.from_batches([VERDICT.batch(verdicts)])
        files.append(write_file(parts.folder, f"{parts.name(part)}-x", VERDICT, table))
    return replace(parts, verdicts=files)


def test_many_tasks_settle_as_one_does(
    spark: SparkSession,
    worlds: list[dict[str, Any]],
    expected: set[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = make_parts(tmp_path, in_splits(worlds[:200], 2))
    _, rows = find(spark, parts, SMALL)
    monkeypatch.setattr(components, "PAIRS_PER_TASK", 50)
    again = find(spark, parts, SMALL)[1]
    assert again == rows
    assert len(rows) > 60


def family(center: Minima, number: int, changed: int, seed: int) -> Minima:
    """Copies that differ from the centre in so many minima, and hardly agree where they do."""
    dice = np.random.default_rng(seed)
    copies = np.repeat(center[None], number, axis=0)
    for copy in copies:
        copy[dice.choice(len(center), changed, replace=False)] = dice.integers(0, 2**32, changed)
    return copies


def test_a_star_a_clique_a_chain_and_singletons(spark: SparkSession, tmp_path: Path) -> None:
    params, dice = MinHashParams(), np.random.default_rng(2)
    center, other, *singles = dice.integers(0, 2**32, (500, params.n), dtype=np.uint32)
    star = family(center, 3000, 14, seed=3)  # of 112: 0.875 to the centre, 0.77 to each other
    clique = family(other, 2000, 2, seed=4)
    chain = [dice.integers(0, 2**32, params.n, dtype=np.uint32)]
    for link in range(60):
        chain.append(chain[-1].copy())
        at = 16 * link % params.n + np.arange(16)  # 0.857 to the next, 0.71 on
        chain[-1][at] = dice.integers(0, 2**32, 16)
    shapes: dict[str, Any] = {
        "star": [center, *star],
        "clique": clique,
        "chain": chain,
        "singles": singles,
    }
    keys: list[dict[str, Any]] = []
    names = {}
    for name, minima in shapes.items():
        for row in minima:
            names[len(keys)] = name
            keys.append(page(len(keys), np.asarray(row, np.uint32)))
    found, rows = find(spark, make_parts(tmp_path, in_splits(keys, 2)), params)
    gone = plain(gone_of(rows))
    assert gone == naive(keys, params)
    left = {name: [n for n in names if names[n] == name and n not in gone] for name in shapes}
    assert (len(left["star"]), len(left["clique"]), len(left["singles"])) == (1, 1, len(singles))
    first = min(n for n in names if names[n] == "chain")
    assert left["chain"] == list(range(first, first + 61, 2))
    assert not any(names[row["position"] & 0xFFFFFFFF] == "singles" for row in rows)
    # Nobody compared all with all.
    assert found.pairs < 14 * (len(keys) + ALL_PAIRS**2 * 3)


def test_pages_of_two_languages_are_never_compared(spark: SparkSession, tmp_path: Path) -> None:
    minima = np.arange(SMALL.n, dtype=np.uint32)
    keys = [page(1, minima, 1), page(2, minima, 2), page(3, minima, 2)]
    _, rows = find(spark, make_parts(tmp_path, [keys]), SMALL)
    assert gone_of(rows) == {3}


def test_what_was_dropped_before_or_has_no_signature_takes_no_part(
    spark: SparkSession, tmp_path: Path
) -> None:
    minima = np.arange(SMALL.n, dtype=np.uint32)
    keys = [page(1, minima, drop_reason="too_few_words"), page(2, minima), page(3, minima)]
    keys.append({**page(4, minima), "signature": None})
    _, rows = find(spark, make_parts(tmp_path, [keys]), SMALL)
    assert gone_of(rows) == {3}
    assert {row["position"] for row in rows} == {2, 3}


def test_a_bucket_that_comes_in_many_batches_is_compared_as_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = np.random.default_rng(8)
    minima = np.concatenate([world(dice, size, 0.4) for size in (90, 3, 17, 40)])
    bucket = np.repeat([1, 2, 3, 4], [90, 3, 17, 40])
    rows = pa.table(
        {
            "bucket": bucket,
            "may_go": np.arange(150) >= 30,  # so no two of these are a pair
            "rank_0": np.zeros(150, np.int64),
            "doc_id": [number.to_bytes(16, "big") for number in range(150)],
            "position": np.arange(150),
            "compared": [signature(row) for row in minima],
        }
    )

    def compared(batch_rows: int) -> list[list[dict[str, Any]]]:
        batches = rows.to_batches(max_chunksize=batch_rows)
        written = compare.compare_sorted(
            iter(batches), folder=str(tmp_path), params=SMALL, number=1
        )
        files = [row for batch in written for row in batch.to_pylist()]
        return [read_file(str(tmp_path), file).read().to_pylist() for file in files]

    whole = compared(150)
    monkeypatch.setattr(compare, "_HELD_BYTES", 1)
    assert [compared(size) for size in (1, 7, 30)] == [whole] * 3
    pairs, members = whole
    of_bucket = np.array([bucket[m["position"]] for m in members])
    assert set(of_bucket) == {1, 3, 4}
    assert min(p["second_position"] for p in pairs) >= 30
    for first, second in itertools.combinations(range(90, 93), 2):
        similar = (minima[first] == minima[second]).mean() >= SMALL.threshold
        assert similar == any(
            (p["first_position"], p["second_position"]) == (first, second) for p in pairs
        )


def test_verdicts_say_how_similar_and_lie_by_part(spark: SparkSession, tmp_path: Path) -> None:
    minima = np.arange(SMALL.n, dtype=np.uint32)
    near = np.where(np.arange(SMALL.n) == 5, 99, minima).astype(np.uint32)
    splits = in_splits([page(1, minima), page(2, near), page(3, near)], 3)
    parts = make_parts(tmp_path, splits)
    found, _ = find(spark, parts, SMALL)
    files = near_verdicts(spark, spark.sparkContext.broadcast(parts), found.files)
    rows = [row for file in files for row in read_file(str(tmp_path), file).read().to_pylist()]
    rows.sort(key=lambda row: row["position"])
    assert [(r["drop_reason"], r["similarity"]) for r in rows] == [("near_duplicate", 0.9375)] * 2
    left = replace(parts, verdicts=files)
    assert [plain(set(left.gone(part).tolist())) for part in range(3)] == [set(), {2}, {3}]
