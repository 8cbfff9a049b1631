"""Rubrics: those of the package are whole, others are refused in one line; answers fit or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from curation.annotation.rubric import bundled_rubrics, load_rubric, read_answer
from curation.errors import UserError

RUBRIC = load_rubric("quality")
GOOD = '{"reason": "clear", "score": 4}'


def test_the_rubrics_of_the_package() -> None:
    found = {name: load_rubric(name).says for name in bundled_rubrics()}
    heads = {name: says.head for name, says in found.items()}
    assert heads == {
        "code_with_prose": "code",
        "mathematical_deduction": "math",
        "quality": "quality",
        "stem_reasoning": "math",
    }
    for name, says in found.items():
        assert says.name == name
        assert says.requirements.count("\n\n") >= 3
        assert says.answer.properties.score.enum == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head": "topics"}, "head: Input should be 'quality', 'math' or 'code'"),
        ({"scale": {0: "a", 1: "b"}}, "scale and answer.properties.score.enum must be the same"),
        ({"positive_from": 0}, "positive_from must be 1..5"),
        ({"positive_from": 6}, "positive_from must be 1..5"),
        ({"extra": 1}, "extra: Extra inputs are not permitted"),
        ({"requirements": ""}, "requirements: String should have at least 1 character"),
    ],
)
def test_what_is_no_rubric(tmp_path: Path, change: dict[str, object], message: str) -> None:
    says = RUBRIC.says.model_dump(mode="json", by_alias=True)
    says["scale"] = {int(score): text for score, text in says["scale"].items()}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(says))
    assert load_rubric(str(path)).says == RUBRIC.says
    path.write_text(yaml.safe_dump({**says, **change}))
    with pytest.raises(UserError, match=message) as told:
        load_rubric(str(path))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("qualty", "no such rubric: bundled are code_with_prose, mathematical_deduction, quality"),
        ("./nowhere.yaml", "nowhere.yaml: no such rubric$"),
    ],
)
def test_a_rubric_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_rubric(name)


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(UserError, match="is no YAML"):
        load_rubric(str(tmp_path / "x.yaml"))


@pytest.mark.parametrize(
    ("content", "score"),
    [
        (GOOD, 4),
        (f"```json\n{GOOD}\n```", 4),
        (f'<think>Is it {{"score": 5}}? {{no}}</think> Here: {GOOD} Done.', 4),
        (f"{GOOD} {GOOD}", 4),
        ('{"score": 0, "reason": ""}', 0),
        ('{"reason": "clear", "score": "4"}', None),
        ('{"reason": "clear", "score": 4.0}', None),
        ('{"reason": "clear", "score": true}', None),
        ('{"reason": "clear", "score": 6}', None),
        ('{"reason": "clear", "score": -1}', None),
        ('{"reason": null, "score": 4}', None),
        ('{"score": 4}', None),
        ('{"reason": "clear", "score": 4, "sure": 1}', None),
        ('{"answer": {"reason": "clear", "score": 4}}', None),
        (f'{GOOD} {{"reason": "clear", "score": 5}}', None),
        (GOOD[:-1], None),
        ("[4]", None),
        ("4", None),
        ("", None),
        ('{"a":' * 5000, None),
    ],
)
def test_answers(content: str, score: int | None) -> None:
    found = read_answer(content, RUBRIC)
    assert (found and found.score) == score


def test_a_long_reason_is_cut() -> None:
    found = read_answer(json.dumps({"reason": "x" * 4000, "score": 1}), RUBRIC)
    assert found is not None
    assert len(found.reason) == 500


@given(st.text())
def test_no_text_breaks_the_reader(content: str) -> None:
    assert read_answer(content, RUBRIC) is None
    assert read_answer(f"{content.replace('{', '')} {GOOD}", RUBRIC) is not None
