"""Hostile by what their tags are: too deep, too many, never closed, too large."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial

from tests.extract.hostile_page import PROSE, HostilePage, nested, of, page, repeated


def markup() -> Iterator[HostilePage]:
    """In an order that does not change."""
    yield from _depth()
    yield from _unclosed()
    yield from _attributes()
    yield from _tables()
    yield from _frames()
    yield from _vectors()
    yield from _many_elements()


def _depth() -> Iterator[HostilePage]:
    for tag in ("div", "span", "font", "b", "a", "blockquote", "section", "object", "q"):
        yield of(f"200,000 nested {tag}", partial(nested, tag, 200_000))
    for tag in ("div", "span", "blockquote", "font", "em"):
        # Just below what the parser reads: what comes after it recurses.
        yield of(f"2,000 nested {tag}", partial(nested, tag, 2_000))
    yield of("250 nested div", lambda: nested("div", 250))
    yield of("200,000 closing tags", lambda: "</div></p></table></b>" * 50_000)
    yield of("b and i misnested 100,000 times", lambda: "<b><i>x</b></i>" * 100_000)
    yield of("p in a in p 50,000 times", lambda: "<p><a href=/><p>x</a></p>" * 50_000)
    yield of(
        "formatting tags that each p opens again",
        lambda: "".join(f"<font color=c{n}>" for n in range(1_500)) + "<p>x" * 1_500,
    )
    yield of("nested lists 1,000 deep", lambda: "<ul><li>x" * 1_000 + "</li></ul>" * 1_000)
    yield of("nested lists 50,000 deep", lambda: "<ul><li>x" * 50_000 + "</li></ul>" * 50_000)
    yield of("nested definitions 1,000 deep", lambda: "<dl><dd>x" * 1_000)
    yield of("div and span by turns 1,000 deep", lambda: "<div><span>x" * 1_000)
    yield of(
        "500 deep and 200 wide",
        lambda: ("<div>" * 500 + "x" + "</div>" * 500) * 200,
    )


def _unclosed() -> Iterator[HostilePage]:
    for tags in (
        *("<table><tr><td>", "<a href=x>", "<p>", "<form>", "<select><option>", "<li>", "<dd>"),
        *("<button>", "<h1>", "<code>", "<nobr>", "<template>", "<svg>", "<math>", "<pre>"),
        *("<marquee>", "<ruby><rt>", "<option>", "<label>", "<details><summary>", "<center>"),
    ):
        yield of(f"100,000 {tags} never closed", repeated(tags, 100_000))
    for tag in ("plaintext", "xmp", "textarea", "title", "style", "noscript", "noembed", "listing"):
        yield of(f"{tag} never closed", repeated("<p>x</p>", 100_000, after=f"<{tag}>"))
    yield of("100,000 textarea", lambda: "<textarea>" * 100_000)
    yield of("a tag that never ends", lambda: "<p " + "x" * 5_000_000)
    yield of("less-than signs", lambda: "<" * 1_000_000)
    yield of("a tag in a tag", lambda: "<p <p <p " * 200_000)
    yield of("html and body again and again", lambda: "<html a=b><body c=d>" * 50_000)
    yield of("frameset in the body", lambda: "<frameset><frame src=x>" * 50_000)


def _attributes() -> Iterator[HostilePage]:
    yield of(
        "a tag with 1,000,000 attributes",
        lambda: "<p " + " ".join(f"a{n}=1" for n in range(1_000_000)) + ">x</p>",
    )
    yield of("an attribute 500,000 times", lambda: "<p " + "class=a " * 500_000 + ">x</p>")
    ten = " ".join(f"a{n}='{n}'" for n in range(10))
    yield of("100,000 tags with 10 attributes", lambda: f"<p {ten}>x</p>" * 100_000)
    yield of("an attribute of 10 MB", lambda: f"<p title='{'x ' * 5_000_000}'>x</p>")
    yield of("an attribute that never ends", lambda: "<p title='" + "x>" * 2_000_000)
    yield of("a class of 200,000 names", lambda: f"<div class='{'c ' * 200_000}'>{PROSE}</div>")
    yield of("100,000 different ids", lambda: "".join(f"<p id=i{n}>x" for n in range(100_000)))
    yield of("a link of 5 MB", lambda: f"<a href='http://a.example/{'x/' * 2_500_000}'>x</a>")
    yield of("a data URI of 5 MB", lambda: f"<img src='data:image/png;base64,{_base64()}'>")
    yield of(
        "ten data URIs in srcset",
        lambda: f"<img srcset='{', '.join(['data:image/png;base64,' + _base64(500_000)] * 10)}'>",
    )
    yield of("100,000 styles", lambda: "<p style='display:none;color:red;;;'>x</p>" * 100_000)
    yield of("a tag with a name of 1 MB", lambda: f"<{'x' * 1_000_000}>x")
    yield of("100,000 tags of their own", lambda: "".join(f"<x{n}>y" for n in range(100_000)))
    yield of("100,000 namespaces", lambda: "".join(f"<n{n}:p>y</n{n}:p>" for n in range(100_000)))
    yield of("xmlns 10,000 times", lambda: "<p xmlns:a='u' a:b='c'>x</p>" * 10_000)


def _base64(size: int = 5_000_000) -> str:
    return base64.b64encode(bytes(range(256)) * (size * 3 // 4 // 256)).decode()


def _tables() -> Iterator[HostilePage]:
    huge = "9" * 16
    yield of("a cell of 9e15 columns and rows", lambda: _spanned(huge, huge))
    yield of("a cell of 1e9 columns", lambda: _spanned("1000000000", "1"))
    yield of("a cell of 65,534 rows and 1,000 columns", lambda: _spanned("1000", "65534"))
    yield of(
        "10,000 cells of 1,000 columns",
        lambda: "<table>" + "<tr><td colspan=1000 rowspan=1000>x</td></tr>" * 10_000 + "</table>",
    )
    yield of("a cell of minus one columns", lambda: _spanned("-1", "-1"))
    yield of("spans that are no numbers", lambda: _spanned("NaN", "1e999"))
    yield of("spans of other scripts", lambda: _spanned("٣", "²"))
    yield of("a table of 100,000 rows", lambda: f"<table>{'<tr><td>a<td>b<td>c' * 100_000}</table>")
    yield of("a row of 100,000 cells", lambda: f"<table><tr>{'<td>a' * 100_000}</table>")
    yield of("tables 500 deep", lambda: "<table><tr><td>" * 500 + "deep")
    yield of(
        "closed tables 300 deep",
        lambda: "<table><tr><td>" * 300 + "x" + "</td></tr></table>" * 300,
    )
    yield of("50,000 texts between rows", lambda: "<table>" + "<tr>x<td>y</tr>z" * 50_000)
    yield of("20,000 tables", lambda: "<table><tr><td>a<td>b</table>" * 20_000)
    yield of(
        "a highlighted listing of 100,000 lines",
        lambda: (
            "<table class=highlight><tr><td class=gutter><pre>"
            + "\n".join(map(str, range(100_000)))
            + "</pre><td class=code><pre>"
            + "<span class=k>x</span> = 1\n" * 100_000
            + "</pre></table>"
        ),
    )


def _spanned(columns: str, rows: str) -> str:
    cell = f"<td colspan={columns} rowspan={rows}>x</td>"
    return f"<table><tr>{cell}<td>y</td></tr><tr><td>z</td></tr></table>"


def _frames() -> Iterator[HostilePage]:
    yield of("a frame of itself", lambda: "<iframe src=''></iframe><iframe src='?'></iframe>" * 9)
    yield of("frames in srcdoc 16 deep", lambda: _srcdoc(16))
    yield of("50,000 frames", lambda: "<iframe srcdoc='<p>x</p>'></iframe>" * 50_000)
    yield of("nested noscript", lambda: nested("noscript", 50_000))
    yield of("nested template", lambda: nested("template", 50_000))
    yield of("nested object", lambda: "<object data=x><embed src=y>" * 20_000)
    yield of("meta refresh to itself", lambda: "<meta http-equiv=refresh content='0;url='>" * 1_000)
    yield of("20,000 base", lambda: "<base href='http://a.example/../../'>" * 20_000)


def _srcdoc(depth: int) -> str:
    inner = "<p>deep</p>"
    for _ in range(depth):
        inner = f'<iframe srcdoc="{inner.replace("&", "&amp;").replace(chr(34), "&quot;")}">'
    return inner


def _vectors() -> Iterator[HostilePage]:
    yield of("an svg that uses itself 10 to the 30th times", _svg_bomb)
    yield of("an svg that uses itself", lambda: "<svg><g id=a><use href='#a'/></g></svg>" * 1_000)
    yield of("an svg path of 5 MB", lambda: f"<svg><path d='{'M0 0L1 1' * 600_000}'/></svg>")
    yield of("100,000 svg texts", lambda: f"<svg>{'<text x=1>x</text>' * 100_000}</svg>")
    yield of("html in svg in html", lambda: "<svg><foreignObject><div>" * 10_000)
    yield of("fractions 2,000 deep", lambda: f"<math>{_right('mfrac', 2_000)}</math>")
    yield of("fractions 900 deep", lambda: f"<math>{_right('mfrac', 900)}</math>")
    yield of("powers 2,000 deep", lambda: f"<math>{_right('msup', 2_000)}</math>")
    yield of("powers 240 deep", lambda: f"<math>{_right('msup', 240)}</math>")
    yield of("rows 2,000 deep", lambda: f"<math>{nested('mrow', 2_000)}</math>")
    yield of(
        "a formula of 100,000 terms", lambda: f"<math>{'<mi>x</mi><mo>+</mo>' * 50_000}</math>"
    )
    yield of("100,000 fractions", lambda: f"<math>{_right('mfrac', 1) * 100_000}</math>")
    yield of("a matrix of 300 by 300", lambda: f"<math><mtable>{_matrix(300)}</mtable></math>")
    yield of("20,000 formulas", lambda: f"<p>{'<math><mi>x</mi></math> ' * 20_000}</p>")
    yield of("fractions without parts", lambda: "<math>" + "<mfrac></mfrac><msup/>" * 20_000)
    yield of(
        "an annotation of 2 MB",
        lambda: (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>"
            + r"\frac{" * 400_000
            + "</annotation></semantics></math>"
        ),
    )
    yield of("a script of TeX", lambda: f"<script type='math/tex'>{r'{' * 1_000_000}</script>")


def _svg_bomb() -> str:
    uses = "".join(f"<g id=a{n + 1}>{f'<use xlink:href=#a{n} />' * 10}</g>" for n in range(30))
    return f"<svg xmlns:xlink='http://www.w3.org/1999/xlink'><g id=a0>x</g>{uses}</svg>"


def _right(tag: str, depth: int) -> str:
    return f"<{tag}><mi>a</mi>" * depth + "<mi>b</mi>" + f"</{tag}>" * depth


def _matrix(size: int) -> str:
    return f"<mtr>{'<mtd><mn>1</mn></mtd>' * size}</mtr>" * size


def _many_elements() -> Iterator[HostilePage]:
    yield of("1,000,000 br", lambda: "<br>" * 1_000_000)
    yield of("300,000 equal p", lambda: f"<p>{PROSE[:60]}</p>" * 300_000)
    yield of("300,000 empty p", lambda: "<p></p>" * 300_000)
    yield of("a list of 50,000", lambda: f"<ul>{'<li>a<ul><li>b</ul>' * 50_000}</ul>")
    yield of("100,000 pre", lambda: "<pre>x</pre>" * 100_000)
    yield of("100,000 code", lambda: f"<p>{'<code>x</code> ' * 100_000}</p>")
    yield of("100,000 links", lambda: "<a href='/x'>a link</a> " * 100_000)
    yield of("100,000 headings", lambda: "<h2>a heading</h2>" * 100_000)
    yield of("100,000 span without a blank", lambda: f"<p>{'<span>x</span>' * 100_000}</p>")
    yield of("a p with 200,000 children", lambda: f"<p>{'x<b>y</b>' * 200_000}</p>")
    yield of("50,000 article", lambda: f"<article>{PROSE[:60]}</article>" * 50_000)
    yield of(
        "20,000 comments of readers", lambda: "<div class=comment><p>me too</p></div>" * 20_000
    )
    yield of("50,000 img with captions", lambda: _figure() * 50_000)
    yield of("100,000 inputs", lambda: "<input type=hidden name=a value=b>" * 100_000)
    yield of("a select of 100,000", lambda: f"<select>{'<option>x' * 100_000}</select>")
    yield of("300,000 hr", lambda: "<hr>" * 300_000)
    yield of("100,000 dt and dd", lambda: f"<dl>{'<dt>a<dd>b' * 50_000}</dl>")
    yield of("100,000 words, each in a p", lambda: "".join(f"<p>w{n}" for n in range(100_000)))
    yield of("a page that has 40 pages", lambda: page(f"<p>{PROSE}</p>" * 50).decode() * 40)


def _figure() -> str:
    return "<figure><img src=a.png alt=b><figcaption>a caption</figcaption></figure>"
