from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from curation.extract.mathematics import find_formulas
from curation.extract.page import parse

FIXTURES = Path(__file__).parent / "fixtures"
DOLLARS = "<script>MathJax = {tex: {inlineMath: [['$', '$'], ['\\\\(', '\\\\)']]}}</script>"
LIBRARY = "<script src='https://cdn.example/mathjax@3/es5/tex-chtml.js'></script>"
MATHML = "<mi>E</mi><mo>=</mo><mi>m</mi>"
X2 = "<msup><mi>x</mi><mn>2</mn></msup>"


def found(body: str, head: str = "") -> list[tuple[str, bool]]:
    page = parse(f"<html><head>{head}</head><body>{body}</body></html>".encode())
    return [(formula.text, formula.display) for formula in find_formulas(page)]


def shown(body: str, head: str = "") -> str:
    """The page's text with formulas in brackets, as a caller puts them in."""
    page = parse(f"<html><head>{head}</head><body>{body}</body></html>".encode())
    for formula in find_formulas(page):
        for element in (formula.element, *formula.others):
            element.text = f"[{formula.text}]" if element is formula.element else ""
            for child in list(element):
                element.remove(child)
            element.tag = "span"
    return str(page.text_content())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (  # annotations
            (
                f"<math><semantics>{MATHML}<annotation encoding='application/x-tex'>E=m"
                f"</annotation></semantics></math>"
            ),
            ("E=m", False),
        ),
        (
            (
                f"<math display='block'><semantics>{MATHML}<annotation encoding='LaTeX'>a &lt; b"
                " &amp; c</annotation></semantics></math>"
            ),
            ("a < b & c", True),
        ),
        (
            (
                "<math><semantics><mi>E</mi><annotation encoding='text/plain'>the energy"
                "</annotation></semantics></math>"
            ),
            ("E", False),
        ),
        (
            r"<math alttext='{\displaystyle E=mc^{2}}'><mi>E</mi></math>",
            (r"{\displaystyle E=mc^{2}}", False),
        ),
        ("<math alttext='the energy of it'><mi>E</mi></math>", ("E", False)),
        ("<m:math><m:mi>E</m:mi><m:mo>=</m:mo><m:mi>m</m:mi></m:math>", ("E = m", False)),
        (r"<math>\frac{1}{2}</math>", (r"\frac{1}{2}", False)),
        (  # Wikipedia
            (
                r"<p>so <span class='mwe-math-element'><span class='mwe-math-mathml-inline' "
                r"style='display:none'><math alttext='{\displaystyle "
                r"x^{2}}'><mi>x</mi></math></span>"
                r"<img class='mwe-math-fallback-image-inline' alt='{\displaystyle "
                r"x^{2}}'></span> is</p>"
            ),
            (r"{\displaystyle x^{2}}", False),
        ),
        (
            (
                r"<dl><dd><span class='mwe-math-element'><img "
                r"class='mwe-math-fallback-image-inline' "
                r"alt='{\displaystyle x^{2}}'></span>.</dd></dl>"
            ),
            (r"{\displaystyle x^{2}}", True),
        ),
        (r"so <img class='tex' alt='\alpha' src='/a.png'> is", (r"\alpha", False)),
        (  # MathJax 2
            "a <span class='MathJax_Preview'>x2</span><script type='math/tex'>x^2</script>",
            ("x^2", False),
        ),
        (
            (
                "<div class='MathJax_Display'><span class='MathJax' "
                "id='MathJax-Element-1-Frame'><nobr>x"
                "</nobr></span></div><script type='math/tex; mode=display' id='MathJax-Element-1'>"
                "a<b</script>"
            ),
            ("a<b", True),
        ),
        ("<script type='math/tex'>% <![CDATA[\nx < y %]]></script>", ("x < y", False)),
        (f"<script type='math/mml'><math>{X2}</math></script>", ("x^2", False)),
        ("<script type='math/asciimath'>x^2/4</script>", ("x^2/4", False)),
        (
            (
                "<span class='MathJax' "
                "data-mathml='<math><msup><mi>x</mi><mn>2</mn></msup></math>'>"
                "<nobr>x2</nobr></span>"
            ),
            ("x^2", False),
        ),
        (
            (
                r"<span class='mjx-chtml'><span class='mjx-math' aria-label='\frac "
                r"ab'>ab</span></span>"
            ),
            (r"\frac ab", False),
        ),
        (  # KaTeX
            (
                f"<span class='katex-display'><span class='katex'><span class='katex-mathml'><math>"
                f"<semantics>{X2}<annotation "
                f"encoding='application/x-tex'>x^2</annotation></semantics>"
                f"</math></span><span class='katex-html'>x2</span></span></span>"
            ),
            ("x^2", True),
        ),
        (r"<span class='katex-error' title='ParseError'>\foo{x}</span>", (r"\foo{x}", False)),
        # what is spelled out for a script of the page
        (r"<span class='math inline'>\(x^2\)</span>", ("x^2", False)),
        (r"<span class='math display'>\[x^2\]</span>", ("x^2", True)),
        ("<span class='math inline'>x_1</span>", ("x_1", False)),
        ("<span class='math-container'>$x$</span>", ("x", False)),
        ("<span class='math-container'>$$\nx\n+y\n$$</span>", ("x\n+y", True)),
        (
            (
                r"<div class='math notranslate nohighlight' id='e'><span class='eqno'>(1)<a "
                r"class='headerlink' href='#e'>¶</a></span>\[x = 1\]</div>"
            ),
            ("x = 1", True),
        ),
        ("so <d-math>x + y</d-math> is", ("x + y", False)),
        ("<d-math block>x + y</d-math>", ("x + y", True)),
        ("<math-renderer class='js-inline-math'>$x_0$</math-renderer>", ("x_0", False)),
        (r"<amp-mathml data-formula='\[x = 1\]'></amp-mathml>", ("x = 1", True)),
        (
            r"<tex-math>\documentclass{minimal}\begin{document}$$\alpha$$\end{document}</tex-math>",
            (r"\alpha", False),
        ),
        ("<span class='ztext-math' data-tex='x^2'>x2</span>", ("x^2", False)),
        (  # LaTeXML
            (
                r"<table class='ltx_equationgroup ltx_eqn_align ltx_eqn_table'><tr><td><math "
                r"class='ltx_Math' alttext='\displaystyle a'></math></td><td><math "
                r"class='ltx_Math' "
                r"alttext='\displaystyle=b'></math></td><td><span "
                r"class='ltx_tag'>(1)</span></td></tr>"
                r"<tr><td></td><td><math class='ltx_Math' "
                r"alttext='\displaystyle=c'></math></td></tr>"
                r"</table>"
            ),
            ("a =b \\\\\n=c", True),
        ),
        # images
        (
            r"so <img class='latex' alt='\pi' src='https://s0.wp.com/latex.php?latex=%5Cpi'> is",
            (r"\pi", False),
        ),
        ("<p><img class='latex' alt='a+b' src='x.png'></p>", ("a+b", True)),
        (
            "so <img src='https://s0.wp.com/latex.php?latex=a%2Bb&bg=fff' class='latex'> is",
            ("a+b", False),
        ),
        (
            (
                r"so <img "
                r"src='https://latex.codecogs.com/gif.latex?\inline&space;\frac{a&plus;b}{2}' "
                r"alt='formula one'> is"
            ),
            (r"\frac{a+b}{2}", False),
        ),
        ("so <img alt='$x^2$' src='img1.gif'> is", ("x^2", False)),
        (r"so <img class='ql-img-inline-formula' alt='\sqrt{2}'> is", (r"\sqrt{2}", False)),
        (
            (
                "<img class='Wirisformula' alt='x squared' "
                "data-mathml='«math»«msup»«mi»x«/mi»«mn»2«/mn»«/msup»«/math»'>"
            ),
            ("x^2", False),
        ),
        # delimiters
        (r"so \(x\) is", ("x", False)),
        (r"so \[x &lt; y\] is", ("x < y", True)),
        (r"so $$\frac12$$ is", (r"\frac12", True)),
        (
            r"so \begin{align}a&amp;=b\\c&amp;=d\end{align} is",
            (r"\begin{align}a&=b\\c&=d\end{align}", True),
        ),
        (r"so \begin{equation}x\end{equation} is", ("x", True)),
        (r"<p>so $\alpha + 1$ is</p>", (r"\alpha + 1", False)),
        (r"<p>so $x_{i}$ is</p>", ("x_{i}", False)),
        (r"so \[a<br>b\] is", ("a\nb", True)),
        (r"so \(a <em>b</em> c\) is", ("a b c", False)),
        (r"so \(x = \text{where $y$ is $z$}\) is", (r"x = \text{where $y$ is $z$}", False)),
        (r"so $$\text{ a $$ b }$$ is", (r"\text{ a $$ b }", True)),
        (r"so \[ a \\[2pt] b \] is", (r"a \\[2pt] b", True)),
    ],
)
def test_one_formula(body: str, expected: tuple[str, bool]) -> None:
    assert found(body) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "<p>$5 and $6</p>",
        "<p>from $5-$10, US$5/AU$6, A$7</p>",
        "<p>the price is $x and the cost is $y</p>",
        "<p>$HOME/bin:$PATH and ${HOME}_{a}$</p>".replace("_{a}$", ""),
        "<p>$$ to $$$ for two</p>",
        "<p>Price: $$ · Italian food · $$$</p>",
        r"<p>grep '\(foo\|bar\)' and \(.*\)</p>",
        r"<p>find . \( -name a -o -name b \)</p>",
        r"<p>PS1='\[\e[32m\]\u\[\e[0m\]'</p>",
        r"<p>\(this is a sentence in prose\)</p>",
        r"<pre>\(x\)</pre><code>$$x$$</code><textarea>\[x\]</textarea><script>'\\(x\\)'</script>",
        r"<p>\(a</p><p>b\)</p>",
        r"<p>\(a<img>b\)</p>",
        r"<div class='tex2jax_ignore'><p>\(x\)</p></div>",
        r"<p>$env:USERPROFILE\bin$</p>",
        r"<p>/^a\d+$/ and /b\s*$/</p>",
        r"<p>\begin{document}x\end{document} \begin{itemize}\end{itemize}</p>",
        "<math></math><span class='katex'></span><mjx-container></mjx-container>",
        "<script type='math/tex'>  </script>",
        "<img class='math' alt=''><img class='latex'><img alt='$'><img alt='$...$'>",
        "<img alt='Rated $5' src='a.png'><img class='math-hero' alt='two people talk'>",
        "<span class='math'>2 <em>x</em></span><div class='math'>In chapter x_1 we saw this.</div>",
        "<em class='math'>A . v(j)</em>",
        r"<p>\( \) \[\] $$ $$</p>",
        "<svg><title>$x$</title></svg><title>\\(x\\)</title>",
    ],
)
def test_no_formula(body: str) -> None:
    assert found(body) == []


