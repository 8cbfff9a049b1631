from __future__ import annotations

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement

from curation.extract.code import find_code
from curation.extract.page import Found, parse

FIXTURES = Path(__file__).parent / "fixtures"
HIGHLIGHTED = FIXTURES / "highlighted"


def page(body: str) -> HtmlElement:
    return parse(f"<!doctype html><html><body>{body}</body></html>".encode(), charset="utf-8")


def found_in(body: str) -> list[Found]:
    return find_code(page(body))


def listing(body: str) -> str:
    """The text of the one listing in `body`, which stands between paragraphs."""
    (found,) = found_in(f"<p>Before it.</p><div>{body}</div><p>After it.</p>")
    assert found.display
    return found.text


def inline(body: str) -> list[str]:
    found = found_in(body)
    assert not any(piece.display for piece in found)
    return [piece.text for piece in found]


PLAIN = {
    "pre": ("<pre>a\n  b\n</pre>", "a\n  b"),
    "pre around code": ("<pre><code>a\n\n\tb</code></pre>", "a\n\n\tb"),
    "only the first line break is that of the tag": ("<pre>\n\na\n</pre>", "\na"),
    "only the last line break goes": ("<pre>a  \n\n</pre>", "a  \n"),
    "carriage returns": ("<pre>a\r\nb&#13;\nc</pre>", "a\nb\nc"),
    "entities": ("<pre>&lt;a&gt; &amp;amp; &quot;</pre>", '<a> &amp; "'),
    "no-break spaces": ("<pre>if x:\n&nbsp;&nbsp;y</pre>", "if x:\n  y"),
    "br": ("<pre>a<br>  b<br/><br>c<br></pre>", "a\n  b\n\nc"),
    "blocks are lines": ("<pre><div>a</div><div> b</div><div><br></div>c</pre>", "a\n b\n\nc"),
    "block and line break": ("<pre>\n<div>a</div>\n<div>b</div>\n\nc</pre>", "a\nb\n\nc"),
    "blocks and blank lines": ("<pre><div>a</div>\n\n<div>b</div></pre>", "a\n\nb"),
    "what is not displayed": (
        "<pre>a<script>s()</script><b hidden>h</b><i style='display: none'>n</i>b</pre>",
        "ab",
    ),
    "poem": ("<pre>The mill\n   stands still</pre>", "The mill\n   stands still"),
    "listing": ("<listing>\na\n b</listing>", "a\n b"),
    "xmp": ("<xmp>\n<b>x</b> &amp;</xmp>", "\n<b>x</b> &amp;"),
    "text area named code": ('<textarea name="code" class="c">\nint i;\n</textarea>', "int i;"),
    "numbers that are the code": (
        '<pre class="line-numbers"><code class="line-numbers">12\n13</code></pre>',
        "12\n13",
    ),
    "code with br": ("<p><code>a<br>\n &nbsp;b\n c</code></p>", "a\n b c"),
    "code with white-space": ('<code style="white-space: pre">a\n  b</code>', "a\n  b"),
    "white-space within": (
        '<code>a<br><span style="white-space: pre">  b</span> <i>c</i> d</code>',
        "a\n  b c d",
    ),
    "blank lines around": ('<div class="code"><code>\na\n\n</code></div>', "a"),
    "line as another word": ('<pre><span class="line">--</span>+ a</pre>', "--+ a"),
    "a number that is none": ('<pre><span class="ln">x</span>1</pre>', "x1"),
    "code with blocks": ("<code>\n <div>a</div>\n <div>b</div></code>", "a\nb"),
    "sole code in a block for code": ('<div class="code"> <code>a  b</code></div>', "a  b"),
    "sole code with a language": ('<p><code class="language-c">a\n  b</code></p>', "a\n  b"),
}

# Sections of `=== NAME`, markup, `---`, text.
SITES = {
    section.partition("\n")[0]: tuple(section.rstrip("\n").partition("\n")[2].split("\n---\n"))
    for section in (FIXTURES / "listings.txt").read_text("utf-8").split("=== ")[1:]
}


