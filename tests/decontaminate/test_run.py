"""Runs with benchmarks: what goes, what is told of it, and that nothing of it comes back."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.all_splits import split_pass
from curation.decontaminate.stage import scan_documents
from curation.domains.config import DomainsConfig
from curation.driver import parts_of, split_receipts
from curation.parts import read_documents
from curation.recipe import load
from curation.removal.take_down import take_down
from curation.removal.wanted import read_wanted
from curation.run import Run, new_run
from curation.split_pass import run_split
from schemas.verdict import LEFT
from tests import runs
from tests.decontaminate import made
from tests.dedup.test_run import prose, write

STAGES = ("inputs.0.stages=[]", runs.LINES, "dedup.lines.min_words=5")
MENU = "A line that is on seven pages."
GOATS, FERRY = made.ALL[0], made.ALL[2]


def body(seed: int) -> str:
    return " ".join(prose(seed, 60))


def page(name: str, *lines: str) -> dict[str, Any]:
    return {"id": name, "url": f"https://{name}.example/", "text": "\n".join(lines)}


def halves(text: str) -> tuple[str, str]:
    """Neither has a run of 13 words that an item has."""
    words = text.split()[:24]
    return " ".join(words[:12]), " ".join(words[12:])


PAGES = [
    page("whole", body(0), GOATS, body(1)),
    page("spaced", body(2), GOATS.upper().replace(" ", " \t\u00a0 "), body(3)),
    page("split", body(4), *GOATS.split(), body(5)),
    page("code", body(6), *made.ALL[5].split("\n"), body(7)),
    page("markdown", body(8), f"> **{GOATS}**", f"1. *{FERRY}*", body(9)),
    page("torn", body(10), halves(GOATS)[0], MENU, halves(GOATS)[1], body(11)),
    page("mended", body(12), *halves(FERRY), MENU),
    page("item-only", GOATS),
    *(page(f"clean{n}", body(20 + n), MENU) for n in range(5)),
]
FOUND = {"whole", "spaced", "split", "code", "markdown", "torn", "mended", "item-only"}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages in `in` and the benchmarks."""
    folder = tmp_path_factory.mktemp("decontaminate")
    write(folder / "in", PAGES, files=3)
    made.config(folder)
    return folder


def benchmarks(folder: Path, **more: str) -> str:
    listed = [
        {"name": "sums", "path": str(folder / "sums.jsonl")},
        {"name": "programs", "path": str(folder / "programs.jsonl"), "id": "name"},
    ]
    return f"decontaminate={json.dumps({'benchmarks': listed, **more})}"


@pytest.fixture(scope="module")
def pages(spark: SparkSession, given: Path) -> Path:
    """A run that removes pages."""
    runs.run(spark, [given / "in"], given / "pages", *STAGES, benchmarks(given))
    return given / "pages"


@pytest.fixture(scope="module")
def lines(spark: SparkSession, given: Path) -> Path:
    """A run that removes lines."""
    runs.run(spark, [given / "in"], given / "lines", *STAGES, benchmarks(given, remove="lines"))
    return given / "lines"


def texts(folder: Path) -> dict[str, str]:
    rows = read_documents(str(folder), ["record_id", "text"])
    return {row["record_id"]: row["text"] for batch in rows for row in batch.to_pylist()}


def shipped(folder: Path) -> list[str]:
    files = [str(path) for path in (folder / "shards").rglob("*.parquet")]
    return sorted(ds.dataset(files).to_table(columns=["text"])["text"].to_pylist())