def test_dollars_are_delimiters_where_the_page_says_so() -> None:
    body = "<p>Let $n$ be in $[0, 1)$, and pay $5 or $6.</p>"
    assert found(body) == []
    assert found(body, DOLLARS) == [("n", False), ("[0, 1)", False)]
    katex = "<script>renderMathInElement(b, {delimiters: [{left: '$', right: '$'}]})</script>"
    assert found(body, katex) == [("n", False), ("[0, 1)", False)]
    assert found(body, LIBRARY) == []


def test_ignored_parts_and_what_is_processed_in_them() -> None:
    body = (
        r"<div class='mathjax_ignore'>\(a\)<p class='mathjax_process'>\(b\)</p>"
        r"<span class='math'>\(c\)</span></div>\(d\)"
    )
    assert [text for text, _ in found(body)] == ["b", "c", "d"]


def test_formulas_are_in_document_order_and_never_nested() -> None:
    body = (
        r"<p>\(a\) <em>\(b\)</em> \(c <i>c</i> c\) <span class='math'>\(d\)</span> \(e\)</p>"
        r"<script type='math/tex'>f</script> \(g\)"
    )
    assert [text for text, _ in found(body)] == ["a", "b", "c c c", "d", "e", "f", "g"]


def test_a_rendering_goes_with_its_source() -> None:
    body = (
        "<p>See <span class='MathJax_Preview'>preview</span><span class='MathJax_SVG' "
        f"id='MathJax-Element-1-Frame'><svg></svg><math>{X2}</math></span>"
        "<script type='math/tex' id='MathJax-Element-1'>x^2</script> there.</p>"
    )
    assert shown(body) == "See [x^2] there."


