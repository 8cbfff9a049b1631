from __future__ import annotations

import pytest

from curation.extract.placing import Anchors

LINES = ["Examples", "The first way to build a mill is old", "Examples", "The second way is new"]


@pytest.mark.parametrize(
    ("text", "after", "line"),
    [
        ("The first way to build a mill", -1, 1),
        (" Examples ", -1, 0),
        ("Examples", 0, 2),
        ("Examples", 2, None),
        ("Exam", -1, None),
        ("The second", -1, None),
        ("The first way to build a mill", 3, 1),
        ("The first way to buil", 3, None),
        ("", -1, None),
    ],
)
def test_a_text_finds_its_line_further_down_first(text: str, after: int, line: int | None) -> None:
    assert Anchors(LINES).find(text, after=after) == line
