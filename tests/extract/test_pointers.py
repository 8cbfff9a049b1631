from __future__ import annotations

import pytest

from curation.extract.lines import Line
from curation.extract.pointers import without_pointers
from schemas.line_kind import LineKind


@pytest.mark.parametrize(
    "text",
    [
        "Read more: how the mill was built",
        "READ MORE:",
        "» Lea también: el molino",
        "À lire aussi : le moulin",
        "延伸阅读：水车的历史",
    ],
)
def test_a_line_that_points_elsewhere_goes(text: str) -> None:
    assert without_pointers([Line(LineKind.PROSE, text), Line(LineKind.PROSE, "It turns.")]) == [
        Line(LineKind.PROSE, "It turns.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Read more about the mill in the next chapter.",
        "The mill: how it was built",
        "Read more: " + "a long line says something " * 10,
        "See also: grep(1)",
    ],
)
def test_other_lines_stay(text: str) -> None:
    lines = [Line(LineKind.PROSE, text)]
    assert without_pointers(lines) == lines


def test_rows_of_tables_stay() -> None:
    lines = [Line(LineKind.TABLE, "Read more: | a")]
    assert without_pointers(lines) == lines
