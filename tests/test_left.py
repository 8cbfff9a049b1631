from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.left import add_lengths, count_dropped, drop_letters, drop_lines, leave
from schemas.verdict import VERDICT


def bitmap(dropped: list[bool]) -> bytes:
    return np.packbits(np.array(dropped), bitorder="little").tobytes()


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, list[bool] | None]:
    lines = draw(st.lists(st.text("a \u00e9\u4e2d", max_size=3), min_size=1, max_size=20))
    dropped = st.lists(st.booleans(), min_size=len(lines), max_size=len(lines))
    return "\n".join(lines), draw(st.none() | dropped)


@given(st.lists(pages(), max_size=5), st.integers(0, 2))
def test_lines_and_letters_go_as_the_bits_say(
    given: list[tuple[str, list[bool] | None]], cut: int
) -> None:
    texts = pa.array([text for text, _ in given], pa.string()).slice(cut)
    kinds = pa.array([_letters(text) for text, _ in given], pa.string()).slice(cut)
    dropped = [bits and bitmap(bits) for _, bits in given]
    bitmaps = pa.array(dropped, pa.binary()).slice(cut)
    assert drop_lines(texts, bitmaps).to_pylist() == [_left(*page) for page in given[cut:]]
    expected = [_left_letters(text, bits) for text, bits in given[cut:]]
    assert drop_letters(kinds, bitmaps).to_pylist() == expected
    assert count_dropped(bitmaps).tolist() == [sum(bits or []) for _, bits in given[cut:]]


def _letters(text: str) -> str | None:
    return None if "a" in text else "phlc"[len(text) % 4] * (text.count("\n") + 1)


def _left(text: str, dropped: list[bool] | None) -> str:
    lines = text.split("\n")
    return "\n".join(
        w for w, gone in zip(lines, dropped or [False] * len(lines), strict=True) if not gone
    )


def _left_letters(text: str, dropped: list[bool] | None) -> str | None:
    letters = _letters(text)
    if letters is None or dropped is None:
        return letters
    return "".join(w for w, gone in zip(letters, dropped, strict=True) if not gone)


def test_measures_stay_those_of_the_whole_text_but_for_lengths() -> None:
    rows = {"position": [4, 5], "text": ["a\nb\nc", "d"], "line_kinds": [None, "p"]}
    batch = pa.RecordBatch.from_pydict(
        {**rows, "n_words": [3, 1], "n_words_left": pa.array([2, None], pa.int32())}
    )
    row = {"position": 4, "doc_id": "x", "input": "crawl", "dropped_lines": b"\2", "text_bytes": 3}
    verdicts = pa.Table.from_batches([VERDICT.batch([{**row, "n_words_left": 2}])])
    found = add_lengths(leave(batch, verdicts)).to_pylist()
    unchanged = {"position": 5, "text": "d", "line_kinds": "p", "n_words": 1, "n_words_left": None}
    changed = {"position": 4, "text": "a\nc", "line_kinds": None, "n_words": 3, "n_words_left": 2}
    assert found == [
        changed | {"dropped_lines": b"\2", "text_bytes": 3, "n_dropped_lines": 1},
        unchanged | {"dropped_lines": None, "text_bytes": 1, "n_dropped_lines": 0},
    ]