def test_a_rendering_that_stands_elsewhere_is_found_by_its_id() -> None:
    body = (
        "<p><span class='MathJax' id='MathJax-Element-7-Frame'>x2</span> and "
        "<script type='math/tex' id='MathJax-Element-7'>x^2</script> there.</p>"
    )
    assert shown(body) == " and [x^2] there."


def test_the_text_around_a_formula_stays() -> None:
    body = r"<p>a \(x<br>y\) b <b>c</b> \[z\] d<i>e</i> f \(u <i>v</i> w\)<br>g</p>"
    assert shown(body) == "a [x y] b c [z] de f [u v w]g"


FORMULAS = {
    (path.name.partition(".")[0], way): formulas
    for path in sorted(FIXTURES.glob("*.json.gz"))
    for way, formulas in json.loads(gzip.decompress(path.read_bytes())).items()
}


@pytest.mark.parametrize("way", FORMULAS, ids=" ".join)
def test_what_renderers_leave(way: tuple[str, str]) -> None:
    for formula in FORMULAS[way]:
        tag = "div" if formula["display"] else "span"
        body = f"<p>Before</p> <{tag}>{formula['html']}</{tag}> behind"
        assert found(body) == [(formula["found"], formula["display"])]
        assert shown(body) == f"Before [{formula['found']}] behind"


