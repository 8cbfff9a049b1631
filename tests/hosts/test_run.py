"""A run over hosts that are bad and hosts that are not; and the list that it leaves behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation.all_splits import split_pass
from curation.cli import main
from curation.recipe import load
from curation.run import new_run
from curation.split_pass import run_split
from tests import runs
from tests.heuristics.pages import PROSE

Row = dict[str, Any]
OPTIONS = (
    "inputs.0.stages=[language,pii,heuristics]",
    "heuristics.prose.presets=[]",
    "heuristics.prose.pages={too_many_dirty_words: 0.015}",
    "dedup.near=null",
    "blocklist.bundled=false",
)
FOUL = "fuck shit bitch cunt asshole " * 3


def people(number: int, persons: int) -> str:
    return ", ".join(f"person{number}.{i}@post{i}.example.org" for i in range(persons))


def page(number: int, *more: str) -> str:
    return "\n".join([f"Chapter {number} of the tale that was told.", *PROSE, *more])


def pages() -> Iterator[tuple[str | None, str]]:
    """URLs and texts."""
    for number in range(30):
        heavy = (people(number, 6),) if number < 17 else ()
        text = people(number, 40) if number < 3 else page(number, *heavy)
        yield f"https://people.example.com/{number}", text
        yield f"https://foul.example.net/{number}", page(100 + number, *[FOUL] * (number < 15))
        footer = f"Write to us at office@shop.example.org or ring us: +44 20 7946 0{number:03}."
        yield f"https://shop.example.org/{number}", page(200 + number // 2, footer * (number < 20))
    for number in range(3):
        yield f"https://small.example.org/{number}", page(300 + number, people(number, 6))
        yield f"https://other.people.example.com/{number}", page(400 + number)
        yield None, page(500 + number, people(number, 6))


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hosts") / "in.jsonl"
    rows = [{"url": url, "text": text} for url, text in pages()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def folder(spark: SparkSession, crawl: Path) -> Path:
    runs.run(spark, [crawl], crawl.parent / "out", *OPTIONS)
    return crawl.parent / "out"


def table(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = ds.dataset(folder / name).to_table().to_pylist()
    return rows


def test_all_documents_of_bad_hosts_go_and_no_others(folder: Path) -> None:
    documents = {row["doc_id"]: row["host"] for row in table(folder, "documents")}
    verdicts = [r for r in table(folder, "verdicts") if r["drop_reason"].startswith("host_")]
    gone = Counter(
        (documents[row["doc_id"]], row["drop_reason"], row["detail"], row["keeper"])
        for row in verdicts
    )
    assert gone == {
        (
            "people.example.com",
            "host_high_pii",
            "17 of 30 pages, a share of 0.35 at least",
            None,
        ): 27,
        ("foul.example.net", "host_unsafe", "15 of 30 pages, a share of 0.29 at least", None): 15,
    }
    left = Counter(url.split("/")[2] for row in table(folder, "shards") if (url := row["url"]))
    assert left == {"shop.example.org": 15, "small.example.org": 3, "other.people.example.com": 3}
    assert sum(row["url"] is None for row in table(folder, "shards")) == 3


def test_the_funnel_has_the_stage(folder: Path) -> None:
    (funnel,) = json.loads((folder / "manifest.json").read_text())["funnel"].values()
    steps = {step["stage"]: step for step in funnel}
    assert [*steps][-4:] == ["hosts", "dedup", "quality", "mix"]
    assert (steps["hosts"]["pages_in"], steps["hosts"]["pages_out"]) == (81, 39)
    assert steps["hosts"]["reasons"] == [["host_high_pii", 27], ["host_unsafe", 15]]
    assert (steps["dedup"]["pages_in"], steps["dedup"]["pages_out"]) == (39, 24)


def test_hosts_tells_of_each_host(folder: Path) -> None:
    hosts = {row["host"]: row for row in table(folder, "hosts")}
    every = {url.split("/")[2] for url, _ in pages() if url}
    assert {row["host"] for row in table(folder, "hosts")} == every
    names = ("pages", "documents", "duplicates", "pii_looked_at", "pii_pages")
    assert [hosts["people.example.com"][name] for name in names] == [30, 27, 0, 30, 17]
    assert hosts["people.example.com"]["rejects"] == [{"reason": "too_much_pii", "pages": 3}]
    assert hosts["people.example.com"]["pii_rate"] == pytest.approx(17 / 30)
    assert 0.3 < hosts["people.example.com"]["pii_rate_lower"] < 17 / 30
    names = ("pages", "documents", "unsafe_looked_at", "unsafe_pages", "pii_pages")
    assert [hosts["foul.example.net"][name] for name in names] == [30, 15, 30, 15, 0]
    names = ("documents", "duplicates", "duplicate_rate", "pii_pages", "unsafe_pages")
    assert [hosts["shop.example.org"][name] for name in names] == [30, 15, 0.5, 0, 0]
    assert (hosts["small.example.org"]["pii_pages"], hosts["small.example.org"]["pii_rate"]) == (
        3,
        1,
    )
    why = {name: row["drop_reason"] for name, row in hosts.items() if row["drop_reason"]}
    assert why == {"people.example.com": "host_high_pii", "foul.example.net": "host_unsafe"}


def test_sites_tells_of_all_hosts_of_a_site(folder: Path) -> None:
    sites = {row["site"]: row for row in table(folder, "sites")}
    assert sorted(sites) == ["example.com", "example.net", "example.org"]
    people = sites["example.com"]
    assert (people["hosts"], people["pages"], people["pii_pages"]) == (2, 33, 17)
    assert people["rejects"] == [{"reason": "too_much_pii", "pages": 3}]


def blocked(crawl: Path, bad: Path) -> Counter[tuple[str, str, str]]:
    """Host, reason and detail of what a second crawl of the same pages loses at ingest."""
    lists = f"blocklist.lists=[{{path: '{bad}'}}]"
    recipe = load("default", paths=[str(crawl)], overrides=[*OPTIONS, lists])
    run = new_run(recipe, str(bad.parent / "again"))
    for split in run.splits:
        run_split(split, split_pass(run.recipe), run.folder)
    rejects = table(Path(run.folder), "rejects")
    return Counter(
        (row["host"], row["drop_reason"], row["detail"])
        for row in rejects
        if row["drop_reason"].startswith("blocked_")
    )


@pytest.mark.parametrize("given", ["folder", "files"])
def test_the_next_crawl_can_do_without_them(
    folder: Path, crawl: Path, tmp_path: Path, given: str
) -> None:
    hosts = folder / "hosts"
    files = [hosts] if given == "folder" else sorted(hosts.iterdir())
    bad = tmp_path / "bad.arrow"
    assert main(["lists", "update", *map(str, files), "--output", str(bad)]) == 0
    assert blocked(crawl, bad) == {
        ("people.example.com", "blocked_host", "host_high_pii: people.example.com/"): 30,
        ("foul.example.net", "blocked_host", "host_unsafe: foul.example.net/"): 30,
    }


def test_what_is_allowed_stays(folder: Path, crawl: Path, tmp_path: Path) -> None:
    (tmp_path / "allow.txt").write_text("people.example.com\n")
    bad = tmp_path / "bad.arrow"
    given = ["lists", "update", str(folder / "hosts"), "--allow", str(tmp_path / "allow.txt")]
    assert main([*given, "--output", str(bad)]) == 0
    assert {host for host, _, _ in blocked(crawl, bad)} == {"foul.example.net"}


@pytest.mark.parametrize("name", ["keys", "sites", "verdicts"])
def test_other_tables_are_no_lists(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    given = ["lists", "update", str(folder / name), "--output", str(tmp_path / "bad.arrow")]
    assert main(given) == 2
    assert "is no file of a run's hosts/" in capsys.readouterr().err
