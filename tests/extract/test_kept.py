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
    hidden = '<div class="related sidebar comment"><pre>lost = True\nfound = False</pre></div>'
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
    assert [text for kind, text in lines if kind == "c"] == ["code = 1"]


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
