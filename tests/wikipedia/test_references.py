"""Dumps to references to pages of a run, by the commands that a user gives."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation.artefact import Artefact
from curation.cli import main
from curation.dedup.earlier import finished_run
from curation.errors import told_by
from curation.ingest.urls import hash64
from curation.parts import Parts
from curation.storage import storage
from curation.wikipedia.cited_pages import find_pages
from curation.wikipedia.references import count_references, find_dumps, without_articles
from tests import runs
from tests.wikipedia import dumps

UNKNOWN = (
    "Not only articles count: add the table 'page' (SQL) of yywiki to leave out what only talk and"
    " user pages cite"
)
NO_SCORES = [f"scores.{name}=null" for name in ("quality", "code", "math", "topics")]
A, B, C, D = (f"http://{name}.example/p" for name in "abcd")


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    return list(pq.read_table(folder / name).to_pylist())


def counts(folder: Path) -> dict[str, tuple[int, int]]:
    """Citations and articles of each URL."""
    rows = table(folder, "references")
    return {row["url_key"]: (row["citations"], row["articles"]) for row in rows}


def links_of(pages: dict[int, list[str]]) -> bytes:
    """A table of links in the columns of before 1.40."""
    rows = [(7, page, url, "", "") for page, urls in pages.items() for url in urls]
    return dumps.sql("externallinks", dumps.OLD, rows)


@pytest.fixture(scope="module")
def wikis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dumps of two wikis: xxwiki in all forms, yywiki without its table of pages."""
    folder = tmp_path_factory.mktemp("dumps")
    dumps.write(folder / "links.sql.gz", links_of({1: [A, f"{A}#x", B], 2: [A], 3: [C], 4: [D]}))
    pages = [(1, 0, "a", 0, 9), (2, 0, "b", 0, 9), (3, 1, "talk", 0, 9), (4, 0, "to", 1, 9)]
    dumps.write(folder / "page.sql.bz2", dumps.sql("page", dumps.PAGE, pages))
    dumps.write(
        folder / "articles.xml.bz2",
        dumps.xml(
            [dumps.page(1, f"{A} {A}"), dumps.page(5, f"[{A} x]"), dumps.page(6, D, namespace=2)]
        ),
    )
    new = [
        (1, 1, "http://example.c.", "/p"),
        (2, 9, "ftp://example.c.", "/p"),
        (3, 3, "http://org.w.", None),
    ]
    other = dumps.sql("externallinks", dumps.NEW, new).replace(b"xxwiki", b"yywiki")
    dumps.write(folder / "other.sql", other)
    return folder


def test_citations_are_pages_of_wikis_whatever_the_dumps(
    spark: SparkSession, wikis: Path, tmp_path: Path
) -> None:
    found = find_dumps([str(wikis)])
    assert without_articles(found) == ["yywiki"]
    files = count_references(spark, found, str(tmp_path))
    # Pages 1, 2 and 5 of xxwiki; page 3 there is no article, but that of yywiki may be.
    assert counts(tmp_path) == {A: (3, 3), B: (1, 1), C: (1, 0), "http://w.org/": (1, 0)}
    assert sum(file["rows"] for file in files) == 4
    rows = table(tmp_path, "references")
    assert [row["url_hash"] for row in rows] == sorted(hash64(row["url_key"]) for row in rows)
    assert {row["url_key"]: row["host"] for row in rows}[B] == "b.example"
    again = tmp_path / "again"
    one_by_one = find_dumps([str(path) for path in sorted(wikis.iterdir(), reverse=True)])
    assert count_references(spark, one_by_one[::-1], str(again)) == files