@pytest.mark.parametrize(("body", "text"), PLAIN.values(), ids=PLAIN.keys())
def test_a_listing_reads_as_displayed(body: str, text: str) -> None:
    assert listing(body) == text


@pytest.mark.parametrize(("body", "text"), SITES.values(), ids=SITES.keys())
def test_what_highlighters_add_is_left_out(body: str, text: str) -> None:
    assert listing(body) == text


@pytest.mark.parametrize(
    "name",
    ["ln", "lineNumber", "linenumber react-syntax-highlighter-line-number", "line-num", "blob-num"],
)
def test_numbers_go_by_their_many_names(name: str) -> None:
    assert listing(f'<pre><span class="{name}"> 12 </span>a 12</pre>') == "a 12"


@pytest.mark.parametrize("name", ["copybtn", "btn-clipboard", "toolbar", "code-copy other"])
def test_tools_within_a_listing_go_by_their_many_names(name: str) -> None:
    assert listing(f'<pre><a class="{name}">Copy</a>a <a class="k">Copy</a></pre>') == "a Copy"


@pytest.mark.parametrize("path", sorted(HIGHLIGHTED.glob("*.html")), ids=lambda path: path.stem)
def test_the_source_comes_back_from_what_the_tools_made_of_it(path: Path) -> None:
    source = (HIGHLIGHTED / "source.txt").read_text("utf-8")
    text = listing(path.read_text("utf-8"))
    assert text.rstrip("\n") == source.rstrip("\n")


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")) | st.just("\n")))
def test_any_text_comes_back_from_pre(text: str) -> None:
    # libxml2 reads these two as something else; the others are blank or dropped on purpose.
    text = "".join(c for c in text if c not in "\xa0\u200b\ufeff")
    assert listing(f"<pre>\n|{html.escape(text)}|\n</pre>") == f"|{text}|"


INLINE = {
    "phrases": ("<p>Use <code>a</code>, <tt>b</tt>, <kbd>c</kbd>, <samp>d</samp>.</p>", "a b c d"),
    "not variables": ("<p><var>x</var> <code>y</code></p>", "y"),
    "headings, links, cells, items": (
        (
            "<h2><code>a</code></h2><a href=/><code>b</code></a><table><tr><td><code>c</code>"
            "</table><ul><li><code>d</code></ul>"
        ),
        "a b c d",
    ),
    "one for nested ones": ("<kbd><kbd>Ctrl</kbd>+<kbd>C</kbd></kbd>", "Ctrl+C"),
    "empty and hidden ones": ("<code></code><code> </code><code hidden>x</code>", ""),
}


@pytest.mark.parametrize(("body", "texts"), INLINE.values(), ids=INLINE.keys())
def test_code_in_a_line(body: str, texts: str) -> None:
    assert inline(body) == texts.split()


def test_white_space_in_a_line_collapses_and_stays_where_it_parts_words() -> None:
    body = "<p>see<code> git\n   commit&nbsp;<b>-m</b> </code>and <code> x </code> it</p>"
    assert inline(body) == [" git commit -m ", "x"]
    assert inline("<p>un<code><b>x</b></code>ed</p>") == ["x"]


def test_a_code_tag_that_was_not_closed_is_no_code() -> None:
    found = found_in(
        "<div><code>a<p>A paragraph with <tt>b</tt>.</p><h2>Title</h2><pre>c</pre></div>"
    )
    assert [piece.text for piece in found] == ["b", "c"]


def test_code_in_what_is_called_a_gutter_is_found() -> None:
    assert inline("<div class=gutter><code><b>x</b></code></div>") == ["x"]


def test_pieces_are_in_the_order_of_the_page_and_never_nested() -> None:
    found = found_in("<pre>a <code>b</code></pre><p><code>c</code></p><div><pre>d</pre></div>")
    assert [(piece.text, piece.display) for piece in found] == [
        ("a b", True),
        ("c", False),
        ("d", True),
    ]


