"""Take-downs end to end: what is left is the run that never saw the pages."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.cli import main
from curation.errors import UserError
from curation.recipe import load
from curation.removal.summary import Summary, summarise
from curation.removal.take_down import take_down
from curation.removal.wanted import read_wanted
from curation.run import Run, new_run
from curation.storage import LocalStorage
from tests import runs
from tests.dedup.test_run import changed, page, prose
from tests.heuristics.pages import PROSE

Row = dict[str, Any]
OPTIONS = (
    "inputs.0.stages=[language,pii,heuristics]",
    "heuristics.prose.presets=[]",
    "heuristics.prose.pages={too_many_dirty_words: 0.015}",
    "blocklist.bundled=false",
    "shards.target_tokens=2000",
    runs.NEAR,
)
BASE, EQUAL, VERSION = prose(1), " ".join(prose(2)), prose(3)
FOUL = "fuck shit bitch cunt asshole " * 9


def people(number: int, persons: int) -> str:
    listed = ", ".join(f"person{number}.{i}@post{i}.example.org" for i in range(persons))
    return " ".join([*prose(500 + number, 60), listed])


def edge(number: int) -> Row:
    """A page of a host that goes, as 12 of its 20 pages are heavy in personal data."""
    text = people(number, 6 if number < 12 else 0)
    return page(f"edge-{number}", text, url=f"https://edge.example.com/{number}")


def pages() -> list[Row]:
    version = "https://versions.example.net/page"
    return [
        page("near-1", " ".join(BASE), 9),
        page("near-2", changed(BASE, 0.04, 5), 8),
        page("near-3", changed(BASE, 0.06, 6), 7),
        page("equal-1", EQUAL, 5),
        page("equal-2", EQUAL, 4),
        page("newest", " ".join(VERSION), 9, url=version),
        page("older", changed(VERSION, 0.9, 7), 3, url=version),
        page("reject", "\n".join([*PROSE, FOUL]), 9, url="https://foul.example.net/"),
        page("before-reject", " ".join(prose(9)), 3, url="https://foul.example.net/"),
        *(edge(number) for number in range(20)),
        page("below", " ".join(prose(10)), url="https://www.gone.example.org/a"),
        *(page(f"single-{n}", " ".join(prose(100 + n, 150))) for n in range(40)),
    ]


GONE = ("near-1", "equal-1", "newest", "reject", "edge-3", "below")
CAME_BACK = {"near-2", "equal-2", "older", "before-reject"} | {
    f"edge-{number}" for number in range(20) if number != 3
}


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def before(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("removal")
    runs.run(spark, [write(folder / "in.jsonl", pages())], folder / "run", *OPTIONS)
    return folder / "run"


@pytest.fixture(scope="module")
def never_seen(spark: SparkSession, before: Path) -> dict[str, str]:
    """The text by doc_id of the shards of a run without the pages."""
    kept = random.Random(1).sample([p for p in pages() if p["id"] not in GONE], len(pages()) - 6)
    folder = before.parent / "without"
    runs.run(spark, [write(before.parent / "without.jsonl", kept)], folder, *OPTIONS)
    return texts(folder)


@pytest.fixture
def folder(before: Path, tmp_path: Path) -> Path:
    """A copy of the run, to take pages from."""
    return Path(shutil.copytree(before, tmp_path / "run"))


def table(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = ds.dataset(folder / name).to_table().to_pylist()
    return rows


def texts(folder: Path) -> dict[str, str]:
    rows = table(folder, "shards")
    found = {row["doc_id"]: row["text"] for row in rows}
    assert len(found) == len(rows) > 40
    return found


def ids_of(folder: Path) -> dict[str, str]:
    """The doc_id of each page by its name."""
    rows = [*table(folder, "documents"), *table(folder, "rejects")]
    return {row["record_id"]: row["doc_id"] for row in rows}


def lists(folder: Path, *parts: str) -> dict[str, str]:
    """Files that name the pages `GONE`, by option: the first half, the second, or both."""
    ids = ids_of(folder)
    named = {
        "first": {
            "urls": "https://near-1.example/#top\nhttps://EQUAL-1.example/\n# no page:\n",
            "doc_ids": f"{ids['newest']}\n",
        },
        "second": {
            "urls": "https://nowhere.example/\n",
            "doc_ids": f"{ids['reject']}\n{ids['edge-3']}\n{ids['newest']}\n",
            "hosts": "gone.example.org\n",
        },
    }
    given: dict[str, str] = {}
    for part in parts:
        for name, lines in named[part].items():
            given[name] = given.get(name, "") + lines
    paths = {name: folder.parent / f"{name}.txt" for name in given}
    for name, path in paths.items():
        path.write_text(given[name])
    return {name: str(path) for name, path in paths.items()}


def remove(spark: SparkSession, folder: Path, *parts: str) -> Summary:
    """What the command does, in this process."""
    run = Run.load(str(folder))
    take_down(run, spark, runs.quiet(), read_wanted(**lists(folder, *parts)))
    complete(run, spark)
    return summarise(run)


def complete(run: Run, spark: SparkSession) -> None:
    pipeline.judge(run, spark, runs.quiet())
    pipeline.after_scores(run, spark, runs.quiet())


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "shards").glob("*.parquet")}


def whole(folder: Path) -> None:
    """Every file that is there counts, and every receipt of a shard has its file."""
    runs.assert_whole(folder, runs.shards(folder))
    shards = {f"{path.stem}.parquet" for path in (folder / "receipts").glob("shard-*")}
    assert shards == set(runs.shards(folder))


def test_what_is_left_is_the_run_that_never_saw_the_pages(
    spark: SparkSession, folder: Path, never_seen: dict[str, str]
) -> None:
    ids, old, old_stamps = ids_of(folder), texts(folder), stamps(folder)
    held = {
        row["doc_id"]: path.stem
        for path in (folder / "shards").glob("*.parquet")
        for row in ds.dataset(path).to_table().to_pylist()
    }
    first = remove(spark, folder, "first")
    assert (first.number, first.pages, first.shipped, first.revived) == (1, 3, 3, 3)
    assert 0 < first.rewritten < first.shards
    whole(folder)
    kept = stamps(folder)
    assert len(kept.keys() - old_stamps.keys()) == first.rewritten
    assert all(old_stamps[name] == stamp for name, stamp in kept.items() if name in old_stamps)
    assert texts(folder).keys() - old.keys() == {ids[n] for n in ("near-2", "equal-2", "older")}
    second = remove(spark, folder, "second")
    assert (second.number, second.pages, second.shipped, second.revived) == (2, 3, 1, 20)
    whole(folder)
    assert texts(folder) == never_seen
    assert never_seen.keys() - old.keys() == {ids[name] for name in CAME_BACK}
    gone = {name for name in old_stamps if name not in stamps(folder)}
    was = {"reject": "too_many_dirty_words", "edge-3": "host_high_pii"}
    asked = {
        "near-1": "url https://near-1.example/#top",
        "equal-1": "url https://EQUAL-1.example/",
        "below": "host gone.example.org",
    }
    record = {row["doc_id"]: row for row in table(folder, "removals")}
    for name in GONE:
        row = record.pop(ids[name])
        assert row["removal"] == (1 if name in ("near-1", "equal-1", "newest") else 2)
        assert row["was"] == was.get(name, "shards")
        assert row["asked"] == asked.get(name, f"doc_id {ids[name]}")
        assert (row["input"], row["taken_at"].date()) == ("crawl", datetime.now(UTC).date())
        if name in was:
            assert row["shards"] == []
        elif row["removal"] == 1:
            assert row["shards"] == [held[ids[name]]]
            assert f"{held[ids[name]]}.parquet" in gone
    assert not record
    came_back = {row["doc_id"]: (row["removal"], row["was"]) for row in table(folder, "returned")}
    assert came_back.keys() == {ids[name] for name in CAME_BACK}
    assert came_back[ids["older"]] == (1, "older_version")
    assert came_back[ids["edge-0"]] == (2, "host_high_pii")
    (funnel,) = json.loads((folder / "manifest.json").read_text())["funnel"].values()
    (step,) = (step for step in funnel if step["stage"] == "take_down")
    assert (step["pages_in"] - step["pages_out"], step["reasons"]) == (5, [["taken_down", 5]])
    verdicts = {row["doc_id"]: row["drop_reason"] for row in table(folder, "verdicts")}
    down = {doc_id for doc_id, reason in verdicts.items() if reason == "taken_down"}
    assert down == {ids[name] for name in GONE if name != "reject"}
    assert {row["host"] for row in table(folder, "hosts")}.isdisjoint({"www.gone.example.org"})


def test_nothing_comes_back_for_superseded_pages(spark: SparkSession, folder: Path) -> None:
    ids, old = ids_of(folder), texts(folder)
    shipped = {ids[name] for name in ("near-1", "equal-1", "newest")}
    wanted, run = read_wanted(**lists(folder, "first")), Run.load(str(folder))
    take_down(run, spark, runs.quiet(), wanted, superseded=True)
    complete(run, spark)
    found = summarise(run)
    assert (found.pages, found.shipped, found.revived) == (3, 3, 0)
    assert table(folder, "returned") == []
    assert texts(folder).items() == {k: v for k, v in old.items() if k not in shipped}.items()
    verdicts = {row["doc_id"]: row["drop_reason"] for row in table(folder, "verdicts")}
    assert {name for name, reason in verdicts.items() if reason == "superseded"} == shipped
    whole(folder)
    assert remove(spark, folder, "first").revived == 3  # asked for once more, as never seen
    assert len(table(folder, "returned")) == 3
    assert sorted(len(row["shards"]) for row in table(folder, "removals")) == [0, 0, 0, 1, 1, 1]
    whole(folder)
    assert texts(folder).keys() - old.keys() == {ids[n] for n in ("near-2", "equal-2", "older")}


def test_two_crawls_share_nothing_once_the_list_of_the_later_one_is_applied(
    spark: SparkSession, tmp_path: Path
) -> None:
    text, versions = " ".join(prose(1)), [" ".join(prose(n)) for n in (2, 3, 4)]
    x = [page(f"x{n}", of, n, url="https://x.example/") for n, of in enumerate(versions, 1)]
    same = [page(name, text, day) for day, name in enumerate("abc", 1)]
    other = page("other", " ".join(prose(5)))
    january, february = tmp_path / "january", tmp_path / "february"
    runs.run(
        spark, [write(tmp_path / "1.jsonl", [*x[:2], *same[:2], other])], january, *OPTIONS[:-1]
    )
    against = f"dedup.against=[{{path: {january / 'manifest.json'}}}]"
    later = write(tmp_path / "2.jsonl", [x[2], same[2]])
    overrides = (*OPTIONS[:-1], against, "dedup.old_wins=false")
    outcome = runs.run(spark, [later], february, *overrides)
    ((path, pages),) = outcome.take_downs.items()
    assert pages == 2
    run = Run.load(str(january))
    wanted = read_wanted(doc_ids=str(february / path))
    take_down(run, spark, runs.quiet(), wanted, superseded=True)
    complete(run, spark)
    shipped = [row for folder in (january, february) for row in table(folder, "shards")]
    assert sorted(row["text"] for row in shipped) == sorted([text, versions[2], other["text"]])
    # The later one can be changed still, though the earlier one is not what it was.
    (tmp_path / "urls").write_text("https://x.example/\n")
    run = Run.load(str(february))
    wanted = read_wanted(urls=str(tmp_path / "urls"))
    take_down(run, spark, runs.quiet(), wanted)
    complete(run, spark)
    assert [row["text"] for row in table(february, "shards")] == [text]


def test_a_run_that_could_not_be_finished_again_is_left_alone(
    spark: SparkSession, folder: Path
) -> None:
    wanted, run = read_wanted(**lists(folder, "first")), Run.load(str(folder))
    shutil.rmtree(folder / "documents")
    with pytest.raises(UserError, match="without documents/ no shard can be"):
        take_down(run, spark, runs.quiet(), wanted)
    assert (run.finished, run.take_downs) == (True, 0)


class KilledError(Exception):
    """In place of `kill -9`."""


class _Killer:
    """Lets this process change the folder once, then kills it at the next change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.last = 0, ""
        for name, counts in (
            ("put_if_absent", lambda _: True),
            ("delete", lambda uris: any(Path(uri).exists() for uri in uris)),
            ("create", lambda uri: uri.endswith("/manifest.json")),
        ):
            monkeypatch.setattr(LocalStorage, name, self._wrapped(name, counts))

    def _wrapped(self, name: str, counts: Callable[[Any], bool]) -> Callable[..., Any]:
        method = getattr(LocalStorage, name)

        def call(store: LocalStorage, given: Any, *more: Any) -> Any:
            if counts(given):
                if not self.left:
                    raise KilledError
                self.left -= 1
                self.last = f"{name} {given}"
            return method(store, given, *more)

        return call


