from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from curation.mixing.pieces import Pieces


@pytest.mark.parametrize("held_bytes", [1, 100, 10**9])
def test_what_is_added_is_taken_whether_it_was_spilled_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_bytes: int
) -> None:
    monkeypatch.setattr("curation.mixing.pieces._HELD_BYTES", held_bytes)
    pieces = Pieces(str(tmp_path))
    added = [(number % 3, number) for number in range(100)]
    for table, value in added:
        pieces.add(table, pa.table({"value": [value], "text": ["x" * value]}))
    assert bool(list(tmp_path.iterdir())) == (held_bytes < 10**9)
    for table in range(3):
        taken = pieces.take(table)
        assert taken
        assert sorted(taken["value"].to_pylist()) == [
            value for number, value in added if number == table
        ]
    assert pieces.take(0) is None
    assert list(tmp_path.iterdir()) == []
