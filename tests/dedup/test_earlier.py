"""Crawls one after another: what an earlier run, or an index of it, keeps out of a later one."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from curation.artefact import Artefact
from curation.commands import run as run_command
from curation.commands.index import named_in
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_runs, finished_run
from curation.dedup.index import load_index
from curation.dedup.index_files import build_index
from curation.dedup.minhash import MinHashParams
from curation.errors import UserError
from curation.parts import read_documents
from curation.run import Run
from tests import runs
from tests.dedup.test_run import STAGES, changed, page, prose, write

NEWEST = (*STAGES, "dedup.keep=[newest]")
BASE, OTHER, THIRD = prose(1), prose(2), prose(3)


def _families(day: int, names: str) -> list[dict[str, Any]]:
    """Pages of six texts, more or less changed: with others of the same texts, pairs and chains."""
    dice = random.Random(names)
    return [
        page(
            f"{names}-{number}",
            changed(prose(50 + number % 6), dice.choice([0.0, 0.04, 0.1, 0.2]), dice.randrange(9)),
            day + number % 5,
        )
        for number in range(24)
    ]


OLD = [
    page("base", " ".join(BASE), 25),
    page("near-base", changed(BASE, 0.03, 5), 24),
    page("other", " ".join(OTHER), 23),
    page("third", " ".join(THIRD), 20, url="https://third.example/a"),
    page("before-third", " ".join(prose(4)), 19, url="https://third.example/a"),
    *_families(20, "old"),
]
NEW = [
    page("copy", " ".join(BASE).upper(), 9),
    page("like-other", changed(OTHER, 0.03, 7), 8),
    page("again", " ".join(prose(5)), 7, url="https://third.example/a"),
    page("like-gone", changed(BASE, 0.03, 5), 6),  # it went there, as its near-duplicate stayed
    OLD[0],
    page("unknown", " ".join(prose(6)), 5),
    *_families(1, "new"),
]


def fates(folder: Path, *others: Path) -> dict[str, tuple[str, str, str | None]]:
    """Of each page that went, by its id: the reason, its keeper's id, the run that has that."""
    names = {doc_id: name for run in (folder, *others) for doc_id, name in _names(run)}
    rows = ds.dataset(folder / "verdicts").to_table().to_pylist()
    return {
        names[r["doc_id"]]: (
            r["drop_reason"],
            names.get(r["keeper"], r["keeper"]),
            r["keeper_run"],
        )
        for r in rows
    }


def _names(folder: Path) -> list[tuple[str, str]]:
    rows = ds.dataset(folder / "documents").to_table(columns=["doc_id", "record_id"])
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def kept(folder: Path) -> set[str]:
    batches = read_documents(str(folder), ["record_id"])
    return {name for batch in batches for name in batch.column("record_id").to_pylist()}


def run_id(folder: Path) -> str:
    found: str = json.loads((folder / "manifest.json").read_text())["run"]
    return found


def against(*files: Path) -> str:
    return f"dedup.against={json.dumps([{'path': str(file)} for file in files])}"


