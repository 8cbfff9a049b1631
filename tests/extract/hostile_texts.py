"""Hostile by what is between their tags, or by bytes that are no text at all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

from tests.extract.hostile_page import PROSE, HostilePage, of, page, repeated


def texts() -> Iterator[HostilePage]:
    """In an order that does not change."""
    yield from _entities()
    yield from _encodings()
    yield from _comments_and_doctypes()
    yield from _long_texts()
    yield from _markdown()
    yield from _scripts()
    yield from _scripts_of_the_world()
    yield from _heads()


def _entities() -> Iterator[HostilePage]:
    yield of("an entity in an entity 1,000,000 times", lambda: "&" + "amp;" * 1_000_000)
    yield of("1,000,000 entities", lambda: "&amp;" * 1_000_000)
    yield of("a code point of eleven digits", lambda: "&#99999999999; &#xFFFFFFFFFF;" * 10_000)
    yield of("a code point of a million digits", lambda: f"&#{'9' * 1_000_000};")
    yield of("1,000,000 ampersands", lambda: "&" * 1_000_000)
    yield of("unknown entities", lambda: "&notanentity; &x &y; &; &#; &#x;" * 50_000)
    yield of("an entity with a name of 1 MB", lambda: f"&{'a' * 1_000_000};")
    yield of("lone surrogates as entities", lambda: "&#xD800; &#xDFFF; &#55296;" * 10_000)
    yield of("controls as entities", lambda: "".join(f"&#{n};" for n in range(160)) * 100)
    yield of("NUL as an entity", lambda: "&#0;&#x0;" * 100_000)
    yield of("noncharacters", lambda: "&#xFFFE;&#xFFFF;&#x1FFFE;\ufffe\uffff" * 10_000)


def _encodings() -> Iterator[HostilePage]:
    good = page("x" * 1000)
    yield HostilePage("broken UTF-8", lambda: page("\x00").replace(b"\x00", b"\xff\xc3 " * 300_000))
    yield HostilePage("UTF-8 with all bytes", lambda: good + bytes(range(256)) * 4_000)
    yield HostilePage("overlong UTF-8", lambda: good + b"\xc0\xaf\xe0\x80\xaf\xf8\x88" * 100_000)
    yield HostilePage("surrogates in UTF-8", lambda: page("\ud800\udfff" * 100_000))
    yield HostilePage("UTF-16 of odd length", lambda: good.decode().encode("utf-16")[:-1], "utf-16")
    yield HostilePage("UTF-16 that is UTF-8", lambda: good, "utf-16")
    yield HostilePage("UTF-32 that is UTF-8", lambda: good, "utf-32")
    yield HostilePage("UTF-7", lambda: good + b"+ADw-script+AD4-" * 10_000, "utf-7")
    yield HostilePage("GB18030", lambda: _chinese().encode("gb18030"), "gb18030")
    yield HostilePage("GB18030 cut off", lambda: _chinese().encode("gb18030")[:-3], "gb18030")
    yield HostilePage("GB18030 that is UTF-8", lambda: _chinese().encode(), "gb18030")
    yield HostilePage("ISO-2022-JP of escapes", lambda: b"\x1b$B\x1b(B" * 200_000, "iso2022_jp")
    yield HostilePage("no charset at all", lambda: _chinese().encode("gb18030"), None)
    yield HostilePage("no charset, and noise", lambda: good + bytes(range(128, 256)) * 8_000, None)
    yield HostilePage("NUL between all bytes", lambda: b"\0".join(bytes([b]) for b in good))
    yield HostilePage("NUL bytes", lambda: good + bytes(1_000_000))
    yield HostilePage(
        "gzip twice", lambda: gzip.compress(gzip.compress(good * 100, mtime=0), mtime=0)
    )
    yield HostilePage("nothing", lambda: b"")
    yield HostilePage("a blank", lambda: b" ")
    yield HostilePage("byte order marks", lambda: b"\xef\xbb\xbf" * 100_000 + good)
    yield HostilePage("mojibake three times", _mojibake)


def _chinese() -> str:
    return f"<html><body><p>{'磨坊在河边，水闸打开时轮子转动。' * 2_000}</p></body></html>"


def _mojibake() -> bytes:
    text = "Größe naïve — “quoted” ☃ " * 2_000
    for _ in range(3):
        text = text.encode().decode("cp1252", "replace")
    return page(f"<p>{text}</p>")


def _comments_and_doctypes() -> Iterator[HostilePage]:
    yield of("a comment of 10 MB never closed", lambda: "<!--" + "x " * 5_000_000)
    yield of("100,000 comments never closed", lambda: "<!--" * 100_000)
    yield of("100,000 comments", lambda: "<!-- x -->" * 100_000)
    yield of("comments with dashes", lambda: "<!--" + "--" * 1_000_000 + ">")
    yield of("conditional comments", lambda: "<!--[if IE]><p>x</p><![endif]-->" * 30_000)
    yield of("CDATA", lambda: "<![CDATA[" * 100_000 + "]]>")
    yield of("processing instructions", lambda: "<?php echo 1 ?><?xml" * 100_000)
    yield HostilePage("billion laughs", _billion_laughs)
    yield HostilePage("quadratic entities", _quadratic_entities)
    yield HostilePage(
        "an external entity",
        lambda: b"<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + page("&x;" * 100),
    )
    yield HostilePage(
        "a doctype of 5 MB", lambda: b"<!DOCTYPE " + b"x" * 5_000_000 + b">" + page("")
    )
    yield HostilePage("50,000 doctypes", lambda: b"<!DOCTYPE html>" * 50_000 + page(""))
    yield HostilePage(
        "XHTML with declaration",
        lambda: b"<?xml version='1.0' encoding='utf-16'?>" * 2 + page("<br/>" * 10),
    )


def _billion_laughs() -> bytes:
    names = ["lol", *(f"lol{n}" for n in range(1, 10))]
    uses = zip(names[1:], names[:-1], strict=True)
    entities = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for new, old in uses)
    return f'<!DOCTYPE html [<!ENTITY lol "lol">{entities}]>'.encode() + page("&lol9;")


def _quadratic_entities() -> bytes:
    return f'<!DOCTYPE html [<!ENTITY a "{"a" * 100_000}">]>'.encode() + page("&a;" * 50_000)


def _long_texts() -> Iterator[HostilePage]:
    yield of("a text of 50 MB", lambda: f"<p>{'The wheel turns. ' * 3_000_000}</p>")
    yield of("a word of 10 MB", lambda: f"<p>{'x' * 10_000_000}</p>")
    yield of("5 MB of blanks", lambda: f"<p>a{' ' * 5_000_000}b</p>")
    yield of("5 MB of blanks in pre", lambda: f"<pre>a{' ' * 5_000_000}b</pre>")
    yield of("1 MB of blanks by turns", lambda: f"<p>{' a' * 500_000}</p>")
    yield of("no-break spaces", lambda: f"<p>a{'&nbsp; ' * 500_000}b</p>")
    yield of("2,000,000 line breaks", lambda: f"<p>a{chr(10) * 2_000_000}b</p>")
    yield of("2,000,000 carriage returns", lambda: f"<pre>a{chr(13) * 2_000_000}b</pre>")
    yield of("tabs and line breaks", lambda: f"<pre>{chr(9)}{chr(10)}</pre>" * 100_000)
    yield of("a line of 5 MB in pre", lambda: f"<pre>{'x = 1; ' * 700_000}</pre>")
    yield of("1,000,000 lines in pre", lambda: "<pre>" + "x = 1\n" * 1_000_000 + "</pre>")
    yield of("soft hyphens", lambda: f"<p>{'mill&shy;' * 300_000}</p>")
    yield of("zero-width spaces", lambda: f"<p>{chr(0x200B) * 500_000}</p>")
    yield of("full stops", lambda: f"<p>{'.' * 1_000_000}</p>")
    yield of("ellipses and bars", lambda: f"<p>{'… | ' * 300_000}</p>")
    yield of("an URL of 1 MB in the text", lambda: f"<p>http://a.example/{'a/' * 500_000}</p>")
    yield of("100,000 dates", lambda: f"<p>{'2026-11-24 ' * 100_000}</p>")
    yield of("text without a tag", lambda: PROSE * 10_000)


def _markdown() -> Iterator[HostilePage]:
    for marker in (
        "$$",
        "$",
        r"\(",
        r"\[",
        "**",
        "_",
        "`",
        "```\n",
        "#",
        "[](",
        "![",
        "[[",
        "~",
        "> ",
    ):
        for many in (100_000, 1_000_000):
            yield of(f"{many:,} {marker.strip()}", repeated(marker, many))
    yield of("100,000 [x](", lambda: f"<p>{'[x](' * 100_000}</p>")
    yield of("100,000 **a", lambda: f"<p>{'**a ' * 100_000}</p>")
    yield of("nested brackets", lambda: f"<p>{'[' * 100_000}{']' * 100_000}</p>")
    yield of("nested braces in TeX", lambda: f"<p>$${'{' * 100_000}{'}' * 100_000}$$</p>")
    yield of("TeX that begins and never ends", lambda: r"\begin{align}" * 50_000)
    yield of("TeX that ends and never begins", lambda: r"\end{align}" * 50_000)
    yield of("prices", lambda: f"<p>{'it costs $5 or $6, ' * 50_000}</p>")
    yield of("bars and dashes as a table", lambda: "<pre>" + "|---" * 300_000 + "</pre>")
    yield of("list signs", lambda: f"<p>{'- * + 1. ' * 200_000}</p>")
    yield of("backslashes", lambda: "<p>" + "\\" * 1_000_000 + "</p>")
    yield of("quotes", lambda: f"""<p>{'"' * 500_000}{"'" * 500_000}</p>""")


def _scripts() -> Iterator[HostilePage]:
    record = {"articleBody": PROSE, "list": list(range(100))}
    yield of(
        "a script of 20 MB",
        lambda: f"<script type='application/json'>{json.dumps([record] * 20_000)}</script>",
    )
    yield of(
        "linked data of 5 MB",
        lambda: f"<script type='application/ld+json'>{json.dumps([record] * 5_000)}</script>",
    )
    yield of(
        "linked data 100,000 deep",
        lambda: f"<script type='application/ld+json'>{'[' * 100_000}{']' * 100_000}</script>",
    )
    yield of("scripts never closed", lambda: "<script>if (a < b) {" * 100_000)
    yield of("a comment in a script", lambda: "<script><!--<script>" * 50_000)
    yield of("a style of 5 MB", lambda: f"<style>{'.a{color:red}' * 400_000}</style>")
    yield of("100,000 scripts", lambda: "<script>x</script>" * 100_000)


def _scripts_of_the_world() -> Iterator[HostilePage]:
    yield of("1 MB of Chinese without a blank", lambda: f"<p>{'磨坊水闸' * 90_000}</p>")
    yield of("a letter with 100,000 marks", lambda: "<p>a" + "\u0301\u0316" * 50_000 + "</p>")
    yield of("10,000 letters with 30 marks", lambda: f"<p>{('a' + chr(0x335) * 30) * 10_000}</p>")
    # NFC sorts marks by class: pairs in the wrong order are its worst case.
    yield of("marks in descending order", lambda: "<p>a" + "\u0315\u0300\u0316" * 30_000 + "</p>")
    yield of("what grows eighteenfold in NFKC", lambda: f"<p>{chr(0xFDFA) * 300_000}</p>")
    yield of("Hangul in parts", lambda: f"<p>{chr(0x1112) + chr(0x1161) + chr(0x11AB)}</p>" * 9_999)
    yield of("directions", lambda: "<p>" + "\u202e\u202d\u2066x\u2069\u202c" * 100_000 + "</p>")
    yield of("directions never closed", lambda: "<p>" + "\u202e\u2067" * 200_000 + "x</p>")
    yield of("flags and families", lambda: f"<p>{'🇦' * 100_000}{'👩‍' * 100_000}</p>")
    yield of("private use", lambda: f"<p>{chr(0xE000) * 300_000}{chr(0x10FFFD) * 300_000}</p>")
    yield of("tag characters", lambda: "<p>" + "\U000e0041" * 300_000 + "</p>")
    yield of("variation selectors", lambda: "<p>a" + "\ufe0f" * 300_000 + "</p>")
    yield of("line and paragraph separators", lambda: "<p>" + "a\u2028b\u2029" * 200_000 + "</p>")
    yield of("Thai without a blank", lambda: f"<p>{'โรงสีตั้งอยู่ริมแม่น้ำ' * 15_000}</p>")


def _heads() -> Iterator[HostilePage]:
    yield HostilePage("a title of 10 MB", lambda: page("", f"<title>{'mill ' * 2_000_000}</title>"))
    yield HostilePage("100,000 titles", lambda: page("", "<title>mill</title>" * 100_000))
    yield HostilePage("titles never closed", lambda: page("", "<title>mill" * 100_000))
    yield HostilePage("10,000 charsets", lambda: page("", "<meta charset=utf-7>" * 10_000), None)
    yield HostilePage(
        "a charset of 1 MB", lambda: page("", f"<meta charset={'x' * 1_000_000}>"), None
    )
    yield HostilePage(
        "100,000 meta",
        lambda: page("", "<meta name=author content='A. Miller'>" * 100_000),
    )
    yield HostilePage(
        "100,000 links in the head",
        lambda: page("", "<link rel=canonical href=http://a.example/>" * 100_000),
    )
    yield HostilePage(
        "open graph of 5 MB",
        lambda: page("", f"<meta property='og:title' content='{'mill ' * 1_000_000}'>"),
    )
    yield HostilePage("a head without a body", lambda: b"<head>" + b"<meta name=a>" * 100_000)
    yield HostilePage("a frameset page", lambda: b"<html><frameset><frame src=a></frameset></html>")
