from __future__ import annotations

import pyarrow as pa
import pytest

from curation.language.identify import UNDETERMINED
from curation.token_counts.estimate import Rates, bundled_rates, estimate, script_of
from curation.token_counts.fit_estimate import PAGES, fit

RATES = Rates(
    {"en": 200.0, "ru": 250.0, UNDETERMINED: 400.0}, {"Latn": 300.0}, {"code": 1.5, "math": 1.0}
)


@pytest.mark.parametrize(
    ("language", "size", "route", "tokens"),
    [
        ("en", 1000, "prose", 200),
        ("en", 1000, None, 200),
        ("en", 1000, "code", 300),
        ("ru", 10_002, "math", 2500),
        ("yo", 1000, "prose", 300),  # Latin
        ("xx", 1000, "prose", 200),  # of which nothing is known
        (None, 1000, "prose", 200),
        (UNDETERMINED, 10, "prose", 4),
        ("en", 1, "prose", 1),
        ("en", 0, "prose", 0),
        ("en", None, "prose", None),
        ("en", 1 << 40, "prose", 2**31 - 1),
    ],
)
def test_estimate(
    language: str | None, size: int | None, route: str | None, tokens: int | None
) -> None:
    columns = pa.array([language], pa.string()), pa.array([size], pa.int64())
    found = RATES.estimate(*columns, pa.array([route], pa.string()))
    assert found == pa.array([tokens], pa.int32())


def test_rows_are_estimated_one_by_one() -> None:
    languages, sizes = pa.array(["ru", None, "en", "ru"]), pa.array([400, 100, None, 40])
    assert RATES.estimate(languages, sizes).to_pylist() == [100, 20, None, 10]
    assert RATES.estimate(languages[1:], sizes[1:]).to_pylist() == [20, None, 10]


def test_the_bundled_rates() -> None:
    rates = bundled_rates()
    assert {"en", "de", "zh", "ar", "th", UNDETERMINED} <= rates.languages.keys()
    assert len(rates.languages) > 60
    assert {script_of(language) for language in rates.languages} - {None} == rates.scripts.keys()
    found = estimate(pa.array(["en", "zh"]), pa.array([10_000, 10_000]))
    assert all(1500 < tokens < 6000 for tokens in found.to_pylist())


def page(language: str, tokens: int, route: str = "prose", *, held_out: bool = False) -> object:
    return {
        "language": language,
        "route": route,
        "text_bytes": 1000,
        "tokens": tokens,
        "is_held_out": held_out,
        "is_real": True,
    }


def test_rates_are_those_of_the_pages_that_are_not_held_out() -> None:
    rows = [
        *[page("en", 200), page("en", 300)] * 5,
        *[page("en", 900, held_out=True)] * 9,
        *[page("fr", 350)] * 10,
        *[page("de", 450)] * 10,
        *[page("es", 450)] * 9,  # too few
        *[page("en", 500, "code")] * 10,
        *[page("en", 500, "math")] * 9,
    ]
    rates = fit(pa.Table.from_pylist(rows, PAGES))
    assert rates.languages == {"en": 250.0, "fr": 350.0, "de": 450.0}
    assert rates.scripts == {"Latn": 350.0}
    assert rates.routes == {"code": 2.0, "math": 1.0}
