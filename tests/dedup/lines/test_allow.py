from __future__ import annotations

from pathlib import Path

import pytest

from curation.artefact import Artefact
from curation.dedup.lines.allow import allowed_hashes
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.keys import line_hashes
from curation.errors import UserError
from curation.recipe import load
from curation.run import new_run


def test_lines_of_the_recipe_and_of_a_file_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("Second line\r\n\n***\nthird: 5", "utf-8-sig")
    listed = Artefact(path=str(tmp_path / "list.txt"))
    config = LinesConfig(allow=("First  LINE.",), allow_list=listed)
    expected = line_hashes(["first line", "second line", "third 0"])
    assert allowed_hashes(config).tolist() == expected.tolist()
    assert allowed_hashes(LinesConfig()).tolist() == []


def test_the_list_is_found_beside_the_recipe_and_pinned(tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text('{"text": "A page."}')
    (tmp_path / "list.txt").write_text("a line")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: x\ninputs: [{name: x, paths: [pages.jsonl]}]\n"
        "dedup: {lines: {allow_list: {path: list.txt}}}\n"
    )
    lines = new_run(load(str(recipe)), str(tmp_path / "run")).recipe.dedup.lines
    assert lines
    assert lines.allow_list == Artefact(path=str(tmp_path / "list.txt")).pinned()
    for content, problem in ((b"\xff", "not UTF-8"), (None, "no such file")):
        (tmp_path / "list.txt").unlink()
        if content:
            (tmp_path / "list.txt").write_bytes(content)
        with pytest.raises(UserError, match=problem):
            new_run(load(str(recipe)), str(tmp_path / "other"))
        (tmp_path / "list.txt").touch()
