r"""Pages that show known formulas, as the renderers and the big sites leave them.

A page has 20 formulas, inline in a sentence and as blocks by turns, each in an element whose id is
its number. What no renderer makes is made here after pages of Wikipedia, WordPress.com, arXiv,
Stack Exchange, pandoc, Sphinx and LaTeX2HTML.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

PER_PAGE = 20
_PROSE = (
    "What follows from this is shown in the next chapter, and some of it is left to the reader."
)
_DOLLARS = '<script>MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]]}};</script>'


@dataclass(frozen=True)
class Formula:
    """A formula of the set; `display` is how its page shows it."""

    tex: str
    display: bool


def read_formulas(path: Path) -> list[Formula]:
    """One formula a line; lines with `%` at their start are headings."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "%"]
    return [Formula(line, display=at % 2 == 1) for at, line in enumerate(lines)]


def node(folder: Path, what: str, formulas: Sequence[Formula]) -> list[dict[str, str] | str]:
    """What `render.mjs` answers, one for each formula."""
    lines = [json.dumps({"tex": it.tex, "display": it.display}) for it in formulas]
    done = subprocess.run(
        ["/usr/bin/env", "node", "render.mjs", what],
        cwd=folder,
        input="\n".join(lines),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def by_hand(formula: Formula, rendered: Mapping[str, str]) -> dict[str, str]:
    """Markup of sites, made after their pages; MathML in it is MathJax's."""
    tex, alt = formula.tex, escape(formula.tex)
    kind = "display" if formula.display else "inline"
    left, right = (r"\[", r"\]") if formula.display else (r"\(", r"\)")
    dollars = "$$" if formula.display else "$"
    styled = escape(rf"{{\displaystyle {tex}}}")
    presentation = rendered["mathjax2 node mathml"].split(">", 1)[1].rsplit("<", 1)[0]
    fallback = (
        f'<img src="https://wikimedia.example/api/rest_v1/media/math/render/svg/0f1e" '
        f'class="mwe-math-fallback-image-{kind} mw-invert skin-invert" aria-hidden="true" '
        f'style="vertical-align: -0.338ex;" alt="{styled}">'
    )
    hidden = (
        f'<span class="mwe-math-mathml-{kind} mwe-math-mathml-a11y" style="display: none;">'
        f'<math xmlns="http://www.w3.org/1998/Math/MathML" alttext="{styled}"><semantics>'
        f'<mrow class="MJX-TeXAtom-ORD"><mstyle displaystyle="true">{presentation}</mstyle></mrow>'
        f'<annotation encoding="application/x-tex">{styled}</annotation></semantics></math></span>'
    )
    address = (
        f"https://s0.wp.com/latex.php?latex={quote_plus(tex)}&#038;bg=ffffff&#038;fg=000&#038;s=0"
    )
    return {
        "wikipedia": f'<span class="mwe-math-element">{hidden}{fallback}</span>',
        "wikipedia image": f'<span class="mwe-math-element">{fallback}</span>',
        "wikipedia before 2016": f'<img class="tex" alt="{alt}" src="//upload.example/a/b/c.png">',
        "wordpress": f'<img src="{address}" alt="{alt}" title="{alt}" class="latex" />',
        "wordpress address": f'<img src="{address}" alt="" class="latex" />',
        "codecogs": f'<img src="https://latex.codecogs.com/svg.latex?{quote(tex)}" alt="equation">',
        "latex2html": f'<img width="51" height="36" align="middle" src="img1.png" alt="${alt}$">',
        "arxiv": (
            f'<math id="S1.p1.m1" class="ltx_Math" alttext="{alt}" '
            f'display="{"block" if formula.display else "inline"}"><semantics><mrow>{presentation}'
            f'</mrow><annotation encoding="application/x-tex">{alt}</annotation></semantics></math>'
        ),
        "delimiters": f"{left}{alt}{right}",
        "dollars": f"{dollars}{alt}{dollars}",
        "dollars without a word": f"{dollars}{alt}{dollars}",
        "stack exchange": f'<span class="math-container">{dollars}{alt}{dollars}</span>',
        "pandoc": f'<span class="math {kind}">{left}{alt}{right}</span>',
        "sphinx": (
            f'<div class="math notranslate nohighlight">'
            f'<span class="eqno">(1)</span>\n\\[{alt}\\]</div>'
            if formula.display
            else f'<span class="math notranslate nohighlight">\\({alt}\\)</span>'
        ),
        "kramdown": f'<script type="math/tex{"; mode=display" * formula.display}">{tex}</script>',
    }


def pages(way: str, formulas: Sequence[Formula], markup: Sequence[str]) -> list[str]:
    """The formulas in prose."""
    head = _DOLLARS if way == "dollars" else ""
    return [
        f"<!DOCTYPE html><html><head><title>Formulas</title>{head}</head><body><article>"
        + "".join(
            _paragraph(number, formulas[number], markup[number])
            for number in range(first, min(first + PER_PAGE, len(formulas)))
        )
        + "</article></body></html>"
        for first in range(0, len(formulas), PER_PAGE)
    ]


def _paragraph(number: int, formula: Formula, markup: str) -> str:
    if formula.display:
        return f'<p>Now we see:</p><div id="f{number}">{markup}</div><p>{_PROSE}</p>'
    return f'<p id="f{number}">It costs $5 and is written as {markup} by most. {_PROSE}</p>'
