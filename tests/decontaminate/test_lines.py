"""Texts less the lines that hold items: again and again, until nothing is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.lines import Cleaned, clean
from curation.decontaminate.scan import scan
from curation.left import drop_lines, last_lines
from schemas.verdict import VERDICT
from tests.decontaminate import made

PROSE = " ".join(f"prose{n}" for n in range(60))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> DecontaminateConfig:
    return made.config(tmp_path_factory.mktemp("made"), remove="lines")


def cleaned(text: str, config: DecontaminateConfig, before: bytes | None = None) -> Cleaned:
    (found,) = scan(pa.array([text]), config)
    return clean(text, before, found, config)


def left(text: str, bitmap: bytes | None) -> str:
    return drop_lines(pa.array([text]), pa.array([bitmap], pa.binary()))[0].as_py()


def test_the_lines_of_an_item_go(config: DecontaminateConfig) -> None:
    split = made.ALL[0].replace(". ", ".\n\n")
    text = f"{PROSE}\n\n{split}\n\n{PROSE} é"
    found = cleaned(text, config)
    rest = f"{PROSE}\n\n\n{PROSE} é"
    assert left(text, found.dropped_lines) == rest
    assert (found.text_bytes, found.n_words_left) == (len(rest.encode()), 121)


def test_lines_that_had_gone_before_stay_gone(config: DecontaminateConfig) -> None:
    lines = ["gone", PROSE, "gone too", made.ALL[0], "", "gone as well", *["more"] * 4]
    before = np.packbits([line.startswith("gone") for line in lines], bitorder="little").tobytes()
    was_left = "\n".join(line for line in lines if not line.startswith("gone"))
    found = cleaned(was_left, config, before)
    rest = "\n".join([PROSE, "", *["more"] * 4])
    assert left("\n".join(lines), found.dropped_lines) == rest
    assert found.text_bytes == len(rest)


def test_an_item_that_becomes_whole_goes_too(config: DecontaminateConfig) -> None:
    first, second = made.ALL[0].split(". She")[0], made.ALL[0].split("sacks that")[1]
    head, tail = (" ".join(text.split()[:8]) for text in (first, second))
    words = made.ALL[1].split()
    text = "\n".join([PROSE, " ".join(words[:11]), made.ALL[2], " ".join(words[11:22]), PROSE])
    assert scan(pa.array([" ".join(words[:11])]), config) == []
    found = cleaned(text, config)
    assert left(text, found.dropped_lines) == f"{PROSE}\n{PROSE}"
    assert scan(pa.array([f"{head}\n{tail}"]), config) == []


def test_a_page_of_which_too_little_is_left(config: DecontaminateConfig, tmp_path: Path) -> None:
    text = f"{made.ALL[0]}\nand nine words that are not of any item"
    assert cleaned(text, config).dropped_lines is None
    assert cleaned(text, config).n_words_left == 9
    more = made.config(tmp_path, remove="lines", min_words_left=9)
    assert cleaned(text, more).dropped_lines == b"\1"
    assert cleaned(made.ALL[0], more).dropped_lines is None  # without any word there is no text


def test_the_last_of_two_verdicts_counts_and_the_first_was_read() -> None:
    page = {"doc_id": "d", "input": "in"}
    rows = [
        page | {"position": 2, "dropped_lines": b"\1", "text_bytes": 9},
        page
        | {"position": 1, "dropped_lines": b"\7", "text_bytes": 3, "lines_reason": "contaminated"},
        page | {"position": 1, "dropped_lines": b"\3", "text_bytes": 5},
        page
        | {"position": 3, "dropped_lines": b"\4", "text_bytes": 8, "lines_reason": "contaminated"},
    ]
    found = last_lines(pa.Table.from_batches([VERDICT.batch(rows)])).to_pylist()
    assert [(row["position"], row["dropped_lines"], row["lines_read"]) for row in found] == [
        (1, b"\7", b"\3"),
        (2, b"\1", b"\1"),
        (3, b"\4", None),
    ]
    assert last_lines(pa.Table.from_batches([VERDICT.batch([])])).num_rows == 0