@pytest.fixture(scope="module")
def old(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    runs.run(spark, [write(folder / "in", OLD)], folder / "run", *NEWEST)
    return folder / "run"


@pytest.fixture(scope="module")
def index(spark: SparkSession, old: Path) -> Path:
    folder = old.parent / "index"
    build_index(spark, finished_run(Artefact(path=str(old / "manifest.json"))), str(folder))
    return folder


@pytest.fixture(scope="module")
def new(spark: SparkSession, old: Path) -> Path:
    folder = old.parent / "new"
    pages = write(old.parent / "new-in", NEW, files=3)
    runs.run(spark, [pages], folder, *NEWEST, against(old / "manifest.json"))
    return folder


def test_verdicts_name_the_old_page_and_its_run(old: Path, new: Path) -> None:
    found, before = fates(new, old), run_id(old)
    assert fates(old)["near-base"][:2] == ("near_duplicate", "base")
    wanted = {
        "copy": ("exact_duplicate", "base", before),
        "like-other": ("near_duplicate", "other", before),
        "again": ("shipped_before", "third", before),
        "like-gone": ("near_duplicate", "base", before),
        "base": ("repeated_record", "base", before),
    }
    assert {name: found[name] for name in wanted} == wanted
    assert "unknown" not in found
    among_new = {fate[1] for fate in found.values() if fate[::2] == ("near_duplicate", None)}
    assert among_new
    assert among_new <= kept(new)


def test_clusters_tell_which_pages_are_of_an_earlier_run(old: Path, new: Path) -> None:
    rows = ds.dataset(new / "clusters").to_table().to_pylist()
    names, before = dict(_names(old)), run_id(old)
    assert {r["run"] for r in rows if r["doc_id"] in names} == {before}
    assert {r["run"] for r in rows if r["doc_id"] not in names} == {None}
    assert all(r["keeper"] is None for r in rows if r["run"])


def test_two_crawls_one_after_the_other_are_as_both_at_once(
    spark: SparkSession, old: Path, index: Path, new: Path, tmp_path: Path
) -> None:
    inputs = [old.parent / "in", old.parent / "new-in"]
    # What is older in the order of who stays, and so of versions, is newer in time here.
    runs.run(spark, inputs, tmp_path / "both", *NEWEST)
    assert kept(tmp_path / "both") == kept(old) | kept(new)
    pages = old.parent / "new-in"
    with runs.shuffle_partitions(spark, 3):
        runs.run(spark, [pages], tmp_path / "run", *NEWEST, against(index / "index.json"))
    assert fates(tmp_path / "run", old) == fates(new, old)


def test_where_old_pages_do_not_win_those_that_gave_way_are_listed(
    spark: SparkSession, old: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [
        page("newer", " ".join(BASE), 28),
        page("like-other", changed(OTHER, 0.03, 7), 28),
        page("later", " ".join(prose(7)), 28, url="https://third.example/a"),
        page("sooner", changed(prose(50), 0.02, 1), 1),
    ]
    given = write(tmp_path / "in", later)
    overrides = (*NEWEST, "dedup.old_wins=false", against(index / "index.json"))
    outcome = runs.run(spark, [given], tmp_path / "run", *overrides)
    names, before = dict(_names(old) + _names(tmp_path / "run")), run_id(old)
    rows = ds.dataset(tmp_path / "run" / "take_downs").to_table().to_pylist()
    told = {names[r["doc_id"]]: (r["drop_reason"], names[r["keeper"]], r["run"]) for r in rows}
    wanted = {
        "base": ("exact_duplicate", "newer", before),
        "other": ("near_duplicate", "like-other", before),
        "third": ("older_version", "later", before),
    }
    assert {name: told[name] for name in wanted} == wanted
    assert kept(tmp_path / "run") == {"newer", "like-other", "later"}
    # Nothing of it was judged, and a list can be given to the run that has them.
    path = f"take_down_lists/{before}.txt"
    listed = (tmp_path / "run" / path).read_text().splitlines()
    assert listed == sorted(r["doc_id"] for r in rows)
    assert outcome.take_downs == {path: len(rows)}
    said = io.StringIO()
    monkeypatch.setattr(run_command, "Console", lambda: Console(file=said, width=300))
    run_command.show(Run.load(str(tmp_path / "run")), outcome)
    assert f"{len(rows)} pages of the earlier run {before} gave way" in said.getvalue()


def refused(*files: Path, **config: Any) -> str:
    named = tuple(Artefact(path=str(file)) for file in files)
    with pytest.raises(UserError) as told:
        earlier_runs(DedupConfig(against=named, **config))
    (line,) = str(told.value).splitlines()
    return line


def test_what_cannot_be_compared_is_told_in_one_line(
    old: Path, index: Path, tmp_path: Path
) -> None:
    manifest, described = old / "manifest.json", index / "index.json"
    assert "is no manifest of a finished run" in refused(old / "run.json")
    for file in (manifest, described):
        assert "'dedup.near.n' is 112, not 64" in refused(file, near=MinHashParams(n=64, bands=8))
    assert "twice" in refused(manifest, described)
    assert "no texts" in refused(described, near=MinHashParams(verify="exact"))
    other = tmp_path / "index.json"
    other.write_text(json.dumps({**json.loads(described.read_text()), "colour": "red"}))
    assert "another version" in refused(other)
    with pytest.raises(UserError, match="a finished run or an index"):
        named_in(str(tmp_path / "nothing"), "manifest.json", "index.json")
    # Without signatures there is nothing that would have to be alike.
    assert [p.run for p in earlier_runs(_config(described, near=None)).parts] == [run_id(old)]


def _config(file: Path, **config: Any) -> DedupConfig:
    return DedupConfig(against=(Artefact(path=str(file)),), **config)


def test_an_index_holds_what_is_in_and_no_text(old: Path, index: Path) -> None:
    rows = ds.dataset(index / "keys").to_table()
    names = dict(_names(old))
    still_in = rows.filter(ds.field("drop_reason").is_null())["doc_id"].to_pylist()
    assert {names[doc_id] for doc_id in still_in} == kept(old)
    assert still_in == sorted(still_in)
    told = load_index(Artefact(path=str(index / "index.json")))
    assert [dict(run) for run in told.runs] == [
        {"id": run_id(old), "documents": len(kept(old)), "pages": len(OLD)}
    ]
    assert not {"text", "url", "host", "line_hashes"} & set(rows.column_names)
