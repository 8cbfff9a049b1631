from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation.artefact import Artefact
from curation.errors import UserError
from curation.heuristics.batch import measure
from curation.heuristics.config import HeuristicsConfig
from curation.heuristics.divergence.fit import FitConfig, check_table, fit, write_reference
from curation.ingest.config import InputConfig
from curation.splits import find_files
from curation.storage import FileInfo
from tests.heuristics.pages import batch_of

ENGLISH = {
    "the",
    "water",
    "of",
    "mill",
    "turns",
    "a",
    "heavy",
    "wheel",
    "that",
    "was",
    "built",
    "by",
}
CONFIG = FitConfig(keep=0.9)  # 50 pages of a length are enough
Row = dict[str, Any]


def pages(number: int) -> list[Row]:
    """In two languages that have pages enough, one that has few, and none; some twice."""
    rng = random.Random(0)
    rows: list[Row] = []
    for language, vocabulary in (
        ("en", "the The mill wheel 17 3.5 of"),
        ("de", "die Mühle MÜHLE und"),
    ):
        words = vocabulary.split() + [f"{language}word{n}" for n in range(40)]
        for _ in range(number):
            text = " ".join(rng.choices(words, k=int(12 * 2 ** rng.uniform(0, 5))))
            rows.append({"text": text, "language": language, "line_kinds": None})
    rows += [{"text": f"mlyn {n} " * 30, "language": "pl", "line_kinds": None} for n in range(9)]
    rows += [{"text": f"unknown {n}", "language": "und", "line_kinds": None} for n in range(9)]
    rows += [{"text": f"null {n}", "language": None, "line_kinds": None} for n in range(9)]
    rows.append({"text": None, "language": "en", "line_kinds": None})
    rows.append({"text": "x" * 101 + "\nzzz zzz\nmill", "language": "en", "line_kinds": "pcp"})
    return rows + rows[:5]


def write(folder: Path, rows: list[Row], files: int, drop: str = "") -> str:
    folder.mkdir()
    for number in range(files):
        table = pa.Table.from_pylist(
            rows[number::files],
            pa.schema([(name, pa.string()) for name in ("text", "language", "line_kinds")]),
        )
        table = table.drop_columns(drop) if drop else table
        pq.write_table(table, folder / f"{number}.parquet")
    return str(folder)


def fitted(spark: SparkSession, folder: str, config: FitConfig = CONFIG) -> list[Row]:
    (files,) = find_files([InputConfig(paths=(folder,), format="parquet")])
    return [row for row in fit(spark, files, config) if row["limits"]]


def test_a_reference_has_exact_counts_and_limits(spark: SparkSession, tmp_path: Path) -> None:
    rows = pages(900)
    found = {row["language"]: row for row in fitted(spark, write(tmp_path / "in", rows, 3))}
    assert set(found) == {"de", "en"}
    english = dict(zip(found["en"]["words"], found["en"]["counts"], strict=True))
    # Half of the pages are counted: which, their text says.
    half = _half(spark, [row["text"] for row in rows if row["language"] == "en" and row["text"]])
    words = Counter(
        "0" if word[0].isdigit() else word.lower()
        for text in half
        for word in text.split()
        if len(word) < 100 and word != "zzz"
    )
    assert english == dict(words)
    assert found["en"]["total"] == words.total() + sum(text[0] == "x" for text in half)
    assert "mühle" in {word.lower() for word in found["de"]["words"]}
    assert "Mühle" not in found["de"]["words"] or "MÜHLE" not in found["de"]["words"]


def _half(spark: SparkSession, texts: list[str]) -> list[str]:
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    return [row[0] for row in frame.where("xxhash64(0, text) & 1 = 0").collect()]


