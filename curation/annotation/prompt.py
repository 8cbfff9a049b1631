"""A rubric and a page in, what a judge is asked out.

The page's text stands between two lines that hold a hash of it, which nobody who wrote the page
could have put there; the judge is told that whatever stands between them is the page, orders too.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import NamedTuple

from curation.annotation.rubric import Rubric

Messages = list[dict[str, str]]
_MARKER = "PAGE TEXT"
_NEAR = 200
"""A word's end is looked for among so many characters; where there are no blanks, none is found."""


class Cut(NamedTuple):
    """What a judge reads of a text, and how long the text is."""

    text: str
    chars: int


def cut(text: str, max_chars: int) -> Cut:
    """The first characters of a text, up to the end of a word where one is near."""
    if len(text) <= max_chars:
        return Cut(text, len(text))
    start = text[: max_chars + 1]  # a word may end just there
    ends = max((start.rfind(blank, max(1, max_chars - _NEAR)) for blank in " \n\t"), default=-1)
    return Cut(text[: ends if ends > 0 else max_chars], len(text))


def messages(rubric: Rubric, page: Cut) -> Messages:
    """The chat that asks for an answer."""
    says = rubric.says
    system = _template().format(
        judges=says.judges,
        requirements=says.requirements.strip(),
        scale_rule=says.scale_rule.strip(),
        scale="\n".join(f"{score}: {meaning}" for score, meaning in says.scale.items()),
        languages=says.languages.strip(),
        marker=_MARKER,
        scores=f"{rubric.scores[0]}..{rubric.scores[-1]}",
    )
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": _user(page)},
    ]


@cache
def _template() -> str:
    return resources.files("curation.annotation").joinpath("prompt.txt").read_text("utf-8")


def _user(page: Cut) -> str:
    code = hashlib.sha256(page.text.encode("utf-8", "replace")).hexdigest()[:16]
    said = f"This is the whole page, {page.chars:,} characters."
    if len(page.text) < page.chars:
        first = f"{len(page.text):,} of {page.chars:,}"
        said = f"The page was cut: these are its first {first} characters."
    line = f"--- {_MARKER} {code} ---"
    asked = "Judge the page by the requirements. Answer with the JSON object."
    return f"{said}\n{line}\n{page.text}\n{line}\n{asked}"
