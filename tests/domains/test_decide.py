"""Literal scores, routes and languages in, literal domains out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curation.domains.config import DomainsConfig
from curation.domains.decide import decide

CONFIG = DomainsConfig(min_code=0.5, min_code_routed=0.2, min_math=0.7)


def _decide(*rows: tuple[float | None, float | None, str | None, str | None]) -> list[str]:
    code, math, route, language = zip(*rows, strict=True)
    scores = (pa.array(scores, pa.float32()) for scores in (code, math))
    names = (pa.array(names, pa.string()) for names in (route, language))
    return decide(*scores, *names, config=CONFIG).to_pylist()


def test_the_language_tells_what_is_neither() -> None:
    assert _decide(
        (0.1, 0.1, "prose", "en"), (0.1, 0.1, "prose", "de"), (0.1, 0.1, "prose", "und")
    ) == ["general", "multilingual", "multilingual"]


def test_code_and_mathematics_count_in_any_language() -> None:
    assert _decide((0.6, 0.1, "prose", "ja"), (0.1, 0.8, "prose", "und")) == ["code", "math"]


def test_lines_of_code_make_less_of_a_score_enough() -> None:
    assert _decide(
        (0.3, 0.0, "code", "en"), (0.3, 0.0, "math", "en"), (0.1, 0.0, "code", "en")
    ) == [
        "code",
        "general",
        "general",
    ]


@pytest.mark.parametrize(("math", "expected"), [(0.8, "code"), (0.95, "math")])
def test_what_is_both_is_what_it_is_more(math: float, expected: str) -> None:
    assert _decide((0.9, math, "prose", "en")) == [expected]


def test_nothing_known_is_no_domain_of_its_own() -> None:
    assert _decide((None, None, None, None), (None, None, None, "en")) == [
        "multilingual",
        "general",
    ]


def test_a_slice_is_judged_as_its_rows_are() -> None:
    code = pa.array([0.0, 0.9, 0.0], pa.float32())[1:]
    nothing = pa.array(np.zeros(3), pa.float32())[1:]
    prose = pa.array(["code", "prose", "prose"])[1:]
    english = pa.array(["de", "en", "en"])[1:]
    assert decide(code, nothing, prose, english, config=CONFIG).to_pylist() == ["code", "general"]
