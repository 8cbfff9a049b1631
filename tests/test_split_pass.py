"""One split through the pass: every page once, and a failing store is never damaged input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from curation import storage
from curation.all_splits import split_pass
from curation.errors import UserError
from curation.recipe import load
from curation.run import new_run
from curation.split_pass import run_split
from tests import runs


def passed(path: Path, folder: Path, *overrides: str) -> Any:
    recipe = load("default", paths=[str(path)], overrides=overrides)
    (split,) = new_run(recipe, str(folder)).splits
    return run_split(split, split_pass(recipe), str(folder))


@pytest.mark.parametrize(
    ("text", "longest"), [("full", range(1000, 10**6)), ("excerpt", [500]), ("none", [None])]
)
def test_rejects_keep_as_much_text_as_the_recipe_says(
    tmp_path: Path, text: str, longest: Any
) -> None:
    only = ("heuristics.prose.pages.too_few_words=50000", f"rejects.text={text}")
    passed(runs.SAMPLE / "clipped.warc.gz", tmp_path, *only)
    rows = ds.dataset(tmp_path / "rejects").to_table().to_pylist()
    texts = [row["text"] for row in rows if row["drop_reason"] == "too_few_words"]
    assert max((len(t) if t is not None else None for t in texts), key=lambda n: n or 0) in longest
    assert all(row["n_words"] for row in rows if row["drop_reason"] == "too_few_words")


@pytest.mark.parametrize("call", range(2, 5))
def test_a_store_that_fails_stops_the_split_at_whatever_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Else a time-out would pass for damage, and its pages be lost with a receipt."""
    monkeypatch.setattr(storage, "BLOCK_BYTES", 4096)
    calls = 0
    read = storage.LocalStorage.read

    def failing(self: storage.LocalStorage, *where: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == call:
            raise UserError("the store is away")
        return read(self, *where)

    recipe = load("default", paths=[str(runs.SAMPLE / "clipped.warc.gz")])
    (split,) = new_run(recipe, str(tmp_path)).splits
    monkeypatch.setattr(storage.LocalStorage, "read", failing)
    with pytest.raises(UserError, match="the store is away"):
        run_split(split, split_pass(recipe), str(tmp_path))


def test_the_language_and_the_rules_can_be_left_out(tmp_path: Path) -> None:
    overrides = ("inputs.0.stages=[extract]",)
    receipt = passed(runs.SAMPLE / "clipped.warc.gz", tmp_path, *overrides)
    stages = {stage for stage, _, _ in receipt.counts}
    assert stages == {"ingest", "extract"}
    rows = ds.dataset(tmp_path / "documents").to_table().to_pylist()
    assert {row["language"] for row in rows} == {None}
