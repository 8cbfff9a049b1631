from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import SparkSession
from rich.console import Console

from curation import pipeline
from curation.errors import UserError
from curation.mixing.again import Again, recipe_of_mix
from curation.mixing.config import MixConfig
from curation.mixing.loading.folder import open_folder
from curation.mixing.weights import solve
from curation.parts import read_documents
from curation.progress import Progress
from curation.removal.summary import summarise
from curation.removal.take_down import take_down
from curation.removal.wanted import read_wanted
from curation.run import Run
from schemas.shard import SHARD
from tests.runs import make_small_input, quiet, run, shards

MIX = {
    "mix": {
        "tokens": 20_000,
        "shares": {"general": 0.3, "math": 0.05, "code": 0.5, "multilingual": 0.15},
        "epochs": {"code": 2, "general": 3},
    },
    "tokens": {"tokenizer": "bundled:cl100k_base"},
    "shards": {"target_tokens": 5000},
}


@pytest.fixture(scope="module")
def folders(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run that draws all, and what another one makes that has the mix in its recipe."""
    folder = tmp_path_factory.mktemp("again")
    crawl = make_small_input(folder / "crawl")
    run(spark, [crawl], folder / "whole", "dedup.lines={min_words: 4, max_count: 2}")
    (folder / "benchmark.jsonl.gz").write_bytes(gzip.compress(_item(folder / "whole").encode()))
    values = recipe(folder)
    overrides = [f"{key}={json.dumps(value)}" for key, value in values.items() if key != "name"]
    overrides.append("dedup.lines={min_words: 4, max_count: 2}")
    run(spark, [crawl], folder / "mixed", *overrides)
    return folder / "whole", folder / "mixed"


def _item(folder: Path) -> str:
    """An item of a benchmark that a page quotes."""
    texts = (row for b in read_documents(str(folder), ["text"]) for row in b.to_pylist())
    words = next(row["text"].split() for row in texts if len(row["text"].split()) > 200)
    return json.dumps({"question": " ".join(words[100:140]), "answer": "too few words"})


def recipe(folder: Path) -> dict[str, Any]:
    benchmark = {"name": "made", "path": str(folder / "benchmark.jsonl.gz")}
    return {**MIX, "decontaminate": {"benchmarks": [benchmark]}, "name": "annealing"}


def mix_again(
    spark: SparkSession,
    whole: Path,
    folder: Path,
    values: dict[str, Any],
    shown: io.StringIO | None = None,
) -> list[dict[str, Any]]:
    file = whole.parent / f"{folder.name}.yaml"
    file.write_text(yaml.safe_dump(values))
    opened = Run.load(str(whole))
    progress = Progress(Console(file=shown or io.StringIO()))
    return Again(opened, recipe_of_mix(opened, str(file), []), str(folder), spark, progress).make()


def test_another_mix_is_what_a_run_with_it_makes(
    spark: SparkSession, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    whole, mixed = folders
    shown = io.StringIO()
    parts = mix_again(spark, whole, tmp_path / "again", recipe(whole.parent), shown)
    assert "decontaminate: made: not looked for are 1 of 2 texts" in shown.getvalue()
    assert "decontaminate: 1 pages go (items of made in 1)" in shown.getvalue()
    made = shards(tmp_path / "again")
    assert made == shards(mixed)
    assert len(made) > 1
    assert parts == pq.read_table(mixed / "mix").to_pylist()
    assert {row["benchmark"] for row in pq.read_table(mixed / "matches").to_pylist()} == {"made"}
    again = mix_again(spark, whole, tmp_path / "again", recipe(whole.parent))
    assert again == parts


def test_the_data_set_tells_what_it_is(folders: tuple[Path, Path]) -> None:
    whole, mixed = folders
    manifest = json.loads((mixed / "shards" / "_manifest.json").read_text())
    tables = [pq.read_table(mixed / "shards" / file["path"]) for file in manifest["files"]]
    assert [table.num_rows for table in tables] == [file["rows"] for file in manifest["files"]]
    tokens = [sum(table["tokens"].to_pylist()) for table in tables]
    assert tokens == [file["tokens"] for file in manifest["files"]]
    assert manifest["tokens"] == sum(tokens) == sum(r["tokens"] for r in manifest["composition"])
    assert max(max(table["epoch"].to_pylist()) for table in tables) == 1
    open_folder(str(mixed / "shards"))
    _, front, page = (mixed / "README.md").read_text().split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["configs"] == [{"config_name": "default", "data_files": "shards/*.parquet"}]
    assert "en" in facts["language"]
    assert f"{manifest['rows']:,} rows of text, {manifest['tokens']:,} tokens" in page
    assert "contaminated 1" in page
    assert all(f"| `{column.name}` | {column.meaning} |" in page for column in SHARD.columns)
    assert "were looked for and taken out: made" in page
    assert "All pages that were kept, once each" in (whole / "README.md").read_text()


def test_a_mix_settles_no_more_than_a_mix(folders: tuple[Path, Path], tmp_path: Path) -> None:
    whole, _ = folders
    opened = Run.load(str(whole))
    with pytest.raises(UserError, match="'dedup' is settled by the run: another mix has name, dec"):
        recipe_of_mix(opened, None, ["dedup.near=null"])
    changed = recipe_of_mix(opened, None, ["shards.target_tokens=7"])
    assert changed.shards.target_tokens == 7
    assert changed.mix is None
    whole_mix = recipe_of_mix(opened, None, ["mix={}"]).mix
    assert whole_mix == MixConfig()
    assert recipe_of_mix(opened, None, ["mix.tokens=9", "mix=null"]).mix is None


def test_another_mix_does_not_go_into_the_folder_of_one(
    spark: SparkSession, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    whole, _ = folders
    mix_again(spark, whole, tmp_path / "first", {"shards": {"target_tokens": 10**6}})
    with pytest.raises(UserError, match="holds another mix: its recipe is another"):
        mix_again(spark, whole, tmp_path / "first", {"shards": {"target_tokens": 10**5}})
    with pytest.raises(UserError, match="is not empty and holds no mix"):
        mix_again(spark, whole, whole, {})


def test_a_take_down_changes_no_other_page(
    spark: SparkSession, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders[1], tmp_path / "mixed"))
    before, held = rows_of(folder), shards_of(folder)
    repeated = next(doc_id for doc_id, epoch in before if epoch and len(held[doc_id]) > 1)
    gone = {repeated, *(doc_id for (doc_id, _), row in before.items() if row["domain"] == "math")}
    of_math = pc.field("part") == "math"
    left_out = pq.read_table(folder / "left_out").filter(of_math)["doc_id"].to_pylist()
    opened = Run.load(str(folder))
    (tmp_path / "ids.txt").write_text("\n".join([*gone, *left_out]))
    take_down(opened, spark, quiet(), read_wanted(doc_ids=str(tmp_path / "ids.txt")))
    opened = Run.load(str(folder))
    pipeline.judge(opened, spark, quiet())
    pipeline.after_scores(opened, spark, quiet())
    assert rows_of(folder) == {entry: r for entry, r in before.items() if entry[0] not in gone}
    record = pq.read_table(folder / "removals").to_pylist()
    removed = {row["doc_id"]: (row["was"], row["shards"]) for row in record}
    of_gone = {doc_id: ("shards", held[doc_id]) for doc_id in gone}
    assert removed == of_gone | dict.fromkeys(left_out, ("not_drawn", []))
    assert not {*held[repeated]} & {path.stem for path in (folder / "shards").rglob("*.parquet")}
    assert pq.read_table(folder / "returned").num_rows == 0
    summary = summarise(opened)
    assert (summary.pages, summary.shipped, summary.revived) == (8, 2, 0)
    assert_is_of_what_there_is_now(folder, folders[1])


def assert_is_of_what_there_is_now(folder: Path, before: Path) -> None:
    """What is wanted stays, and all else that rows of the mix say is of the pages that are left."""
    rows = pq.read_table(folder / "mix").to_pylist()
    there = {row["part"]: row["available_tokens"] for row in rows}
    was = {row["part"]: row for row in pq.read_table(before / "mix").to_pylist()}
    config = Run.load(str(folder)).recipe.mix
    assert config
    found = solve(config, there)
    assert sum(there.values()) < sum(row["available_tokens"] for row in was.values())
    for row in rows:
        name, old = row["part"], was[row["part"]]
        assert (row["draw_key"], row["wanted_tokens"]) == (old["draw_key"], old["wanted_tokens"])
        assert (row["wanted_tokens"], row["missing_tokens"]) == (
            found.wanted[name],
            found.short.get(name, 0),
        )
        assert (row["most_tokens"], row["nearest_tokens"]) == (
            found.same_shares,
            found.same_tokens[name],
        )
        assert row["missing_at_first"] == old["missing_at_first"] == old["missing_tokens"]
    missing = {row["part"]: row["missing_tokens"] for row in rows if row["missing_tokens"]}
    assert missing == {"math": 1000}


def shards_of(folder: Path) -> dict[str, list[str]]:
    """The shards that hold each page, by doc_id."""
    held: dict[str, list[str]] = {}
    for path in sorted((folder / "shards").rglob("*.parquet")):
        for doc_id in sorted({*pq.read_table(path)["doc_id"].to_pylist()}):
            held.setdefault(doc_id, []).append(path.stem)
    return held


def rows_of(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    tables = [pq.read_table(path) for path in (folder / "shards").rglob("*.parquet")]
    return {(r["doc_id"], r["epoch"]): r for table in tables for r in table.to_pylist()}
