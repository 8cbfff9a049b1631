"""Files of documentation in, texts and labelled stretches out; a model of both, twice the same."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from pathlib import Path

import pytest

from classifiers.training import domain_made, domain_pages, domains
from classifiers.training.domain_made import drawn
from classifiers.training.domain_pages import Source, Stretch, read_sources, read_stretches
from classifiers.training.domain_texts import read_documents
from classifiers.training.fetch import Package
from classifiers.training.quality_data import POOR, Example

_MAN = '.\\" a comment\n.TH LS 1\n.SH NAME\nls \\- list \\fBfiles\\fR\n'
_DOCBOOK = (
    "<?xml version='1.0'?><book><title\n>Das &kmplot;</title><para\n>Eine\nZeile.</para>"
    "<screen>a  b\n c</screen></book>"
)
_CATALOGUE = '#: a.py\nmsgid "Add to cart"\nmsgstr "In den Korb"\n\nmsgid "Pay"\nmsgstr ""\n'
_WIKI = (
    "<title>Sum</title><text>A '''[[sum|total]]'''{{cite}} is "
    + "&lt;math&gt;a+b&lt;/math&gt;. " * 4
    + "</text><title>Cat</title><text>A cat."
    "\n{| class=x\n|-\n! Won !! Lost\n|-\n| a=1 | 3\n| 4\n|}</text>"
    "<title>C</title><text>#REDIRECT [[Cat]]</text>"
)


def _written(folder: Path) -> Path:
    (folder / "man").mkdir()
    (folder / "man" / "ls.1.gz").write_bytes(gzip.compress(_MAN.encode()))
    (folder / "index.docbook").write_text(_DOCBOOK)
    (folder / "de.po").write_text(_CATALOGUE)
    (folder / "a.ipynb").write_text(json.dumps({"cells": [{"source": ["# A\n", "b"]}]}))
    (folder / "a.rst").write_text("So :math:`x^2` is.")
    (folder / "a.mm").write_text("$( Add  one. $) ax $a |- $.")
    (folder / "a.json").write_text('{"b": ["one", {"c": "two", "d": 3}]}')
    (folder / "wiki.bz2").write_bytes(bz2.compress(_WIKI.encode()))
    (folder / "data").write_bytes(b"\0\1")
    with zipfile.ZipFile(folder / "help.jar", "w") as archive:
        archive.writestr("sin.html", "<html><body><p>The sine of an angle.</p></body></html>")
    return folder


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("man/ls.1.gz", {"man/ls.1": "\nLS 1\nNAME\nls - list files\n"}),
        ("index.docbook", {"index.docbook": "Das kmplot\nEine Zeile.\na  b\n c\n"}),
        ("de.po", {"de.po": "In den Korb\nPay"}),
        ("a.ipynb", {"a.ipynb": "# A\nb"}),
        ("a.rst", {"a.rst": "So $x^2$ is."}),
        ("a.mm", {"a.mm": "Add one."}),
        ("a.json", {"a.json": "two\n\none"}),
        (
            "wiki.bz2",
            {"formulas/Sum": "A total is " + "$a+b$. " * 4, "prose/Cat": "A cat. Won | Lost 3 | 4"},
        ),
        ("data", {}),
        ("help.jar", {"help.jar/sin.html": "The sine of an angle."}),
    ],
)
def test_a_file_is_read_as_people_read_it(
    tmp_path: Path, file: str, expected: dict[str, str]
) -> None:
    found = dict(read_documents(_written(tmp_path), [file], 10))
    assert found.keys() == expected.keys()
    for name, text in expected.items():
        assert found[name].split() == text.split()


def test_no_more_files_are_read_than_wanted(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text("text")
    assert len(list(read_documents(tmp_path, ["*.txt", "1.*"], 4))) == 4


def _source(name: str, *, pieces: int, math: bool | str | None = None) -> Source:
    package = Package(url=f"https://example.org/{name}.tgz", sha256="0" * 64, licence="MIT")
    return Source(
        package=package,
        name=name,
        paths=("*",),
        pieces=pieces,
        code=True,
        math=math,  # type: ignore[arg-type]
    )


def test_stretches_are_drawn_the_same_way_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"Line {number} of words.\n" * 200)
    monkeypatch.setattr(domain_pages, "fetch", lambda package, cache: tmp_path)
    found = read_stretches(_source("lines", pieces=7), tmp_path)
    assert len(found) == 7
    assert found == read_stretches(_source("lines", pieces=7), tmp_path)
    assert {stretch.code for stretch in found} == {True}
    assert found[0].text.startswith("line 0 of words")


def test_articles_with_formulas_are_mathematics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _WIKI.replace("A cat.", "A cat sleeps. " * 20).replace("a+b", "a+b" * 9)
    (tmp_path / "wiki.bz2").write_bytes(bz2.compress(text.encode()))
    monkeypatch.setattr(domain_pages, "fetch", lambda package, cache: tmp_path)
    found = read_stretches(_source("wiki", pieces=9, math="formulas"), tmp_path)
    assert {(stretch.math, "cat" in stretch.text) for stretch in found} == {
        (True, False),
        (False, True),
    }


def test_each_source_says_of_one_domain_at_least_what_it_is() -> None:
    sources = read_sources()
    assert all(source.code is not None or source.math is not None for source in sources)
    assert len({source.name for source in sources}) == len(sources)


def test_a_model_is_made_with_its_card_and_twice_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"epoch": 5, "lr": 1.0, "minCount": 1, "bucket": 100}
    monkeypatch.setattr(domains, "PARAMETERS", {"code": small})
    monkeypatch.setattr(domains, "FEATURES", None)  # quantising takes more words
    words = {"tool": "def f ( x ) : return x", "book": "the cat sleeps in the sun"}
    told = [
        Stretch(f"{text} {number % 3}", f"{kind}{number % 6}", kind == "tool", None)
        for kind, text in words.items()
        for number in range(60)
    ]
    sources = [_source(name, pieces=1) for name in sorted({of.source for of in told})]
    domain = domains.DOMAINS[0]
    for folder in ("one", "two"):
        domains.make(domain, sources, told, tmp_path / folder)
    first, second = ((tmp_path / of / "code.ftz").read_bytes() for of in ("one", "two"))
    assert first == second
    card = (tmp_path / "one" / "code.md").read_text()
    assert "| book0 | 10 | 0.00 | 1.000 |" in card
    assert "| tool0.tgz | 10 | MIT |" in card


def test_made_pages_are_no_code_and_as_many_of_each_rule_in_whatever_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(domain_made, "_MOST", 3)
    examples = [
        Example(f"Add {number} to cart", POOR, "en", source)
        for source in ("shop", "menu", "declaration")
        for number in "abcde"
    ]
    found = drawn(examples)
    assert [of.source for of in found] == ["pages: menu"] * 3 + ["pages: shop"] * 3
    assert {(of.code, of.math) for of in found} == {(False, None)}
    assert found == drawn(examples[::-1])


def test_a_card_tells_of_made_pages() -> None:
    assert "7 stretches are prose and made pages" in domains._made({"pages: shop": 7, "book": 2})
    assert domains._made({"book": 2}) == ""
