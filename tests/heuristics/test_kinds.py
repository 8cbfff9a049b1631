from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics.kinds_kernel import find_kinds
from curation.heuristics.texts import read_texts
from schemas.line_kind import LineKind
from tests.tokens.naive import naive_tokens

FORMULAS = st.sampled_from(["$", "$$", "\\(", "\\)", "\\[", "\\]", "x", "3", " ", " ", "+", "a b"])


def kinds_of(line: str, kind: str | None = None) -> tuple[int, int]:
    """The characters of a line that are code, and in formulas."""
    texts = read_texts(pa.array([line], pa.string()), pa.array([kind], pa.string()))
    code, formulas = find_kinds(texts.tokens, texts.lines, texts.kinds)[0].tolist()
    return code, formulas


@pytest.mark.parametrize(
    "line",
    [
        "int main(void) { return 0; }",
        "x = foo(bar[3]);",
        "}  // end {",
        "for (i = 0; i < n; i++)",
        "<div class=a><p>text</p></div>",
        "def f(x): return x[1:]",
    ],
)
def test_lines_that_look_like_code_are_code(line: str) -> None:
    assert kinds_of(line) == (len(line.replace(" ", "")), 0)


@pytest.mark.parametrize(
    "line",
    [
        "The mill (built in 1850) turned the stones; they ground the corn.",
        "Home | About us | Contact",
        "See https://example.com/a_b;c=(d)?e=[f] there",
        "It costs $3 and then $4 more; that is all.",
        "The function f(x) takes one argument, x, and returns its square.",
        "Smith, J. (2019). On mills. [PDF]",
        "",
    ],
)
def test_prose_is_neither(line: str) -> None:
    assert kinds_of(line) == (0, 0)


@pytest.mark.parametrize(
    ("line", "formula"),
    [
        ("The sum $a + b$ is even.", "$a+b$"),
        ("We have $$ x = y $$ here.", "$$x=y$$"),
        (r"Let \(x_1\) and \[y^2\] be.", r"\(x_1\)\[y^2\]"),
        ("It costs $3 or $4, they say.", ""),
        ("It costs $3, not 3$4 then.", ""),
        ("A lone $x stays.", ""),
        (r"Not closed \(x.", ""),
        (r"\(\(x\) once", r"\(\(x\)"),
        ("$a$ and $b$.", "$a$$b$"),
        (r"$x \(y\) z$", r"\(y\)"),
        ("$a $$b$$ $$b$$ c$", "$$b$$$$b$$"),
        ("It costs A$5 here, or C$ 6 there.", ""),
        ("Run $HOME/$USER now.", ""),
        ("A$AP Rocky and Ke$ha sing together", ""),
    ],
)
def test_formulas_are_what_their_delimiters_hold(line: str, formula: str) -> None:
    code, formulas = kinds_of(line)
    assert formulas == len(formula)
    assert code == 0 or not formula


def naive_formulas(words: list[str], touches: list[bool]) -> int:  # noqa: C901
    """Characters in formulas; `touches[i]`: no blank stands before word i."""

    def is_word(at: int) -> bool:
        return any(c.isalnum() for c in words[at])

    total, at, opening, display = 0, 0, -1, -1
    while at < len(words):
        word = words[at]
        pair = word + words[at + 1] if at + 1 < len(words) and touches[at + 1] else ""
        if word == "$$":
            if display >= 0:
                total += len("".join(words[display : at + 1]))
            display, opening = -1 if display >= 0 else at, -1
        elif word == "$" and display < 0:
            followed = at + 1 < len(words) and touches[at + 1]
            word_after = followed and is_word(at + 1)
            word_before = at > 0 and touches[at] and is_word(at - 1)
            if opening >= 0 and touches[at] and not word_after:
                total += len("".join(words[opening : at + 1]))
                opening = -1
            elif followed and not word_before:
                opening = at
        elif pair in ("\\(", "\\["):
            for close in range(at + 2, len(words) - 1):
                if words[close] + words[close + 1] in ("\\)", "\\]") and touches[close + 1]:
                    total += len("".join(words[at : close + 2]))
                    at, opening, display = close + 1, -1, -1
                    break
        at += 1
    return total


@settings(max_examples=500)
@given(st.lists(FORMULAS, max_size=14).map("".join))
def test_formulas_are_those_of_the_definition(line: str) -> None:
    words, touches, at = naive_tokens(line), [], 0
    for word in words:
        start = line.index(word, at)
        touches.append(start == at and start > 0)
        at = start + len(word)
    marks = sum(len(word) for word in words if word[0] in "$\\")
    expected = naive_formulas(words, touches) if marks > 1 else 0
    assert kinds_of(line)[1] == expected


def test_what_extraction_says_goes_before_looks() -> None:
    line = "x = foo(bar[3]);"
    visible = len(line.replace(" ", ""))
    assert kinds_of(line, LineKind.TABLE) == (0, 0)
    assert kinds_of("just words", LineKind.CODE) == (9, 0)
    assert kinds_of(line, LineKind.MATHEMATICS) == (0, visible)
    assert kinds_of(line, LineKind.PROSE) == (visible, 0)