def test_without_the_table_of_pages_all_pages_count(
    spark: SparkSession, wikis: Path, tmp_path: Path
) -> None:
    count_references(spark, find_dumps([str(wikis / "links.sql.gz")]), str(tmp_path))
    assert counts(tmp_path) == {A: (2, 0), B: (1, 0), C: (1, 0), D: (1, 0)}


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A finished run of pages that are text already, in several splits."""
    folder = tmp_path_factory.mktemp("run")
    urls = ["https://a.example/p#top", B, "http://b.example/other", f"{C}?utm_source=x", B, D]
    texts = [f"Text {number} of a page. " * 9 for number in range(4)] + [
        "Text 1 of a page. " * 9,
        "gone",
    ]
    times = ["2024-01-01", "2024-01-02", *["2024-01-01"] * 4]
    for number, page in enumerate(zip(urls, texts, times, strict=True)):
        rows = {
            name: [value] for name, value in zip(("url", "text", "fetched_at"), page, strict=True)
        }
        pq.write_table(pa.table(rows), folder / f"{number}.parquet")
    made = tmp_path_factory.mktemp("made")
    runs.run(spark, [folder], made, "inputs.0.stages=[language]", *NO_SCORES)
    return finished_run(Artefact(path=str(made / "manifest.json"))).parts


def test_pages_are_those_still_in_that_are_cited(
    spark: SparkSession, wikis: Path, run: Parts, tmp_path: Path
) -> None:
    dumps_of = find_dumps([str(wikis / "*.gz"), str(wikis / "other.sql")])
    references = str(tmp_path), count_references(spark, dumps_of, str(tmp_path))
    files = find_pages(spark, references, [run, run], str(tmp_path))
    found = table(tmp_path, "pages")
    seen = [(row["url"].split("?")[0], row["text"][:6], row["citations"]) for row in found]
    # A is cited by http and was crawled by https; of B the newer version is in.
    expected = [
        ("https://a.example/p#top", "Text 0", 2),
        (B, "Text 1", 1),
        (C, "Text 3", 2),
        (D, "gone", 1),
    ]
    assert sorted(seen) == sorted(expected * 2)
    assert {row["run"] for row in found} == {run.folder}
    assert sum(file["rows"] for file in files) == 8
    fewer = find_pages(spark, references, [run], str(tmp_path / "fewer"), min_citations=2)
    assert sum(file["rows"] for file in fewer) == 2


def test_the_command_writes_and_tells(
    spark: SparkSession,
    wikis: Path,
    run: Parts,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output, command = tmp_path / "out", "curation.commands.wikipedia_references"
    monkeypatch.setattr(f"{command}.session", lambda _: nullcontext(spark))
    given = [str(wikis / "*"), "--run", run.folder, "--output", str(output)]
    assert main(["wikipedia-references", *given]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"4 URLs: {output}/references",
        f"3 pages of {run.folder}",
        f"3 pages that Wikipedia cites: {output}/pages",
        UNKNOWN,
    ]
    made = json.loads((output / "references.json").read_text())
    assert [file["rows"] for file in made["files"]] == [4]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "give dumps, or --references"),
        (["nowhere*"], "nowhere*: no such file, and no file matches"),
        (["page.sql.bz2"], "tells which pages are articles, not what they cite"),
        (["links.sql.gz", "--run", "."], ".: is not the folder of a finished run"),
        (["--references", "."], "--references is to find pages of --run"),
        (
            ["--references", ".", "--run", "."],
            ".: is no output of wikipedia-references: no references.json",
        ),
        (["links.sql.gz", "--output", "."], "is not empty: choose a new folder"),
    ],
)
def test_what_is_refused_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    wikis: Path,
    given: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(wikis)
    assert main(["wikipedia-references", "--output", "out", *given]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_a_clipped_dump_is_one_line_when_a_task_finds_it(
    spark: SparkSession, wikis: Path, tmp_path: Path
) -> None:
    whole = (wikis / "links.sql.gz").read_bytes()
    (tmp_path / "links.sql.gz").write_bytes(whole[:-9])
    (clipped,) = find_dumps([str(wikis / "links.sql.gz")])
    file = storage(str(tmp_path)).find(str(tmp_path / "links.sql.gz"))
    assert file
    with pytest.raises(PySparkException) as error:
        count_references(spark, [replace(clipped, file=file)], str(tmp_path / "out"))
    told = told_by(error.value)
    size = len(whole) - 9
    why = f"is clipped: it ends inside its compressed data (at byte {size} of the file)"
    assert told == f"{file.uri}: {why}"
    assert not (tmp_path / "out").exists()
