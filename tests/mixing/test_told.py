"""The mix on the screen: its table, and what is told under it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from curation.commands.mix import show_mix


def part(
    name: str, share: float, wanted: int, available: int, *, nearest: int = 0, at_first: int = 0
) -> dict[str, Any]:
    """A row of `mix/`; of all parts there are 960 tokens at most in the wanted shares."""
    return {
        "part": name,
        "share": share,
        "wanted_tokens": wanted,
        "available_tokens": available,
        "missing_tokens": max(0, wanted - available),
        "missing_at_first": at_first,
        "nearest_tokens": nearest,
        "most_tokens": 960,
        "drawn_tokens": min(wanted, available),
        "available_pages": 9,
        "pages": 9,
        "rows": 9,
    }


def shown(*parts: dict[str, Any], width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    show_mix(parts, console, counted_by="bundled:cl100k_base")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def told(*parts: dict[str, Any]) -> list[str]:
    lines = shown(*parts).splitlines()
    return lines[next(at for at, line in enumerate(lines) if line.startswith("Tokens")) :]


def test_a_small_screen_cuts_nothing() -> None:
    parts = part("multilingual", 0.5, 222_222_222_222, 123_456_789_012), part("math", 0.5, 7, 7)
    table = shown(*parts, width=50).split("Tokens that each part")[0]
    assert "…" not in table
    lines = [line.split("│")[1:-1] for line in table.splitlines() if "│" in line]
    columns = zip(*lines, strict=True)
    folded = ["".join(cell.strip() for cell in column) for column in columns]
    assert folded[0] == "multilingualmath"
    assert folded[3] == "123,456,789,0127"
    assert folded[4] == "98,765,433,2100"


def test_what_is_missing_has_a_column_where_something_is() -> None:
    table = shown(part("general", 1, 5, 5))
    assert "missing" not in table
    assert "mix, in tokens (bundled:cl100k_base)" in table
    assert "missing" in shown(part("general", 1, 5, 4))


def test_what_each_part_allows_is_exact() -> None:
    parts = part("general", 0.83, 83, 900), part("code", 0.17, 17, 17), part("math", 0.0, 0, 5)
    assert told(*parts) == ["Tokens that each part allows at these shares: code 100, general 1,084"]


GONE = (
    "since pages were taken down: nothing is drawn in their place."
    " Another mix (curate mix) draws anew."
)
UNMET = "The shares cannot be met with so many tokens"


@pytest.mark.parametrize(
    ("at_first", "why"),
    [
        (20, f"{UNMET}."),
        (0, f"20 tokens are missing {GONE}"),
        (5, f"{UNMET}, and of the 20 that are missing 15 are {GONE}"),
    ],
)
def test_it_is_told_why_tokens_are_missing(at_first: int, why: str) -> None:
    parts = (
        part("general", 0.5, 500, 480, nearest=480, at_first=at_first),
        part("math", 0.5, 500, 600, nearest=520),
    )
    allowed, nearest = told(*parts)
    assert allowed == "Tokens that each part allows at these shares: general 960, math 1,200"
    assert nearest == (
        f"{why} With these shares there are 960 (mix.if_short: keep_shares);"
        " 1,000 there are as general 48.0%, math 52.0% (keep_tokens)."
    )
