from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from curation.errors import UserError
from curation.training.config import TrainConfig
from curation.training.lists import ListFile, find_lists
from curation.training.select import match, select_pages
from tests import runs
from tests.training import pages

CONFIG = TrainConfig(pages_per_host=3, min_sites=10, language_pages=20, max_chars=1500)
GOOD = pages.make_pages(True, sites=40, per_site=5) + pages.make_pages(
    True, sites=30, per_site=2, language="de"
)
OTHER = pages.make_pages(False, sites=60, per_site=4) + pages.make_pages(
    False, sites=5, per_site=1, language="de"
)


@pytest.fixture
def lists(tmp_path: Path) -> list[ListFile]:
    good = [pages.parquet(tmp_path / "good.parquet", GOOD)]
    # The same text in both classes is a good page, twice in one class it counts once.
    other = [pages.jsonl(tmp_path / "other.jsonl", [*OTHER, *OTHER[:9], *GOOD[:9]])]
    return find_lists(good, other)


def of(chosen: pa.Table) -> list[dict[str, Any]]:
    return list(chosen.to_pylist())


def test_classes_differ_neither_in_language_nor_in_length(
    spark: SparkSession, lists: list[ListFile]
) -> None:
    rows = of(select_pages(spark, lists, CONFIG))
    strata: defaultdict[tuple[int, str, int], Counter[bool]] = defaultdict(Counter)
    for row in rows:
        length = int(np.floor(2 * np.log2(len(row["text"]))))
        strata[row["part"], row["language"], length][row["positive"]] += 1
    assert all(both[True] == both[False] > 0 for both in strata.values())
    assert {row["language"] for row in rows} == {"en"}  # of the other there are too few
    assert max(len(row["text"]) for row in rows) == CONFIG.max_chars
    hosts = Counter((row["positive"], row["host"]) for row in rows)
    assert max(hosts.values()) <= 3
    assert len(hosts) > 60
    parts: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        parts[row["host"]].add(row["part"])
    assert all(len(found) == 1 for found in parts.values())
    assert {row["part"] for row in rows} == {0, 1, 2}
    texts = [row["text"] for row in rows]
    assert len(texts) == len({*texts})
    assert not {row["text"] for row in rows if not row["positive"]} & {
        page["text"][:1500] for page in GOOD
    }


def test_who_is_chosen_depends_on_pages_alone(
    spark: SparkSession, lists: list[ListFile], tmp_path: Path
) -> None:
    wanted = ["text", "positive", "part", "language", "host"]
    expected = select_pages(spark, lists, CONFIG).select(wanted)
    folder = tmp_path / "cut"
    folder.mkdir()
    for number in range(3):
        pages.jsonl(folder / f"{number}-good.jsonl", GOOD[::-1][number::3])
        pages.parquet(folder / f"{2 - number}-other.parquet", OTHER[::-1][number::3])
    cut = find_lists([str(folder / "*good*")], [str(folder / "*other*")])
    with runs.shuffle_partitions(spark, 5):
        found = select_pages(spark, cut, CONFIG).select(wanted)
    assert found.equals(expected)
    other_seed = select_pages(spark, lists, TrainConfig(**{**vars(CONFIG), "seed": 1}))
    assert not other_seed.select(wanted).equals(expected)


@pytest.mark.parametrize(
    ("good", "other", "message"),
    [
        ([], OTHER, "there are no positive pages"),
        (GOOD, [{**row, "text": "short"} for row in OTHER], "there are no negative pages"),
        (GOOD[:20], OTHER, "the positive pages are of 4 sites: a model needs 10"),
        (GOOD, [{**row, "language": "fr"} for row in OTHER], "no language has 20 positive"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    spark: SparkSession,
    tmp_path: Path,
    good: list[pages.Row],
    other: list[pages.Row],
    message: str,
) -> None:
    given = [
        [pages.jsonl(tmp_path / name, rows)]
        for name, rows in (("a.jsonl", good), ("b.jsonl", other))
    ]
    with pytest.raises(UserError, match=message):
        select_pages(spark, find_lists(*given), CONFIG)


STRATA = st.tuples(st.integers(0, 2), st.sampled_from(["de", "en"]), st.integers(15, 20))


@given(
    counts=st.dictionaries(STRATA, st.tuples(st.integers(0, 90), st.integers(0, 90))),
    most=st.integers(1, 300),
)
def test_quotas_are_what_both_classes_have(
    counts: dict[tuple[int, str, int], tuple[int, int]], most: int
) -> None:
    config = TrainConfig(max_pages=most, language_pages=30)
    found = match(counts, config)
    for stratum, pages_of in found.items():
        assert 0 < pages_of <= min(counts[stratum])
    for language in ("de", "en"):
        training = sum(min(n) for key, n in counts.items() if key[:2] == (0, language))
        assert training >= 30 or not [key for key in found if key[1] == language]
    both = match(counts, TrainConfig(language_pages=30))
    assert sum(found.values()) == min(most, sum(both.values()))
