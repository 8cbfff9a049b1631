from __future__ import annotations

from textwrap import dedent

import pytest

from curation.sample.docstrings import mathematics_in
from curation.sample.rst import plain


def made(text: str) -> str:
    return plain(dedent(text)).removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of :math:`x^2` and\n:math:`\\frac{a}\n{b}`", "of $x^2$ and\n$\\frac{a}\n{b}$"),
        ("`a_i` is in `solve` or ``solve(x)``", "$a_i$ is in solve or solve(x)"),
        (":func:`~sympy.solve`, :obj:`a.b`", "solve, a.b"),
        ("`the site <https://x.example>`_ says [1]_", "the site says [1]"),
        ("Title\n=====\nText.", "Title\n\nText."),
        ("Title\n`````\n:math: `x_1`.", "Title\n\n$x_1$."),
        (".. _label:\n\n.. image:: x.svg\n   :width: 9\n\nText.", "Text."),
        (".. note:: Mind `x_1`.\n\n   And more.\n\nText.", "Mind $x_1$.\n\nAnd more.\n\nText."),
        (".. [3] Euler, `x`", "[3] Euler, $x$"),
        ("As in::\n\n    `a_b`  # kept\n\nText.", "As in:\n\n    `a_b`  # kept\n\nText."),
        (">>> f(`a_b`)\n``1``\n\nIt is ``1``.", ">>> f(`a_b`)\n``1``\n\nIt is 1."),
    ],
)
def test_markup_goes_and_formulas_and_listings_stay(text: str, expected: str) -> None:
    assert made(text) == expected


def test_displayed_formulas_stand_on_lines_of_their_own() -> None:
    text = """
    So

    .. math::
       :label: sum

       a + b

       c

    and .. math:: is no directive here.
    """
    expected = "So\n\n$$\na + b\n$$\n$$\nc\n$$\n\nand .. math:: is no directive here."
    assert made(text) == expected


def test_rows_get_an_environment_unless_they_have_one() -> None:
    assert made(".. math:: a \\\\ b") == "$$\n\\begin{split}\na \\\\ b\n\\end{split}\n$$"
    text = """
    .. math:: f = \\begin{cases}

        1 \\\\

        2
        \\end{cases}
    """
    assert made(text) == "$$\nf = \\begin{cases}\n1 \\\\\n2\n\\end{cases}\n$$"


SOURCE = '''
def plain():
    """No formula."""

class Gamma:
    r"""Is `\\Gamma(x)`, or `x!`, of `x^2`."""

    def rest(self):
        """Of `a_1` and `a_2`."""
'''


def test_docstrings_are_told_by_their_formulas() -> None:
    assert list(mathematics_in(SOURCE, min_formulas=2)) == [
        ("Gamma", "Is $\\Gamma(x)$, or $x!$, of $x^2$.\n"),
        ("Gamma.rest", "Of $a_1$ and $a_2$.\n"),
    ]
