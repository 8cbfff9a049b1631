from __future__ import annotations

import time

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.extract.mathematics.mathml import to_tex


def tex(markup: str) -> str:
    parser = lxml.html.HTMLParser(huge_tree=True)
    return to_tex(lxml.html.fragment_fromstring(f"<math>{markup}</math>", parser=parser))


SUM = "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
MATRIX = (
    "<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr>"
    "<mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></mtable>"
)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<mi>x</mi><mo>=</mo><mn>2.5</mn>", "x = 2.5"),
        ("<mo>−</mo><mi>x</mi><mo>−</mo><mn>1</mn>", "-x - 1"),
        ("<mfrac><mi>a</mi><mi>b</mi></mfrac>", r"\frac{a}{b}"),
        ("<msqrt><mi>x</mi><mo>+</mo><mi>y</mi></msqrt>", r"\sqrt{x + y}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<msub><mi>x</mi><mi>i</mi></msub>", "x_i"),
        ("<msup><mi>x</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup>", "x^{n+1}"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msup><msub><mi>x</mi><mi>i</mi></msub><mn>2</mn></msup>", "{x_i}^2"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f'"),
        ("<msup><mi>f</mi><mo>″</mo></msup>", "f''"),
        (f"{SUM}<msub><mi>a</mi><mi>i</mi></msub>", r"\sum_{i=1}^n a_i"),
        ("<munder><mo>lim</mo><mi>x</mi></munder><mi>f</mi>", r"\lim_x f"),
        ("<munder><mi>argmax</mi><mi>x</mi></munder>", r"\operatorname*{argmax}_x"),
        ("<mover accent='true'><mi>x</mi><mo>^</mo></mover>", r"\hat{x}"),
        ("<mover><mi>v</mi><mo stretchy='false'>→</mo></mover>", r"\vec{v}"),
        ("<mover><mrow><mi>A</mi><mi>B</mi></mrow><mo>→</mo></mover>", r"\overrightarrow{AB}"),
        ("<mover><mi>z</mi><mo stretchy='true'>‾</mo></mover>", r"\overline{z}"),
        (
            (
                "<munder><munder><mrow><mi>a</mi><mi>b</mi></mrow><mo>⏟</mo></munder>"
                "<mi>n</mi></munder>"
            ),
            r"\underbrace{ab}_n",
        ),
        ("<mover><mo>→</mo><mi>f</mi></mover>", r"\xrightarrow{f}"),
        ("<mover><mo>=</mo><mtext>def</mtext></mover>", r"\overset{\text{def}}{=}"),
        ("<mi>sin</mi><mo>&#x2061;</mo><mi>x</mi>", r"\sin x"),
        ("<mi>Var</mi><mo>(</mo><mi>X</mi><mo>)</mo>", r"\operatorname{Var}(X)"),
        ("<mn>2</mn><mo>&#x2062;</mo><mi>π</mi><mi>r</mi>", r"2\pi r"),
        ("<mi mathvariant='double-struck'>R</mi>", r"\mathbb{R}"),
        ("<mi>ℝ</mi><mo>∋</mo><mi>𝐯</mi>", r"\mathbb{R} \ni \mathbf{v}"),
        (
            "<mi>𝔤</mi><mi>𝒜</mi><mi>𝑥</mi><mi>ℎ</mi><mi>𝜖</mi>",
            r"\mathfrak{g}\mathcal{A}xh\epsilon",
        ),
        ("<mi mathvariant='normal'>d</mi><mi>x</mi>", r"\mathrm{d}x"),
        ("<mi mathvariant='bold'>α</mi>", r"\boldsymbol{\alpha}"),
        ("<mi mathvariant='normal'>Γ</mi>", r"\Gamma"),
        ("<mtext>if </mtext><mi>x</mi><mo>∉</mo><mi>A</mi>", r"\text{if }x \notin A"),
        ("<mtext>5 &amp; 6%</mtext>", r"\text{5 \& 6\%}"),
        ("<mi>A</mi><mo>⊄</mo><mi>B</mi>", r"A \not\subset B"),
        (
            f"<mrow><mo>(</mo>{MATRIX}<mo>)</mo></mrow>",
            r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        ),
        (
            f"<mrow><mo>[</mo>{MATRIX}<mo>]</mo></mrow>",
            r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}",
        ),
        (
            f"<mrow><mo>|</mo>{MATRIX}<mo>|</mo></mrow>",
            r"\begin{vmatrix} a & b \\ c & d \end{vmatrix}",
        ),
        (f"<mrow><mo>{{</mo>{MATRIX}</mrow>", r"\begin{cases} a & b \\ c & d \end{cases}"),
        (f"<mfenced>{MATRIX}</mfenced>", r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}"),
        (MATRIX, r"\begin{matrix} a & b \\ c & d \end{matrix}"),
        (
            MATRIX.replace("<mtable>", "<mtable columnalign='right left'>"),
            r"\begin{aligned} a & b \\ c & d \end{aligned}",
        ),
        (
            MATRIX.replace("<mtable>", "<mtable columnlines='solid' columnalign='left right'>"),
            r"\begin{array}{l|r} a & b \\ c & d \end{array}",
        ),
        (
            (
                "<mrow><mo>(</mo><mfrac "
                "linethickness='0'><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow>"
            ),
            r"\binom{n}{k}",
        ),
        ("<mfenced open='[' close=')'><mi>a</mi><mi>b</mi></mfenced>", "[a, b)"),
        (
            (
                "<mrow><mo fence='true'>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac>"
                "<mo fence='true'>)</mo></mrow>"
            ),
            r"\left( \frac{a}{b} \right)",
        ),
        ("<mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow>", "(a)"),
        ("<mo minsize='1.2em'>(</mo><mi>x</mi>", r"\big(x"),
        ("<mi>a</mi><mspace width='1em'/><mi>b</mi>", r"a\quad b"),
        ("<menclose notation='box'><mi>x</mi></menclose>", r"\boxed{x}"),
        ("<mphantom><mi>x</mi></mphantom><mi>y</mi>", r"\phantom{x}y"),
        (
            "<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>",
            "{}_6^{14}C",
        ),
        ("<mpadded><mstyle><merror><mi>x</mi></merror></mstyle></mpadded>", "x"),
        ("<ms>a_b</ms>", r"\text{a\_b}"),
        (
            "<semantics><mi>x</mi><annotation encoding='StarMath'>y</annotation></semantics>",
            "x",
        ),
        ("<apply><plus/><ci>x</ci><cn>2</cn></apply>", r"\text{x}\text{2}"),
        ("", ""),
        ("<mfrac><mi>a</mi></mfrac><msup/><mover/>", "a"),
    ],
)
def test_presentation_becomes_readable_tex(markup: str, expected: str) -> None:
    assert tex(markup) == expected


