"""The scan beside regular expressions over the whole text: no place is passed over."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation.arrow_text import text_view
from curation.pii.scan import Group, find_candidates
from curation.pii.scan.characters import NORMAL
from tests.pii.test_find import PIECES

NAIVE = {
    Group.AT: r"[a-z0-9]@(?:[a-z0-9]+\.)+[a-z0-9]",
    Group.IPV4: r"(?<![\w./+=-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.()/ +=-])",
    Group.IPV6: r"(?<![\w:.])[0-9a-f]{1,4}::[0-9a-f]{1,4}(?![\w:.])",
    Group.PRIVATE_KEY: r"(?<!-)-----BEGIN ",
    Group.NUMBER: r"(?<![\w./+=-])[1-9]\d{6,11}(?![\w./+=()-])",
    Group.TOKEN: r"(?<![\w/+=.-])AKIA[A-Z0-9]{16}",
    Group.AT_WORD: r"(?<=\w)\(at\)(?=\w)",
}
texts = st.lists(st.sampled_from((*PIECES, "(at)", "8.8.8.8", "1234567890", "AKIA" + "Q7" * 8)))


def places(text: str) -> list[tuple[int, int, Group]]:
    view = text_view(pa.array([text]))
    found = find_candidates(view.data, view.offsets).tolist()
    return [(start, end, Group(groups)) for _, start, end, groups in found]


@given(texts.map("".join).filter(str.isascii))
@example("x(at)y 8.8.8.8 +1234567890 a@b.c")
def test_every_place_that_an_expression_finds_is_a_candidate(text: str) -> None:
    found = places(text)
    for group, pattern in NAIVE.items():
        for match in re.finditer(pattern, text):
            over = [g for a, b, g in found if a < match.end() and match.start() < b]
            assert any(group & g for g in over), (group, match[0], found)


@given(st.lists(texts.map("".join)))
def test_a_text_has_the_same_candidates_wherever_it_lies(rows: list[str]) -> None:
    view = text_view(pa.array(["x", *rows, "y"], pa.string())[1:])
    found = find_candidates(view.data, view.offsets).tolist()
    for row, text in enumerate(rows):
        start = view.offsets[row]
        assert [(a - start, b - start, Group(g)) for r, a, b, g in found if r == row] == places(
            text
        )


def test_characters_of_other_scripts_stand_for_ascii_one_for_one() -> None:
    assert "０３－１２３４\u00a0（＋）＠".translate(NORMAL) == "03-1234 (+)@"
    assert all(chr(code) > "\x7f" and chr(plain) < "\x80" for code, plain in NORMAL.items())


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a@",
            "@",
            ":",
            "a::b:",
            "-",
            "<",
            "(at",
            "1 ",
            "aB3dE5gH",
            "aaaaaaaaaaaaaaa1/",
            "1......",
        ),
        *("０", "＠a.b", "hf_", "AKIA", "://a:b@", "\0", "tel 12 34 56 78 ", "A<<", "a.b@c.d"),
    ],
)
def test_a_flood_of_anything_is_read_in_one_go(unit: str) -> None:
    view = text_view(pa.array([unit * 100_000]))
    assert len(find_candidates(view.data, view.offsets)) <= 300_000