_WORDS = st.sampled_from(["and", "or", "to", "costs", "is", "a", "day", "million", "by", "(", ")"])
_AMOUNTS = st.integers(0, 10**6).map(lambda n: f"${n:,}") | st.floats(0, 999).map(
    lambda x: f"${x:.2f}"
)


@given(st.lists(_WORDS | _AMOUNTS), st.sampled_from(["", LIBRARY, DOLLARS]))
def test_money_is_no_formula(words: list[str], head: str) -> None:
    assert found(f"<p>{' '.join(words)}</p>", head) == []


_PIECES = st.sampled_from(
    [
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "$$",
        "$",
        "{",
        "}",
        "x",
        " ",
        "<br>",
        "<i>",
        "</i>",
        "<p>",
        "</p>",
        r"\\",
        r"\begin{align}",
        r"\end{align}",
        "^2",
        r"\alpha",
        "5",
        "<img>",
        "<b>y</b>",
    ]
)


@given(st.lists(_PIECES), st.sampled_from(["", LIBRARY, DOLLARS]))
def test_wrapping_changes_nothing_but_the_tree(pieces: list[str], head: str) -> None:
    page = parse(f"<html><head>{head}</head><body>{''.join(pieces)}</body></html>".encode())
    before = page.text_content()
    formulas = find_formulas(page)
    assert page.text_content() == before
    elements = [formula.element for formula in formulas]
    order = list(page.iter())
    assert elements == sorted(elements, key=order.index)
    assert not any(set(element.iterancestors()) & set(elements) for element in elements)
    assert all(formula.text.strip() for formula in formulas)


