"""What is told before a page is judged."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation.config import SampleConfig
from curation.annotation.foreseen import advice, shortage, warnings
from curation.training.config import TRAIN
from tests.annotation.pages import make_pages

FEW = SampleConfig(pages=400, site_pages=2)


def in_training(pages: pa.Table, language: str) -> int:
    of = pc.and_(pc.equal(pages["language"], language), pc.equal(pages["part"], TRAIN))
    return pages.filter(of).num_rows


def test_why_there_are_fewer_pages_than_were_asked_for() -> None:
    pages = make_pages(60, per_site=2)
    assert shortage(pages, SampleConfig(pages=60)) is None
    assert shortage(pages, FEW) == (
        "60 of the 400 pages asked for: at most 2 of a site (--site-pages),"
        " 200 bytes of text at least (--min-bytes)"
    )
    assert shortage(pages, SampleConfig(pages=400, languages=("en", "de"))) == (
        "60 of the 400 pages asked for: in en, de alone (--language),"
        " 200 bytes of text at least (--min-bytes)"
    )


def test_what_gives_a_student_more_pages() -> None:
    pages, two = make_pages(60, per_site=2), make_pages(60, languages=("en", "de"))

    def told(config: SampleConfig, of: pa.Table = pages) -> str:
        found = advice(of, config)
        assert found.startswith("take ")
        assert found.endswith(", or set --positive-from")
        return found[5:-24]

    assert told(SampleConfig(pages=60)) == "more --pages"
    assert told(FEW) == "more --site-pages"
    assert told(SampleConfig(pages=400)) == "a run with more pages"
    assert told(SampleConfig(pages=60), two) == "more --pages or fewer languages (--language)"
    given = SampleConfig(pages=400, languages=("en",))
    assert told(given) == "a run with more pages or more languages (--language)"


def test_pages_that_would_be_judged_for_nothing() -> None:
    many = make_pages(200, languages=("en", "de"))
    assert in_training(many, "de") > 20
    assert [*warnings(many, "owner/name")] == []
    (told,) = warnings(many, "minilm")
    assert told == (
        "100 of the pages are in languages that the encoder 'minilm' does not know: de 100:"
        " leave them out with --language en, or take another --student"
    )
    few = make_pages(200, languages=("en",) * 9 + ("de",))
    assert in_training(few, "de") < 20 < in_training(few, "en")
    (told,) = warnings(few, "owner/name")
    assert told == (
        "20 of the pages are in languages with under 20 pages for training, which no student"
        " learns: de 20: choose others with --language"
    )
