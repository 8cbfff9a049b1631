"""The mix on the screen."""

from __future__ import annotations

import io

from rich.console import Console

from curation.commands.mix import show_mix


def part(name: str, share: float, drawn: int, *, missing: int = 0) -> dict[str, object]:
    of_tokens = dict.fromkeys(("drawn_tokens", "available_tokens", "nearest_tokens"), drawn)
    counted = {"pages": 3, "available_pages": 4, "rows": 6, "most_tokens": drawn}
    return {"part": name, "share": share, "missing_tokens": missing, **of_tokens, **counted}


def shown(*parts: dict[str, object], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    show_mix(parts, console, counted_by="bundled:cl100k_base")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_small_screen_cuts_nothing() -> None:
    parts = part("multilingual", 0.5, 123_456_789_012_345, missing=98_765_432), part("math", 0.5, 7)
    table = shown(*parts, width=50).split("Tokens that each part")[0]
    lines = [line.split("│")[1:-1] for line in table.splitlines() if "│" in line]
    columns = zip(*lines, strict=True)
    folded = ["".join(cell.strip() for cell in column) for column in columns]
    assert "…" not in table
    assert folded[0] == "multilingualmath"
    assert folded[3].startswith("123,456,789,012,345")
    assert folded[4] == "98,765,4320"


def test_what_is_missing_has_a_column_where_something_is() -> None:
    assert "missing" not in shown(part("general", 1, 5))
    assert "bundled:cl100k_base" in shown(part("general", 1, 5))
    assert "missing" in shown(part("general", 1, 5, missing=1))