def test_a_limit_leaves_the_share_of_pages_that_was_asked_for(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = pages(900)
    path = tmp_path / "reference.parquet"
    write_reference(str(path), fitted(spark, write(tmp_path / "in", rows, 2)))
    texts = [row["text"] for row in rows if row["language"] == "en" and row["text"]]
    config = HeuristicsConfig(reference=Artefact(path=str(path)))
    found = measure(batch_of(texts), config=config)
    lengths = found.column("n_words").to_numpy()
    over = found.column("divergence_excess").to_numpy(zero_copy_only=False) > 0
    for shortest in (12, 40, 120):
        chosen = (lengths >= shortest) & (lengths < 3 * shortest)
        assert 0.03 < over[chosen].mean() < 0.13


def test_nothing_depends_on_how_rows_are_ordered_and_files_are_cut(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = pages(700)
    mixed = random.Random(1).sample(rows, len(rows))
    once = fitted(spark, write(tmp_path / "once", rows, 1))
    assert once
    assert fitted(spark, write(tmp_path / "mixed", mixed, 5)) == once


def test_a_sample_is_seeded_by_the_text(spark: SparkSession, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", pages(900), 2)
    whole = fitted(spark, folder)
    config = FitConfig(keep=0.9, sample=0.5)
    some = fitted(spark, folder, config)
    assert 0.4 < some[0]["total"] / whole[0]["total"] < 0.6
    assert fitted(spark, folder, config) == some
    assert fitted(spark, folder, FitConfig(keep=0.9, sample=0.5, seed=1)) != some


def test_languages_are_identified_where_the_table_has_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    rng = random.Random(0)
    words = sorted(ENGLISH)
    rows: list[Row] = [{"text": " ".join(rng.choices(words, k=30))} for _ in range(200)]
    (row,) = fitted(spark, write(tmp_path / "in", rows, 1, drop="language"))
    assert row["language"] == "en"
    assert set(row["words"]) == ENGLISH


def test_languages_with_too_few_pages_are_listed_with_their_number(
    spark: SparkSession, tmp_path: Path
) -> None:
    (files,) = find_files([InputConfig(paths=(write(tmp_path / "in", pages(900), 1),))])
    found = {row["language"]: (row["pages"], row["limits"]) for row in fit(spark, files, CONFIG)}
    assert found["en"][0] > 400
    assert 0 < found["pl"][0] < 9
    assert found["pl"][1] == []


@pytest.mark.parametrize(
    "texts", [[], [None] * 9, [""] * 300, ["!!! ..."] * 300, ["Hello there, one page."]]
)
def test_tables_without_words_give_no_reference(
    spark: SparkSession, tmp_path: Path, texts: list[str | None]
) -> None:
    rows: list[Row] = [{"text": text, "language": "en", "line_kinds": None} for text in texts]
    assert fitted(spark, write(tmp_path / "in", rows, 1)) == []


def test_labels_that_no_page_has_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[Row] = [
        {"text": f"A few words {n}.", "language": "German", "line_kinds": None} for n in range(9)
    ]
    with pytest.raises(UserError, match="column 'language': no page is in 'German'"):
        fitted(spark, write(tmp_path / "in", rows, 1))


@pytest.mark.parametrize(
    ("columns", "config", "message"),
    [
        ({"body": ["a"]}, FitConfig(), "has no column 'text' (it has body): see --text"),
        ({"text": ["a"]}, FitConfig(language="lang"), "no column 'lang' (it has text): see --lang"),
        ({"text": [1]}, FitConfig(), "column 'text' is int64: expected strings"),
        ({"text": ["a"], "language": [1]}, FitConfig(), "column 'language' is int64"),
        ({"text": ["a"], "line_kinds": [[1]]}, FitConfig(), "column 'line_kinds' is list"),
    ],
)
def test_a_table_without_the_columns_is_refused(
    tmp_path: Path, columns: dict[str, Any], config: FitConfig, message: str
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(UserError) as caught:
        check_table(FileInfo(str(path), path.stat().st_size, ""), config)
    assert message in str(caught.value)


def test_a_reference_reads_back_as_it_was_written(spark: SparkSession, tmp_path: Path) -> None:
    rows = fitted(spark, write(tmp_path / "in", pages(700), 1))
    write_reference(str(tmp_path / "r.parquet"), rows)
    read = pq.read_table(tmp_path / "r.parquet").to_pylist()
    for row, again in zip(rows, read, strict=True):
        assert again["words"] == row["words"]
        assert again["limits"] == np.array(row["limits"], np.float32).tolist()