def test_a_take_down_that_is_killed_after_every_step_goes_on(
    spark: SparkSession, folder: Path, never_seen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, steps = texts(folder), []
    killer = _Killer(monkeypatch)
    wanted, run = read_wanted(**lists(folder, "first", "second")), Run.load(str(folder))
    while True:
        killer.left = 1
        try:
            if run.finished:
                take_down(run, spark, runs.quiet(), wanted)
            complete(run, spark)
        except KilledError:
            steps.append(killer.last.removeprefix("put_if_absent "))
            # Nothing is left that looks finished.
            assert not run.finished
            # Who reads by the manifest reads the run of before, whole.
            if (folder / "manifest.json").exists():
                assert texts(folder) == old
        else:
            break
    names = [Path(step).stem for step in steps[:6]]
    assert names[0] == "take_down-000001"
    assert "delete" in steps[1]
    assert names[2:] == ["hosts-000001", "dedup-000001", "quality-000001", "mix-000001"]
    assert len(steps) > 7
    assert texts(folder) == never_seen
    whole(folder)


def test_the_command_goes_on_and_tells_what_it_did(
    spark: SparkSession, folder: Path, never_seen: dict[str, str]
) -> None:
    given = lists(folder, "first", "second")
    take_down(Run.load(str(folder)), spark, runs.quiet(), read_wanted(**given))
    options = [w for name, path in given.items() for w in (f"--{name.replace('_', '-')}", path)]
    done = runs.curate("remove", folder, *options, *runs.ONE_CORE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Take-down 1: 6 pages, 4 of them from shards"
    assert lines[1] == "Pages that came back in their place: 23"
    assert lines[2].startswith("Shards written anew: ")
    assert lines[3] == f"The record: {folder}/removals, {folder}/returned"
    assert lines[-1] == "Of no page of the run: 1 entries: url https://nowhere.example/"
    assert texts(folder) == never_seen
    manifest = (folder / "manifest.json").read_bytes()
    again = runs.curate("remove", folder, *options, *runs.ONE_CORE)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Nothing was changed: all of these were taken down before\n")
    assert (folder / "manifest.json").read_bytes() == manifest
    whole(folder)


def test_pages_that_are_not_there_change_nothing(
    spark: SparkSession, before: Path, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("nowhere.example.org\n")
    wanted = read_wanted(hosts=str(tmp_path / "hosts"))
    run = Run.load(str(before))
    assert take_down(run, spark, runs.quiet(), wanted).tolist() == []
    assert (run.finished, run.take_downs) == (True, 0)
    runs.assert_whole(before, runs.shards(before))


def test_a_run_that_is_not_finished_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "manifest.json").unlink()
    (tmp_path / "urls").write_text("https://near-1.example/\n")
    assert main(["remove", str(folder), "--urls", str(tmp_path / "urls")]) == 2
    assert "is not finished: complete it by the command that began it" in capsys.readouterr().err


def test_what_could_not_be_read_is_not_read_again_after_a_take_down(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        write(tmp_path / "in" / f"{name}.jsonl", [page(name, " ".join(prose(ord(name))))])
    overrides = [*runs.SMALL, "inputs.0.stages=[]"]
    run = new_run(
        load("default", paths=[str(tmp_path / "in")], overrides=overrides), str(tmp_path / "run")
    )
    run.open()
    (tmp_path / "in" / "b.jsonl").rename(tmp_path / "b.jsonl")
    assert len(pipeline.run(run, spark, runs.quiet()).quarantined) == 1
    (tmp_path / "urls").write_text("https://a.example/\n")
    wanted = read_wanted(urls=str(tmp_path / "urls"))
    take_down(run, spark, runs.quiet(), wanted)
    with pytest.raises(UserError, match="pages were taken down from it"):
        pipeline.take_back_quarantined(run, spark)
    complete(run, spark)
    assert (run.finished, runs.shards(run.folder)) == (True, {})