NOTHING = {
    "empty": "<pre></pre><pre> \n </pre><textarea class=code></textarea>",
    "hidden": "<pre hidden>a</pre><pre style='display:none'>b</pre>",
    "lists": "<ol><li>Go</li><li>Stop</li></ol>",
    "data": "<table><tr><td class=number>1</td><td>oak</td></tr></table>",
    "numbered rows": "<table><tr><td>1<td>oak</td></tr><tr><td>2<td>ash</td></tr></table>",
    "poems": "<div class=line-block><div class=line>a</div><div class=line>b</div></div>",
    "layout": "<table><tr><td class=gutter></td><td><p>News</p></td></tr></table>",
    "gutter": "<div class=gutter><p>12 mills</p></div>",
    "comment fields": "<textarea readonly>Log in\nto comment</textarea>",
    "embed codes": "<textarea class='embed-code'><iframe></iframe>\n</textarea>",
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING.keys())
def test_what_is_no_code_stays(body: str) -> None:
    assert found_in(body) == []


def test_only_the_pre_of_a_layout_table_is_found() -> None:
    found = found_in("<table><tr><td><p>News</p><td><pre>a</pre></table>")
    assert [piece.element.tag for piece in found] == ["pre"]


@pytest.mark.parametrize(
    ("numbers", "tag"),
    [
        ("1<br>2<br>3", "table"),
        ("<pre>9\n10</pre>", "table"),
        ("1", "pre"),
        ("1 2 4", "pre"),
        ("1 2 a", "pre"),
    ],
)
def test_numbers_without_a_name_count_up_beside_a_pre(numbers: str, tag: str) -> None:
    found = found_in(f"<table><tr><td>{numbers}</td><td><div><pre>a\n b</pre></div></table>")
    assert (found[-1].element.tag, found[-1].text) == (tag, "a\n b")


def test_numbers_in_sequence_beside_prose_are_prose() -> None:
    assert found_in("<table><tr><td>1 2 3</td><td><p>Three mills</p></table>") == []


@pytest.mark.parametrize("site", ["VitePress", "GitLab", "old rustdoc", "MDN", "GitHub and gist"])
def test_the_listing_and_its_others_leave_nothing_of_it_behind(site: str) -> None:
    tree = page(SITES[site][0])
    (found,) = find_code(tree)
    for element in (found.element, *found.others):
        element.drop_tree()
    assert tree.text_content().strip() == ""


OTHERS = {
    "content between": "<button>Menu</button><p>Text</p><div><pre>a</pre>@</div><p>More</p>",
    "content beside": "<div><button>Menu</button><div><p>Text</p><pre>a</pre>@</div></div>",
    "the page's own": "<div><button>Menu</button><main><pre>a</pre>@</main></div>",
    "long": f"<div class=toolbar>{'All of it is text. ' * 4}</div><pre>a</pre>@",
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS.keys())
def test_others_stop_at_the_first_neighbour_that_is_content(body: str) -> None:
    (found,) = found_in(body.replace("@", "<button>Copy</button>"))
    assert [other.text for other in found.others] == ["Copy"]


def test_numbers_belong_to_the_next_listing() -> None:
    first, second = found_in("<div class=gutter>1</div><pre>a</pre><p>Then</p><pre>b</pre>")
    assert [len(first.others), len(second.others)] == [1, 0]


@pytest.mark.parametrize(
    "body",
    [
        "<code>" * 1900 + "<b>x</b>" * 20_000 + "<h1>y</h1>",
        "<code>" * 1900 + "<b></b>" * 20_000,
        "<div class=codemirror>" * 1900 + "<b></b>" * 20_000,
        "<div class=gutter>" * 1900 + "<b>1</b>" * 20_000 + "x",
        "<table><tr><td class=gutter>1<td>" * 600 + "<b></b>" * 20_000,
        "<table><tr><td>1 2" * 600 + "<b> </b>" * 20_000 + "<td><pre></pre></table>" * 600,
        "<div>" + "<button>Copy</button>" * 10_000 + "<pre>a</pre>" * 10_000,
    ],
    ids=["phrases", "empty phrases", "widgets", "gutters", "tables", "counts", "neighbours"],
)
@pytest.mark.timeout(10)
def test_time_is_linear(body: str) -> None:
    assert len(found_in(body)) in (0, 10_000)
