"""Runs over rows of text: which lines go, what is left, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation.parts import read_documents
from tests import runs
from tests.dedup.test_run import prose, write

STAGES = ("inputs.0.stages=[]", runs.LINES, "dedup.lines.min_words=5")
SIX, SEVEN = "Six times this line occurs.", "Seven times this one: 12!"
FOREIGN = ["版权所有,保留一切权利。", "สงวนลิขสิทธิ์ทั้งหมด", "جميع الحقوق محفوظة ٢٠٢٤"]


def body(seed: int) -> str:
    return " ".join(prose(seed, 40))


def page(name: str, *lines: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "url": f"https://{name}.example/", "text": "\n".join(lines), **more}


PAGES = [
    page("p0", SEVEN, body(0), SIX, SEVEN.lower().replace("12", "٣٤"), "", "The end of one."),
    *(page(f"p{n}", body(n), *([SEVEN] if n < 5 else []), SIX) for n in range(1, 6)),
    *(page(f"f{n}", FOREIGN[0], body(50 + n), *FOREIGN[1:], f"<EMAIL> {n}") for n in range(7)),
    page("twice", body(9), *["Seven in one page."] * 7),
    page("short", "Three words here."),
    *(page(f"b{n}", body(20 + n), "* * *", "", "<EMAIL>") for n in range(7)),
]
SHORT = page("too-short", "Three words left.", SEVEN)


def texts(folder: Path) -> dict[str, str]:
    columns = ["record_id", "text", "text_bytes", "n_dropped_lines", "n_words_left"]
    rows = [row for batch in read_documents(str(folder), columns) for row in batch.to_pylist()]
    assert all(len(row["text"].encode()) == row["text_bytes"] for row in rows)
    return {row["record_id"]: row["text"] for row in rows}


def fates(folder: Path) -> dict[str, str | None]:
    documents = ds.dataset(folder / "documents").to_table(columns=["doc_id", "record_id"])
    names = dict(zip(*(documents[c].to_pylist() for c in ("doc_id", "record_id")), strict=True))
    rows = ds.dataset(folder / "verdicts").to_table().to_pylist()
    return {names[row["doc_id"]]: row["drop_reason"] for row in rows}


@pytest.fixture(scope="module")
def ran(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    runs.run(spark, [write(folder / "in", [*PAGES, SHORT])], folder / "run", *STAGES)
    return folder / "run"


def test_six_stay_and_seven_go(ran: Path) -> None:
    found = texts(ran)
    assert found["p0"] == "\n".join([body(0), SIX, "", "The end of one."])
    assert found["p3"] == "\n".join([body(3), SIX])
    assert found["f2"] == body(52)  # addresses are left out, and digits are alike: 7 times
    assert found["twice"] == body(9)
    unchanged = ["short", *(f"b{n}" for n in range(7))]
    assert [found[name] for name in unchanged] == [
        next(page["text"] for page in PAGES if page["id"] == name) for name in unchanged
    ]


def test_shards_hold_what_is_left(ran: Path) -> None:
    shards = ds.dataset(ran / "shards").to_table(columns=["text"])
    assert sorted(shards["text"].to_pylist()) == sorted(texts(ran).values())


def test_a_page_of_which_too_little_is_left_goes(ran: Path) -> None:
    changed = {*(f"p{n}" for n in range(5)), *(f"f{n}" for n in range(7)), "twice"}
    assert fates(ran) == {**dict.fromkeys(changed), "too-short": "left_too_short"}


def test_the_ledger_tells_of_pages_and_lines(ran: Path) -> None:
    rows = ds.dataset(ran / "ledger").to_table().to_pylist()
    found = {row["outcome"]: row["pages"] for row in rows if row["stage"] == "dedup"}
    assert found["left_too_short"] == 1
    assert found["shortened:frequent_lines"] == 13
    assert found["cut:frequent_lines"] == 6 + 4 * 7 + 7
    assert found["in"] - found["kept"] == 1
    hosts = ds.dataset(ran / "hosts").to_table().to_pylist()
    assert {host["host"]: host["duplicates"] for host in hosts}["p0.example"] == 0


def test_the_audit_shows_what_went(ran: Path) -> None:
    rows = ds.dataset(ran / "line_audit").to_table().to_pylist()
    told = {row["text"]: (row["kind"], row["count"], row["documents"]) for row in rows}
    (seven,) = (text for text in told if text.lower().startswith("seven times"))
    (email,) = (text for text in told if text.startswith("<EMAIL>"))
    assert told == {
        **dict.fromkeys([email, *FOREIGN], ("frequent", 7, 7)),
        seven: ("frequent", 7, 6),
        "Seven in one page.": ("frequent", 7, 1),
    }


def test_verdicts_are_the_same_however_input_lies(
    spark: SparkSession, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = write(tmp_path / "in", [SHORT, *reversed(PAGES)], files=5)
    monkeypatch.setattr("curation.parts._PART_BYTES", 1)
    monkeypatch.setattr("curation.dedup.lines.stage._KEYS_PER_TASK", 100)
    with runs.shuffle_partitions(spark, 3):
        runs.run(spark, [given], tmp_path / "run", *STAGES)
    assert texts(tmp_path / "run") == texts(ran)
    audits = (ds.dataset(folder / "line_audit").to_table() for folder in (tmp_path / "run", ran))
    assert next(audits) == next(audits)


def test_lines_can_be_allowed_and_the_first_of_them_kept(
    spark: SparkSession, ran: Path, tmp_path: Path
) -> None:
    (tmp_path / "allowed.txt").write_text(f"{FOREIGN[1]}\n\n{FOREIGN[2]} !\n", "utf-8")
    more = {
        "count": "documents",
        "keep": "first",
        "max_count": 5,
        "allow": f"['{SEVEN.upper()}']",
        "allow_list": f"{{path: {tmp_path / 'allowed.txt'}}}",
    }
    overrides = (f"dedup.lines.{name}={value}" for name, value in more.items())
    outcome = runs.run(spark, [ran.parent / "in"], tmp_path / "run", *STAGES, *overrides)
    assert outcome.cut_lines["crawl"] == {"frequent_lines": 5 + 2 * 6}
    found = texts(tmp_path / "run")
    every = {page["id"]: page["text"] for page in PAGES}
    assert found["twice"] == every["twice"]  # in one document alone
    assert sum(FOREIGN[0] in text for text in found.values()) == 1
    assert sum(SIX in text for text in found.values()) == 1
    assert all(SEVEN in found[f"p{n}"] and FOREIGN[1] in found[f"f{n}"] for n in range(5))