_TAGS = st.sampled_from(
    [
        *(f"mjx-{name}" for name in ("math", "mrow", "mi", "mo", "msubsup", "munderover", "mroot")),
        *("mjx-script", "mjx-c class='mjx-cD800'", "mjx-c class='mjx-c41'", "mjx-mfrac", "mjx-box"),
        *(
            f"g data-mml-node='{name}'"
            for name in ("math", "mi", "mo", "msubsup", "mroot", "mtable")
        ),
        *("use data-c='zz'", "use data-c='0'", "use data-c='110000'", "use data-c='3D'", "svg"),
        *("g transform='translate(1,2.3.4)'", "mjx-mspace style='width: 1.2.3em'", "math", "mfrac"),
        *(
            f"span class='{name}'"
            for name in ("base", "mord", "vlist", "vlist-t", "mfrac", "msupsub", "sqrt", "minner")
        ),
        *(
            f"span class='{name}'"
            for name in ("accent", "mtable", "col-align-c", "op-limits", "x-arrow", "mop", "katex")
        ),
        *("span class='mspace' style='margin-right:1.2.3em'", "span class='fbox'", "span"),
        *("span class='delimsizing'", "mspace width='1.2.3em'", "mo minsize='x'", "mn", "mtext"),
        *("span class='MathJax' data-mathml='<math'", "img src='//[' class='latex' alt=''"),
    ]
)
_MARKUP = st.recursive(
    st.sampled_from(["x", "", "2", "⎧", "\ue020"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        _TAGS,
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@given(
    _MARKUP,
    st.sampled_from(["mjx-container", "span class='katex'", "math", "script type='math/mml'"]),
)
def test_any_mixture_of_renderings_can_be_read(markup: str, around: str) -> None:
    texts = found(f"<{around}>{markup}</{around.split(maxsplit=1)[0]}>")
    assert all(text.strip() for text, _ in texts)


@pytest.mark.parametrize(
    "body",
    [
        "$$ " * 100_000,
        r"\(" * 200_000 + r"x\)" * 200_000,
        "$x " * 200_000,
        "{" * 200_000 + "$$}" * 200_000,
        r"\begin{align}" * 50_000 + r"\end{align}" * 50_000,
        r"<p>\(x^2\)</p>" * 50_000,
        r"\(x^2\) and " * 100_000,
        r"\(a<br>b\)" * 50_000,
        "<br>" * 90_000 + r"\(x\)",
        "<span class='katex'>" * 2000 + "<i>x</i>" * 50_000,
        "<div class='MathJax'><b>" * 900 + "<i>x</i>" * 50_000,
        "<script type='math/tex'>x</script>" * 50_000,
        "<span class='MathJax_Preview'></span>" * 90_000,
        "<mjx-container><mjx-math>" + "<mjx-mrow>" * 1900,
        "<mjx-container><mjx-math>" + "<mjx-mroot><mjx-box>" * 900,
        "<span class='katex'><span class='base'>" + "<span class='mfrac'><span "
        "class='vlist'>" * 900,
        "<span class='katex'><span class='base'>"
        + "<span class='mtable'><p class='col-align-l vlist'>" * 900,
        "<math>" + "<mtable><mtr><mtd>" * 600,
        "<math>" + "<munder><mfrac>" * 900,
        "<img alt='$x$'>" * 90_000,
        "<script>inlineMath:" + "[" * 200_000 + "</script>$x$",
        "<img class='latex' alt='" + "a " * 300_000 + "'>",
        "<script type='math/tex'><![CDATA[" + " " * 500_000 + "x</script>",
        "<tex-math>" + r"\begin{document}" * 50_000 + "</tex-math>",
    ],
)
def test_hostile_pages_take_linear_time(body: str) -> None:
    page = parse(f"<html><body>{body}</body></html>".encode())
    start = time.process_time()
    find_formulas(page)
    assert time.process_time() - start < 15
    assert etree.iselement(page)


@pytest.mark.parametrize(
    "text",
    [
        r"built in 1850\[1\] and rebuilt \[sic\] by him",
        r"Match \[a-z\] or \(foo\)",
        r"D:\[data\]\y and list \(b) and (c\)",
        "AS $$ SELECT 1 $$ LANGUAGE sql",
        r"\begin{align} to begin and \end{align} to end",
    ],
)
def test_escaped_brackets_are_no_formulas_on_a_page_without_a_library(text: str) -> None:
    assert find_formulas(parse(f"<p>{text}</p>".encode())) == []
