"""What headers and `meta` elements say, and what they do not."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.safety.opt_outs import in_headers, made, on_page, together
from schemas.opt_out import OptOut

NOAI, NOIMAGEAI, TDM = "noai", "noimageai", "tdm_reservation"


def said_by(markup: str) -> dict[str, bool]:
    said = on_page(lxml.html.document_fromstring(f"<html>{markup}<p>x</html>"))
    return {str(name): is_made for name, is_made in said.items()}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("X-Robots-Tag", "noai")], [NOAI]),
        ([("x-robots-tag", " NoIndex,NoAI , NOIMAGEAI ")], [NOAI, NOIMAGEAI]),
        ([("X-Robots-Tag", "noindex"), ("X-Robots-Tag", "noai")], [NOAI]),
        ([("X-Robots-Tag", "otherbot: noai")], []),
        ([("X-Robots-Tag", "otherbot: noindex, noai, noimageai")], []),
        ([("X-Robots-Tag", "noai, otherbot: noimageai")], [NOAI]),
        ([("X-Robots-Tag", "otherbot: noindex, *: noai")], [NOAI]),
        ([("X-Robots-Tag", "robots: noai")], [NOAI]),
        ([("X-Robots-Tag", "otherbot: noindex"), ("X-Robots-Tag", "noai")], [NOAI]),
        ([("X-Robots-Tag", "max-snippet: 20, noai")], [NOAI]),
        ([("X-Robots-Tag", "unavailable_after: Fri, 25 Jun 2030 15:00:00 PST, noai")], [NOAI]),
        ([("X-Robots-Tag", "noaiplease, no-ai")], []),
        ([("Robots", "noai")], []),
        ([("TDM-Reservation", "1")], [TDM]),
        ([("tdm-reservation", " 1 ")], [TDM]),
        ([("tdm-reservation", "0")], []),
        ([("tdm-reservation", "true")], []),
        ([("tdm-reservation", "0"), ("tdm-reservation", "1")], [TDM]),
        ([("tdm-policy", "https://a.example/1.json")], []),
        ([], []),
    ],
)
def test_headers(headers: list[tuple[str, str]], expected: list[str]) -> None:
    assert made(in_headers(headers)) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<meta name="robots" content="noai, noimageai">', {NOAI: True, NOIMAGEAI: True}),
        ('<META NAME="ROBOTS" CONTENT="NOINDEX NOAI">', {NOAI: True}),
        ('<meta name=" robots " content=noai>', {NOAI: True}),
        ('<meta name="robots"><meta content="noai">', {}),
        ('<meta name="googlebot" content="noai">', {}),
        ('<meta property="robots" content="noai">', {}),
        ('<meta http-equiv="x-robots-tag" content="noai">', {NOAI: True}),
        ('<meta http-equiv="X-Robots-Tag" content="otherbot: noai">', {}),
        ('<meta name="tdm-reservation" content="1">', {TDM: True}),
        ('<meta name="TDM-Reservation" content=" 0 ">', {TDM: False}),
        ('<meta name="tdm-reservation" content="yes">', {}),
        ('<body><p>x<meta name="robots" content="noai">', {NOAI: True}),
        ('<!-- <meta name="robots" content="noai"> -->', {}),
        ('<p>&lt;meta name="robots" content="noai"&gt;', {}),
    ],
)
def test_meta_elements(markup: str, expected: dict[str, bool]) -> None:
    assert said_by(markup) == expected


@pytest.mark.parametrize(
    ("headers", "page", "expected"),
    [
        ([TDM], "0", []),
        ([], "1", [TDM]),
        ([TDM], "no", [TDM]),
        ([NOIMAGEAI, TDM], "1", [NOIMAGEAI, TDM]),
        ([NOAI], "0", [NOAI]),
    ],
)
def test_what_a_page_says_of_its_reservation_supersedes_its_headers(
    headers: list[str], page: str, expected: list[str]
) -> None:
    said = on_page(lxml.html.fromstring(f'<meta name="tdm-reservation" content="{page}">'))
    assert together(map(OptOut, headers), said) == expected


@given(st.lists(st.tuples(st.sampled_from(["X-Robots-Tag", "tdm-reservation"]), st.text())))
def test_any_header_can_be_read(headers: list[tuple[str, str]]) -> None:
    assert set(made(in_headers(headers))) <= {NOAI, NOIMAGEAI, TDM}
