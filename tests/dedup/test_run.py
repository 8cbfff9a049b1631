"""Runs over rows of text: what deduplication drops, for whom, and what it tells."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation.commands.run import show
from curation.finish import read_outcome
from curation.run import Run
from tests import runs

WORDS = [f"{a}{b}{c}" for a in "bdkmprst" for b in "aeiou" for c in "lnrsx"]
STAGES = ("inputs.0.stages=[]", runs.NEAR)


def prose(seed: int, words: int = 300) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def changed(words: list[str], share: float, seed: int) -> str:
    """A share of the end replaced."""
    kept = round(len(words) * (1 - share))
    return " ".join([*words[:kept], *prose(seed, len(words) - kept)])


def jaccard(left: str, right: str) -> float:
    a, b = ({tuple(t.split()[i : i + 5]) for i in range(len(t.split()) - 4)} for t in (left, right))
    return len(a & b) / len(a | b)


def page(name: str, text: str, day: int = 1, **more: Any) -> dict[str, Any]:
    fetched = f"2024-01-{day:02d}T00:00:00Z"
    return {"id": name, "url": f"https://{name}.example/", "fetched_at": fetched, **more} | {
        "text": text
    }


BASE, OTHER, THIRD = prose(1), prose(2), prose(3)
PAGES = [
    page("newest", " ".join(BASE), 9),
    page("copy", "  ".join(BASE).upper(), 8),  # equal but for blanks and case
    page("near", changed(BASE, 0.05, 5), 7),
    page("far", changed(BASE, 0.3, 6), 6),  # Jaccard near .53
    page("old", " ".join(OTHER), 1, url="https://other.example/a?utm_source=x"),
    page("new", changed(OTHER, 0.9, 8), 2, url="https://other.example/a#top"),
    page("phone", " ".join([*THIRD[:150], "<PHONE>", *THIRD[150:]]), 2),
    page("no-phone", " ".join(THIRD), 1),
    *(page(f"single-{n}", " ".join(prose(100 + n))) for n in range(5)),
]


def write(folder: Path, pages: Iterable[dict[str, Any]], files: int = 1) -> Path:
    folder.mkdir()
    for number in range(files):
        lines = [json.dumps(page) for page in list(pages)[number::files]]
        (folder / f"{number}.jsonl").write_text("\n".join(lines))
    return folder


def fates(folder: Path) -> dict[str, tuple[str, str | None, float | None]]:
    """Of each page that went, by its id: the reason, the id of its keeper, the similarity."""
    documents = ds.dataset(folder / "documents").to_table(columns=["doc_id", "record_id"])
    names = dict(zip(*(documents[c].to_pylist() for c in ("doc_id", "record_id")), strict=True))
    rows = ds.dataset(folder / "verdicts").to_table().to_pylist()
    return {
        names[r["doc_id"]]: (
            r["drop_reason"],
            names.get(r["keeper"], r["keeper"]),
            r["similarity"],
        )
        for r in rows
    }


@pytest.fixture(scope="module")
def ran(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dedup")
    certificate = "dedup.certificate={pages: 7}"
    runs.run(spark, [write(folder / "in", PAGES)], folder / "run", *STAGES, certificate)
    return folder / "run"


def test_what_goes_and_for_whom(ran: Path) -> None:
    found = fates(ran)
    assert {name: fate[:2] for name, fate in found.items()} == {
        "newest": ("exact_duplicate", "copy"),  # which is longer, by blanks
        "near": ("near_duplicate", "copy"),
        "old": ("older_version", "new"),
        "no-phone": ("near_duplicate", "phone"),  # a placeholder is no word
    }
    assert found["near"][2] == pytest.approx(jaccard(PAGES[0]["text"], PAGES[2]["text"]), abs=0.15)
    assert (found["no-phone"][2], found["newest"][2]) == (1, None)


def test_clusters_tell_who_belongs_together(ran: Path) -> None:
    rows = ds.dataset(ran / "clusters").to_table().to_pylist()
    sizes = sorted((row["size"], row["keeper"] is None, row["equal"]) for row in rows)
    assert sizes == [
        (2, False, False),
        (2, True, None),
        (3, False, False),
        (3, False, True),
        (3, True, None),
    ]


def test_what_it_took_is_in_the_ledger_and_nothing_between_is_left(ran: Path) -> None:
    rows = ds.dataset(ran / "ledger").to_table().to_pylist()
    beside = {row["outcome"]: row["pages"] for row in rows if row["input"] == ""}
    assert beside["rounds:near_duplicates"] == 1
    assert beside["pairs:verified"] == 2
    assert not [*ran.glob("pairs/*"), *ran.glob("members/*"), *ran.glob("met/*")]


def test_the_certificate_is_counted_apart_and_shown(
    ran: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ds.dataset(ran / "ledger").to_table().to_pylist()
    beside = {row["outcome"]: row["pages"] for row in rows if row["input"] == ""}
    assert (beside["planted:0.75"], beside["checked:removals"]) == (7, 2)
    run = Run.load(str(ran))
    rates = read_outcome(run).certificate
    (of_gone,) = (rate for rate in rates if rate["kind"] == "false_removals")
    assert (of_gone["checked"], of_gone["found"], of_gone["share"]) == (2, 0, 0)
    assert of_gone["upper"] == pytest.approx(1 - 0.005**0.5)  # what two of two leave open
    show(run, read_outcome(run))
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "removed, though" in line)
    assert "92.9%" in line


def test_exactly_verified_similarity_is_the_jaccard_index(
    spark: SparkSession, ran: Path, tmp_path: Path
) -> None:
    overrides = (*STAGES, "dedup.near.verify=exact", "dedup.near.threshold=0.5")
    runs.run(spark, [ran.parent / "in"], tmp_path / "run", *overrides)
    found = fates(tmp_path / "run")
    texts = {page["id"]: page["text"] for page in PAGES}
    for name in ("near", "far"):
        if name == "far" and name not in found:
            continue  # that they share a band is for chance to say
        exact = jaccard(texts[name], " ".join(BASE))
        assert found[name][2] == pytest.approx(exact)
    assert "near" in found


def test_verdicts_and_clusters_are_the_same_however_input_lies(
    spark: SparkSession, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = write(tmp_path / "in", random.Random(5).sample(PAGES, len(PAGES)), files=5)
    monkeypatch.setattr("curation.parts._PART_BYTES", 1)  # a part for each, and many tasks
    for rows in ("stage._ROWS_PER_TASK", "near._KEYS_PER_TASK", "near._PAGES_PER_TASK"):
        monkeypatch.setattr(f"curation.dedup.{rows}", 1 if "PAGES" in rows else 7)
    with runs.shuffle_partitions(spark, 3):
        runs.run(spark, [given], tmp_path / "run", *STAGES)
    assert fates(tmp_path / "run") == fates(ran)
    assert _clusters(tmp_path / "run") == _clusters(ran)


def _clusters(folder: Path) -> list[dict[str, Any]]:
    table: pa.Table = (
        ds.dataset(folder / "clusters").to_table().drop_columns(["position", "keeper_position"])
    )
    rows: list[dict[str, Any]] = table.sort_by("doc_id").to_pylist()
    return rows


def test_an_alarm_names_who_lost_much(spark: SparkSession, tmp_path: Path) -> None:
    copies = [page(f"c{n}", " ".join(BASE), url=f"https://copies.example/{n}") for n in range(6)]
    given = write(tmp_path / "in", [*copies, *PAGES[-5:]])
    overrides = (*STAGES, "dedup.alarm.min_pages=5", "dedup.alarm.max_share=0.5")
    outcome = runs.run(spark, [given], tmp_path / "run", *overrides)
    assert outcome.alarms == [{"kind": "host", "name": "copies.example", "pages": 6, "gone": 5}]


def test_near_duplicates_can_be_left_in(spark: SparkSession, ran: Path, tmp_path: Path) -> None:
    overrides = (*STAGES, "dedup.near=null", "dedup.exact=false")
    runs.run(spark, [ran.parent / "in"], tmp_path / "run", *overrides)
    assert {name: fate[0] for name, fate in fates(tmp_path / "run").items()} == {
        "old": "older_version"
    }
