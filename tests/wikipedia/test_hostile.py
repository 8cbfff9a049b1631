"""Dumps that somebody made to cost much, or that say what none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UserError
from curation.storage import storage
from curation.wikipedia.cited import read_citations
from curation.wikipedia.dump import inspect
from curation.wikipedia.wikitext import links

TABLE = (
    "CREATE TABLE `externallinks` (\n  `el_from` int,\n  `el_to_domain_index` blob,\n"
    "  `el_to_path` blob\n) ENGINE=InnoDB;\nINSERT INTO `externallinks` VALUES {};\n"
)


@pytest.mark.parametrize("opening", [b"<pre>", b"<pre ", b"<nowiki>", b"<!--", b"<nowiki/>"])
def test_beginnings_without_an_end_are_linear(opening: bytes) -> None:
    text = opening * 400_000 + b" [http://a.example/b c]"  # the square of it would take hours
    assert list(links(text)) == ([] if opening == b"<!--" else [b"http://a.example/b"])


def test_a_tag_that_is_closed_hides_and_one_that_closes_itself_does_not() -> None:
    text = b"<nowiki/> http://a.example <pre>http://b.example</pre> http://c.example"
    assert list(links(text)) == [b"http://a.example", b"http://c.example"]


@pytest.mark.parametrize("number", ["NULL", "'abc'", "99999999999999999999"])
def test_numbers_that_are_none_are_one_line(tmp_path: Path, number: str) -> None:
    path = tmp_path / "enwiki-latest-externallinks.sql"
    path.write_text(TABLE.format(f"({number},'http://com.example.','/a')"))
    file = storage(str(path)).find(str(path))
    assert file is not None
    with pytest.raises(UserError, match=r"externallinks\.sql: is damaged: ") as error:
        list(read_citations(inspect(file), {}))
    assert "\n" not in str(error.value)
