from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.extract.hygiene import cleaned
from curation.extract.lines import Line
from schemas.line_kind import LineKind


def clean(*texts: str) -> list[str]:
    return [line.text for line in cleaned([Line(LineKind.PROSE, text) for text in texts])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u00a0b \u202f c\t\td ", "a b c d"),
        ("soft\u00adhyphen zero\u200bwidth word\u2060joiner", "softhyphen zerowidth wordjoiner"),
        ("control\x01\x1b\x7f\x9d", "control"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("line\u2028break\x0bhere", "line break here"),
        ("lone \ud800 half", "lone half"),
        ("IÂ´m schÃ¶n", "I´m schön"),
        ("Ã¼ber allen Gipfeln", "über allen Gipfeln"),
        ("âœ” done", "✔ done"),
        ("Ã la carte", "à la carte"),
        ("AÇÃO, NÃO, SÃO", "AÇÃO, NÃO, SÃO"),
        ("Ça dépend; ÂGE", "Ça dépend; ÂGE"),
    ],
)
def test_a_line_of_prose_is_cleaned(text: str, expected: str) -> None:
    assert clean(text) == [expected]


def test_a_line_without_text_goes_and_repairs_are_told() -> None:
    lines = [Line(LineKind.PROSE, "\u00a0\u00ad"), Line(LineKind.HEADING, "schÃ¶n")]
    assert cleaned(lines) == ([Line(LineKind.HEADING, "schön")], True)
    assert cleaned([Line(LineKind.PROSE, "schön")]) == ([Line(LineKind.PROSE, "schön")], False)


@given(st.text(max_size=80))
def test_any_text_becomes_one_clean_line_or_none(text: str) -> None:
    for done in clean(text):
        assert done == " ".join(done.split())
        assert done == unicodedata.normalize("NFC", done)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in done)