def named(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table, each with the page's own `id`."""
    documents = ds.dataset(folder / "documents").to_table(columns=["doc_id", "record_id"])
    names = dict(zip(*(documents[c].to_pylist() for c in ("doc_id", "record_id")), strict=True))
    rows = ds.dataset(folder / table).to_table().to_pylist()
    return [row | {"id": names[row["doc_id"]]} for row in rows]


def test_pages_with_items_go(pages: Path) -> None:
    gone = {row["id"]: row for row in named(pages, "verdicts") if row["drop_reason"]}
    assert set(gone) == FOUND
    assert {row["drop_reason"] for row in gone.values()} == {"contaminated"}
    words = len(made.words(GOATS))
    assert gone["whole"]["detail"] == f"sums 0 question: words 60-{60 + words - 1}"
    assert gone["markdown"]["detail"].endswith(", and 1 more")
    assert gone["code"]["detail"].startswith("programs Made/0 solution: words 60-")
    assert set(texts(pages)) == {f"clean{n}" for n in range(5)}
    assert shipped(pages) == sorted(texts(pages).values())


def test_matches_say_what_was_read(pages: Path) -> None:
    rows = named(pages, "matches")
    whole, torn = ([row for row in rows if row["id"] == name] for name in ("whole", "torn"))
    assert [
        (r["benchmark"], r["item"], r["column"], r["share"], r["lines_hash"]) for r in whole
    ] == [("sums", "0", "question", 1.0, None)]
    assert (whole[0]["first_line"], whole[0]["last_line"]) == (1, 1)
    assert [(row["first_line"], row["last_line"]) for row in torn] == [(1, 2)]
    assert torn[0]["lines_hash"] is not None
    mended = [row["lines_hash"] is None for row in rows if row["id"] == "mended"]
    assert sorted(mended) == [False, True]  # the split pass saw it whole, too


def test_the_funnel_and_the_ledger(pages: Path) -> None:
    rows = ds.dataset(pages / "ledger").to_table().to_pylist()
    found = {row["outcome"]: row["pages"] for row in rows if row["stage"] == "decontaminate"}
    assert (found["in"], found["kept"], found["contaminated"]) == (13, 5, 8)
    assert (found["matched:sums"], found["matched:programs"]) == (7, 1)
    assert (found["items:sums"], found["short_texts:sums"], found["unsought_items:sums"]) == (
        3,
        2,
        1,
    )
    outcome = json.loads((pages / "manifest.json").read_text())
    assert sum(outcome["domains"]["crawl"].values()) == 5


def test_lines_with_items_go(lines: Path) -> None:
    found = texts(lines)
    assert found["whole"] == f"{body(0)}\n{body(1)}"
    assert found["spaced"] == f"{body(2)}\n{body(3)}"
    assert found["split"] == f"{body(4)}\n{body(5)}"
    assert found["markdown"] == f"{body(8)}\n{body(9)}"
    assert found["torn"] == f"{body(10)}\n{body(11)}"
    assert found["mended"] == body(12)
    assert found["clean3"] == body(23)
    assert shipped(lines) == sorted(found.values())
    (gone,) = (row for row in named(lines, "verdicts") if row["drop_reason"])
    assert (gone["id"], gone["drop_reason"]) == ("item-only", "contaminated")
    assert gone["detail"].endswith("; 0 words left without these lines")


def test_lengths_are_made_anew(lines: Path) -> None:
    columns = ["text", "text_bytes", "n_words_left"]
    for batch in read_documents(str(lines), columns):
        for row in batch.to_pylist():
            assert len(row["text"].encode()) == row["text_bytes"]
            if row["n_words_left"] is not None:
                assert len(made.words(row["text"])) == row["n_words_left"]
    rows = ds.dataset(lines / "ledger").to_table().to_pylist()
    found = {row["outcome"]: row["pages"] for row in rows if row["stage"] == "decontaminate"}
    assert (found["shortened:contaminated"], found["contaminated"], found["kept"]) == (7, 1, 12)
    lost = 1 + 1 + len(GOATS.split()) + 5 + 2 + 2 + 2
    assert found["cut:contaminated"] == lost


def test_benchmarks_that_are_added_later(
    spark: SparkSession, given: Path, pages: Path, lines: Path, tmp_path: Path
) -> None:
    runs.run(spark, [given / "in"], tmp_path / "run", *STAGES)
    run = Run.load(str(tmp_path / "run"))
    parts = parts_of(run, split_receipts(run, spark), "hosts", "dedup", "quality")
    told = ("doc_id", "drop_reason", "detail", "lines_reason", *(column.name for column in LEFT))
    for folder, remove in ((pages, "page"), (lines, "lines")):
        config, to = made.config(given, remove=remove), tmp_path / remove
        receipt = scan_documents(spark, parts, config, DomainsConfig(), folder=str(to))
        assert {file["table"] for file in receipt.files} == {"verdicts", "matches"}
        now = ds.dataset(to / "verdicts").to_table().to_pylist()
        of_stage = (
            row for row in named(folder, "verdicts") if row["detail"] or row["lines_reason"]
        )
        assert {repr([row[name] for name in told]) for row in now} == {
            repr([row[name] for name in told]) for row in of_stage
        }
    assert not (tmp_path / "run" / "matches").exists()


def test_a_stage_that_was_stopped_is_done_again(
    spark: SparkSession, lines: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(lines, tmp_path / "run")
    for work in ("decontaminate", "mix"):
        for receipt in (copy / "receipts").glob(f"{work}*"):
            receipt.unlink()
    (copy / "manifest.json").unlink()
    pipeline.after_scores(Run.load(str(copy)), spark, runs.quiet())
    runs.assert_whole(copy, runs.shards(lines))


def test_a_take_down_leaves_it_as_without_the_pages(
    spark: SparkSession,
    lines: Path,
    given: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = shutil.copytree(lines, tmp_path / "run")
    gone = {"clean0", "clean1", "markdown"}  # so the line of the menu is on six pages only
    (tmp_path / "urls").write_text("".join(f"https://{name}.example/\n" for name in gone))
    run = Run.load(str(copy))
    take_down(run, spark, runs.quiet(), read_wanted(urls=str(tmp_path / "urls")))
    pipeline.judge(run, spark, runs.quiet())
    pipeline.after_scores(run, spark, runs.quiet())
    write(tmp_path / "in", [page for page in reversed(PAGES) if page["id"] not in gone], files=5)
    monkeypatch.setattr("curation.parts._PART_BYTES", 1)  # a part for each split
    options = (*STAGES, benchmarks(given, remove="lines"))
    with runs.shuffle_partitions(spark, 3):
        runs.run(spark, [tmp_path / "in"], tmp_path / "never", *options)
    assert texts(copy) == texts(tmp_path / "never")
    assert texts(copy)["torn"].count("\n") == 4  # its halves stay apart
    assert shipped(copy) == shipped(tmp_path / "never")


def test_items_in_pages_of_html(given: Path, tmp_path: Path) -> None:
    code = html.escape(made.ALL[4] + made.ALL[5])
    items = {
        "paragraph": f"<p>{html.escape(GOATS)}</p>",
        "inline": f"<p>{html.escape(GOATS).replace('goats', '<b>goats</b>')}</p>",
        "list": "<ol>" + "".join(f"<li>{part}</li>" for part in FERRY.split(". ")) + "</ol>",
        "listing": f"<pre><code>{code}</code></pre>",
        "none": "<p>Nothing to see here.</p>",
    }
    around = "<p>" + " ".join(prose(77, 80)) + "</p>"
    rows = [
        {
            "id": name,
            "url": f"https://{name}.example/",
            "html": f"<html><body><article>{around}{item}{around}</article></body></html>",
        }
        for name, item in items.items()
    ]
    options = ["inputs.0.stages=[extract,language,pii]", benchmarks(given)]
    recipe = load("default", paths=[str(write(tmp_path / "in", rows))], overrides=options)
    run = new_run(recipe, str(tmp_path / "run"))
    receipt = run_split(run.splits[0], split_pass(run.recipe), run.folder)
    assert {file["table"] for file in receipt.files} == {"documents", "keys", "matches"}
    rows = named(tmp_path / "run", "matches")
    assert {row["id"] for row in rows} == set(items) - {"none"}
    assert {row["column"] for row in rows if row["id"] == "listing"} == {"prompt", "solution"}
