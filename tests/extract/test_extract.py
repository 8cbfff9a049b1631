from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.extract import ExtractionError, extract
from curation.extract.batch import extract_batch
from curation.extract.config import ExtractConfig
from curation.extract.tidy import tidy, verbatim
from curation.ingest.pages import PAGE

PARAGRAPH = "The mill stands by the river, and the wheel turns when the sluice is open. " * 8


def html(body: str, title: str = "The mill") -> bytes:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>".encode()


def test_the_article_comes_out_without_its_surroundings() -> None:
    page = html(
        f"<nav><a href=/>Home</a> <a href=/a>Shop</a></nav><article><h1>The mill</h1>"
        f"<p>{PARAGRAPH}</p><p>Then {PARAGRAPH}</p></article><footer>Imprint</footer>"
    )
    found = extract(page, url="http://mill.example/")
    assert found.text.count("the wheel turns") == 16
    assert "Shop" not in found.text
    assert (found.title, found.engine) == ("The mill", "trafilatura")


def test_a_page_without_content_has_no_text() -> None:
    assert extract(html("")).text == ""


def test_the_charset_is_used_and_broken_bytes_are_replaced() -> None:
    page = html(f"<p>{PARAGRAPH}</p><p>Größe</p>").decode().encode("latin-1")
    assert "Größe" in extract(page, charset="latin-1").text
    assert "Gr\ufffd" in extract(page, charset="utf-8").text


def test_nul_bytes_do_not_cut_the_page() -> None:
    page = html(f"<p>{PARAGRAPH}</p>\0<p>The end of it is here, behind the byte.</p>")
    assert "behind the byte" in extract(page).text


@pytest.mark.parametrize("junk", [b"\x00", b"plain words", b"%PDF-1.4 ...", b"{}"])
def test_what_is_not_html_raises_the_documented_error(junk: bytes) -> None:
    with pytest.raises(ExtractionError):
        extract(junk)


@given(st.binary(max_size=300), st.sampled_from(["<p>", "<table><td>", "<!--", "<svg><math>", "&"]))
def test_any_bytes_give_text_or_the_documented_error(junk: bytes, markup: str) -> None:
    try:
        text = extract(html(f"<p>{PARAGRAPH}</p>{markup}") + junk).text
    except ExtractionError:
        return
    assert text == tidy(text)


def test_the_batch_function_extracts_rejects_and_leaves_text_alone() -> None:
    known = {"position": 1, "order_key": 1, "input": "i", "file": "f"}
    batch = PAGE.batch(
        [
            {**known, "doc_id": "a", "html": html(f"<p>{PARAGRAPH}</p>"), "charset": "utf-8"},
            {**known, "doc_id": "b", "html": b"no markup", "charset": "utf-8"},
            {**known, "doc_id": "c", "html": html(""), "charset": "utf-8"},
            {**known, "doc_id": "d", "text": "kept as it is"},
        ]
    )
    done = extract_batch(batch, config=ExtractConfig())
    rows = done.to_pylist()
    assert [row["drop_reason"] for row in rows] == [None, "extraction_failed", "no_text", None]
    assert rows[0]["title"] == "The mill"
    assert rows[1]["detail"] == "not HTML"
    assert rows[3]["text"] == "kept as it is"
    assert not {"html", "charset"} & set(done.schema.names)
    assert done.schema.field("text").type == pa.string()


def test_long_runs_of_line_breaks_take_no_time() -> None:
    text = "a" + "\n" * 300_000 + "b" + " \n" * 300_000
    assert tidy(text) == "a" + "\n" * 300_000 + "b "


@given(st.text(st.characters()))
def test_tidy_text_has_one_line_break_and_is_nfc_and_stays_as_it_is(text: str) -> None:
    tidied = tidy(text)
    tidied.encode()
    assert len(tidied.splitlines()) == tidied.count("\n") + bool(tidied)
    assert unicodedata.is_normalized("NFC", tidied)
    assert tidy(tidied) == tidied


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_alone_is_treated_as_ascii_beside_other_letters(text: str) -> None:
    assert verbatim(text) == verbatim(f"{text}é").removesuffix("é")


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a\r\nb\rc\u2028d\x85e\x0bf", "a\nb\nc\nd\ne\nf"),
        ("\n \n\ta  \n\n b\n \n", "\ta  \n\n b"),
        ("e\u0301", "é"),
        ("a\x00b\ufeffc\x1bd\ud800e", "abcde"),
        (" \n\u00a0", ""),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_tidy_examples(text: str, tidied: str) -> None:
    assert tidy(text) == tidied
