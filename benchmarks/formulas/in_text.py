"""How many formulas are in the text that whole engines make of the pages, ours and others.

A formula is in the text if its TeX is, white space aside: the author's, or (for ours, where the
source is not on the page) the TeX that was found and renders to the same MathML. The tools have no
TeX but the author's to show.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.extraction_engines import ENGINES, Source
from benchmarks.formulas.pages import PER_PAGE, Formula

ENGINES_HERE = ("winnow-trafilatura", "winnow-resiliparse", "trafilatura", "resiliparse")


def in_text(
    html: Sequence[str], formulas: Sequence[Formula], found: Sequence[str | None]
) -> dict[str, float]:
    """By engine, the share of formulas that are in the text.

    `found` has the TeX that stands for a formula as well as its own; None for none.
    """
    return {
        engine: sum(
            _is_in("".join(ENGINES[engine](_source(page)).split()), formulas[at].tex, found[at])
            for number, page in enumerate(html)
            for at in range(number * PER_PAGE, min((number + 1) * PER_PAGE, len(formulas)))
        )
        / len(formulas)
        for engine in ENGINES_HERE
    }


def packed(tex: str) -> str:
    r"""TeX without white space, nor the `{\displaystyle }` that MediaWiki puts around it."""
    text = "".join(tex.split())
    inner = text.removeprefix(r"{\displaystyle")
    return text if inner == text else inner.removesuffix("}")


def _is_in(text: str, tex: str, found: str | None) -> bool:
    return packed(tex) in text or (found is not None and packed(found) in text)


def _source(page: str) -> Source:
    return Source(page.encode(), "utf-8", page, "https://formulas.example/")