def test_a_prefix_of_the_namespace_makes_no_difference() -> None:
    math = "<m:math><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup></m:math>"
    assert to_tex(lxml.html.fragment_fromstring(math)) == "x^2"


def test_what_is_nested_too_deeply_comes_out_as_its_text() -> None:
    deep = "<msup><mi>x</mi>" * 900 + "<mi>y</mi>" + "</msup>" * 900
    found = tex(deep)
    assert found.startswith("x^{x^{x^{")
    assert r"x^{\text{xxx" in found
    assert (found.count("x"), found.count("y")) == (901, 1)  # one in the command


@pytest.mark.parametrize(
    "bomb",
    [
        "<mrow>" * 2000,
        "<mfrac>" * 2000,
        "<mtable><mtr><mtd>" * 600,
        "<mover><mi>x</mi>" * 1000,
        "<mi>x</mi><mo>+</mo>" * 50_000,
        "<mrow><mo>→</mo>" + "<mspace width='1em'/>" * 100_000 + "</mrow>",
        "<mmultiscripts>" + "<mi>x</mi>" * 100_001 + "</mmultiscripts>",
        "<mfenced>" + "<mi>x</mi>" * 100_000 + "</mfenced>",
    ],
)
def test_bombs_take_linear_time(bomb: str) -> None:
    parser = lxml.html.HTMLParser(huge_tree=True)
    math = lxml.html.fragment_fromstring(f"<math>{bomb}</math>", parser=parser)
    start = time.process_time()
    to_tex(math)
    assert time.process_time() - start < 10


_LEAVES = st.sampled_from(["<mi>x</mi>", "<mn>1</mn>", "<mo>(</mo>", "<mo/>", "<mtext>a b</mtext>"])
_NAMES = st.sampled_from(
    [
        "mrow",
        "mfrac",
        "msqrt",
        "mroot",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mtable",
        "mtr",
        "mtd",
        "mfenced",
    ]
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        _NAMES,
        st.lists(inner, max_size=4),
    ),
)


@given(_TREES)
def test_any_tree_gives_balanced_braces_and_keeps_its_letters(markup: str) -> None:
    found = tex(markup)
    plain = found.replace(r"\{", "").replace(r"\}", "")
    assert plain.count("{") == plain.count("}")
    assert found.count(r"\left") == found.count(r"\right")
    if "<mtable>" not in markup:  # what is no row of a table is not shown
        assert found.count(r"\text{a b}") == markup.count("<mtext>")
