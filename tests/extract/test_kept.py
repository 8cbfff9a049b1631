from __future__ import annotations

import pytest

from curation.extract import extract
from curation.extract.config import Engine

PROSE = "The mill stands by the river, and the wheel turns when the sluice is open. " * 4
ENGINES: tuple[Engine, ...] = ("trafilatura", "resiliparse")


def page(body: str) -> bytes:
    return f"<html><body><article>{body}</article></body></html>".encode()


def lines_of(body: str, engine: Engine = "trafilatura") -> list[tuple[str, str]]:
    found = extract(page(body), engine=engine)
    return list(zip(found.line_kinds, found.text.split("\n"), strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_code_keeps_its_lines_blanks_and_markers(engine: Engine) -> None:
    code = "def turn(**kwargs):\n    # __slow__\n\n    return  `x` \n\n\n\tend"
    lines = lines_of(f"<p>{PROSE}</p><pre><code>{code}</code></pre><p>Then {PROSE}</p>", engine)
    assert [text for kind, text in lines if kind == "c"] == code.split("\n")
    assert [kind for kind, _ in lines] == ["p", *"c" * 7, "p"]


@pytest.mark.parametrize("engine", ENGINES)
def test_code_in_prose_stays_in_its_place_and_keeps_its_markers(engine: Engine) -> None:
    lines = lines_of(f"<p>Call <code>__init__</code>, or <code>a**b</code>. {PROSE}</p>", engine)
    assert lines[0][1].startswith("Call __init__, or a**b. The mill")


@pytest.mark.parametrize("engine", ENGINES)
def test_inline_and_display_formulas_are_told_apart(engine: Engine) -> None:
    body = rf"<p>If \(x_1 * x_2\) then {PROSE}</p><p>\[\frac{{a}}{{b}}\]</p><p>Also {PROSE}</p>"
    lines = lines_of(body, engine)
    assert lines[0][1].startswith("If $x_1 * x_2$ then")
    assert lines[1] == ("m", r"$$\frac{a}{b}$$")


def test_a_display_formula_inside_a_paragraph_gets_its_own_line() -> None:
    lines = lines_of(rf"<p>Start {PROSE} so that \[a = b\] which ends {PROSE}</p>")
    assert [kind for kind, _ in lines] == ["p", "m", "p"]
    assert lines[1][1] == "$$a = b$$"


def test_an_environment_is_not_put_between_dollars() -> None:
    tex = r"\begin{align}a &= b\end{align}"
    assert ("m", tex) in lines_of(f"<p>{PROSE}</p><p>{tex}</p><p>{PROSE}</p>")


def test_code_that_the_engine_drops_comes_back_behind_the_text_before_it() -> None:
    hidden = '<div class="related tags-links"><pre>lost = True\nfound = False</pre></div>'
    body = f"<p>First {PROSE}</p>{hidden}<p>Second {PROSE}</p><p>Third {PROSE}</p>"
    found = extract(page(body))
    assert "put_back" in found.flags
    assert found.line_kinds == "pccpp"


def test_code_in_navigation_stays_out() -> None:
    body = f"<p>First {PROSE}</p><p>Second {PROSE}</p><nav><pre>pip install mill</pre></nav>"
    assert "pip install" not in extract(page(body)).text


def test_a_page_of_code_alone_is_its_code() -> None:
    assert lines_of("<pre>a = 1\nb = 2</pre>") == [("c", "a = 1"), ("c", "b = 2")]


def test_placeholders_that_a_page_makes_up_are_no_danger() -> None:
    forged = "\ua66e0\ua66e " * 5 + "\ua66e99999999\ua66e \ua66e7\ua66e"
    lines = lines_of(f"<p>{forged} {PROSE}</p><pre>code = 1</pre><p>{PROSE}</p>")
    assert [kind for kind, _ in lines] == ["p", "c", "p"]
    assert lines[0][1].startswith("о0о")
    assert lines[1][1] == "code = 1"


@pytest.mark.parametrize(
    "attributes", ['style="display: none"', 'role="navigation"', 'class="comments"']
)
def test_code_that_is_hidden_or_beside_the_content_stays_out(attributes: str) -> None:
    body = f"<p>First {PROSE}</p><p>Second {PROSE}</p><div {attributes}><pre>rm -rf /</pre></div>"
    assert "rm -rf" not in extract(page(body)).text


def test_code_has_one_kind_of_line_break_and_no_control_characters() -> None:
    found = extract(page(f"<p>{PROSE}</p><pre>a&#x2028;b&#7;&#xFFFF;\x0cc</pre><p>{PROSE}</p>"))
    assert found.text.split("\n")[1:4] == ["a", "b", "c"]
    assert found.line_kinds == "pcccp"


@pytest.mark.parametrize("engine", ENGINES)
def test_images_inside_the_text_say_what_they_show(engine: Engine) -> None:
    figure = '<figure><img src="a.png"><figcaption>Parts of the wheel</figcaption></figure>'
    body = (
        f'<p>First {PROSE}</p><p><img alt="The sluice from above"></p><p>Second {PROSE}</p>{figure}'
        f'<p>Third, <img alt="E = mc^2">, {PROSE}</p><p><img alt="logo"></p><p>Fourth {PROSE}</p>'
    )
    texts = [text for _, text in lines_of(body, engine)]
    assert texts[1] == "The sluice from above"
    assert texts[3] == "Parts of the wheel"
    assert texts[4].startswith("Third, E = mc^2, The mill")
    assert len(texts) == 6


def test_an_image_beside_the_content_stays_out() -> None:
    side = '<div class="sidebar"><img alt="A picture of something else"></div>'
    body = f"<p>First {PROSE}</p><p>Second {PROSE}</p>{side}"
    assert "something else" not in extract(page(body)).text


def test_kinds_and_lines_are_as_many() -> None:
    found = extract(
        page(
            f"<h2>Of mills</h2><p>{PROSE}</p><ul><li>one</li><li>two</li></ul>"
            f"<table><tr><td>a</td><td>b</td></tr></table><p>**Bold** {PROSE}</p>"
        )
    )
    assert found.line_kinds == "hplltp"
    assert found.text.split("\n")[4] == "a | b"
    assert "**" not in found.text


def test_an_unknown_mojibake_is_repaired_outside_code() -> None:
    found = extract(page(f"<p>Ã¼ber allen Gipfeln. {PROSE}</p><pre>s = 'Ã¼'</pre>"))
    assert found.text.startswith("über allen")
    assert found.text.endswith("s = 'Ã¼'")
    assert set(found.flags) == {"code", "mojibake"}


def test_formulas_in_code_are_code() -> None:
    head = r"<script>MathJax = {tex: {inlineMath: [['$', '$']]}}</script>"
    found = extract(
        page(rf"{head}<p>Write <code>\(x^2\)</code> or <code>a $$y_1$$ b</code>. {PROSE}</p>")
    )
    assert found.text.startswith(r"Write \(x^2\) or a $$y_1$$ b. The mill")


def test_code_of_a_section_that_is_dropped_does_not_begin_the_text() -> None:
    first = f'<div class="sidebar"><p>Other {PROSE}</p><pre>lost = 1</pre><p>More {PROSE}</p></div>'
    found = extract(page(f"{first}<p>First {PROSE}</p><p>Second {PROSE}</p>"))
    assert found.text.startswith("First") or found.text.startswith("Other")


def test_signs_of_a_section_go_and_quotation_marks_come() -> None:
    sign = '<a class="headerlink" href="#x">¶</a>'
    body = f"<h2>Of mills{sign}</h2><p>A <q>wheel</q> turns. {PROSE}</p><p>{PROSE}</p>"
    texts = [text for _, text in lines_of(body)]
    assert texts[0] == "Of mills"
    assert texts[1].startswith("A “wheel” turns.")
