"""Block lists in a recipe, in a run, and in the pass over a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from curation.all_splits import split_pass
from curation.cli import main
from curation.errors import UserError
from curation.recipe import load
from curation.run import new_run
from curation.safety.blocklist.match import load_lists
from curation.split_pass import run_split
from curation.storage import join
from tests import runs

INPUT = runs.SAMPLE / "clipped.warc.gz"


@pytest.fixture
def games(tmp_path: Path) -> Path:
    """A compiled list of two categories."""
    for category, host in (("casino", "debdocs.example"), ("chess", "chess.example")):
        (tmp_path / f"{category}.txt").write_text(host)
    sources = [str(tmp_path / f"{name}.txt") for name in ("casino", "chess")]
    assert main(["lists", "update", *sources, "--output", str(tmp_path / "games.arrow")]) == 0
    return tmp_path / "games.arrow"


def own(path: Path, more: str = "") -> str:
    return f"blocklist.lists=[{{path: {path}{more}}}]"


def passed(folder: Path, *overrides: str) -> Any:
    recipe = load("default", paths=[str(INPUT)], overrides=overrides)
    run = new_run(recipe, str(folder))
    return run_split(run.splits[0], split_pass(run.recipe), str(folder))


def test_blocked_pages_are_rejects_of_ingest(games: Path, tmp_path: Path) -> None:
    free = passed(tmp_path / "free", "blocklist.bundled=false").counts
    counts = passed(tmp_path / "run", own(games)).counts
    rows = ds.dataset(tmp_path / "run" / "rejects").to_table().to_pylist()
    blocked = [row for row in rows if row["drop_reason"] == "blocked_host"]
    assert 0 < len(blocked) < counts["ingest", "crawl", "in"]
    assert {row["detail"] for row in blocked} == {"casino: debdocs.example"}
    assert {row["text"] for row in blocked} == {None}
    assert counts["ingest", "crawl", "blocked_host"] == len(blocked)
    assert counts["ingest", "crawl", "in"] == free["ingest", "crawl", "in"]
    assert counts["ingest", "crawl", "kept"] == free["ingest", "crawl", "kept"] - len(blocked)


def test_a_list_of_ones_own_blocks_by_the_categories_beside_it(games: Path, tmp_path: Path) -> None:
    counts = passed(tmp_path / "run", own(games, ", categories: [chess]")).counts
    assert counts["ingest", "crawl", "blocked_host"] == 0


def test_a_list_counts_from_its_recipe_and_is_pinned(games: Path, tmp_path: Path) -> None:
    lines = (
        f"name: mine\ninputs: [{{paths: ['{INPUT}']}}]\nblocklist:\n  lists: [path: games.arrow]"
    )
    (tmp_path / "mine.yaml").write_text(lines)
    recipe = load(str(tmp_path / "mine.yaml"))
    assert recipe.blocklist.lists[0].path == str(games)
    (pinned,) = new_run(recipe, str(tmp_path / "run")).recipe.blocklist.lists
    assert pinned.sha256 is not None
    other = ["lists", "update", str(tmp_path / "chess.txt"), "--output", str(games)]
    assert main(other) == 0
    changed = new_run(recipe, str(tmp_path / "run")).recipe.blocklist
    assert changed.lists[0].sha256 != pinned.sha256


def test_a_worker_takes_no_other_list_than_the_run(games: Path, tmp_path: Path) -> None:
    recipe = load("default", paths=[str(INPUT)], overrides=[own(games)])
    blocklist = new_run(recipe, str(tmp_path / "run")).recipe.blocklist
    other = ["lists", "update", str(tmp_path / "chess.txt"), "--output", str(games)]
    assert main(other) == 0
    with pytest.raises(UserError, match="is not the file that the recipe names"):
        load_lists(blocklist)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("blocklist.categories=[gamblng]", "no category 'gamblng': did you mean 'gambling'?"),
        ("blocklist.lists=[{path: nowhere.arrow}]", "nowhere.arrow: no such file"),
        ("blocklist.lists=[{path: casino.txt}]", "casino.txt: is not what 'curate lists update'"),
        ("blocklist.lists=[{path: empty.arrow}]", "empty.arrow: is not what 'curate lists update'"),
        ("blocklist.lists=[{path: games.arrow, categories: [ches]}]", "did you mean 'chess'?"),
        ("blocklist.lists=[{file: x}]", "unknown key 'blocklist.lists.0.file'"),
        ("blocklist.lists=[{}]", "'blocklist.lists.0.path' is missing"),
        ("blocklist.bundle=true", "did you mean 'bundled'?"),
    ],
)
def test_a_mistake_in_a_recipe_is_one_line(
    games: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, override: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.arrow").touch()
    with pytest.raises(UserError) as error:
        passed(tmp_path / "run", override)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_lists_may_lie_in_an_object_store(games: Path, tmp_path: Path, s3: str) -> None:
    source, output = str(tmp_path / "casino.txt"), join(s3, "games.arrow")
    assert main(["lists", "update", source, "--output", output]) == 0
    counts = passed(tmp_path / "run", f"blocklist.lists=[{{path: '{output}'}}]").counts
    assert counts["ingest", "crawl", "blocked_host"] > 0
