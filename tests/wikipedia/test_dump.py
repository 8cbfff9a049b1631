from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.storage import storage
from curation.wikipedia import dump as dumps_module
from curation.wikipedia.cited import read_citations
from curation.wikipedia.dump import Dump, inspect
from tests.wikipedia import dumps

LINKS = dumps.sql("externallinks", dumps.NEW, [(1, 7, "https://com.example.", f"/{'x' * 500}")] * 9)
PAGES = dumps.xml(dumps.page(i, f"http://example.com/{i} " + "é" * 300) for i in range(9))


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2"])
@pytest.mark.parametrize(("content", "kind"), [(LINKS, "externallinks"), (PAGES, "pages")])
def test_a_dump_is_known_by_its_content(
    tmp_path: Path, content: bytes, kind: str, ending: str
) -> None:
    file = dumps.write(tmp_path / f"dump{ending}", content)
    found = inspect(file)
    assert (found.kind, found.wiki) == (kind, "xxwiki")
    assert b"".join(Dump(file).pieces()) == content


def test_files_of_several_members_are_read_to_the_end(tmp_path: Path) -> None:
    for pack, name in ((gzip.compress, "a.gz"), (bz2.compress, "a.bz2")):
        (tmp_path / name).write_bytes(pack(PAGES[:400]) + pack(PAGES[400:]))
        file = storage(name).find(str(tmp_path / name))
        assert file
        assert b"".join(Dump(file).pieces()) == PAGES


def test_the_wiki_is_that_of_the_name_where_the_dump_does_not_tell(tmp_path: Path) -> None:
    without = LINKS.replace(b"-- Host: db1206    Database: xxwiki\n", b"")
    assert inspect(dumps.write(tmp_path / "dewiki-20240101-x.sql", without)).wiki == "dewiki"


def damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return (
        content[:middle]
        + bytes(b ^ 0x55 for b in content[middle : middle + 30])
        + content[middle + 30 :]
    )


def clipped(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("pack", "content", "spoil", "message"),
    [
        (bytes, LINKS, clipped, "is clipped: it ends inside an INSERT statement"),
        (bytes, PAGES, clipped, "is clipped: it ends without </mediawiki>"),
        (bytes, LINKS, lambda c: c[:-50], "is clipped: it has no last line '-- Dump completed'"),
        (gzip.compress, LINKS, clipped, "is clipped: it ends inside its compressed data"),
        (bz2.compress, PAGES, clipped, "is clipped: it ends inside its compressed data"),
        (gzip.compress, LINKS, damaged, "is damaged: "),
        (bz2.compress, PAGES, damaged, "is damaged: "),
        (bytes, LINKS, lambda c: c.replace(b"(1,7,", b"(1,", 1), "is damaged: no row of 4 values"),
    ],
)
def test_a_broken_dump_is_one_line_with_file_and_offset(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
    content: bytes,
    spoil: Callable[[bytes], bytes],
    message: str,
) -> None:
    file = dumps.write(tmp_path / "xxwiki", spoil(pack(content)))
    with pytest.raises(UserError) as error:
        list(read_citations(inspect(file), {}))
    told = str(error.value)
    assert told.startswith(f"{file.uri}: {message}")
    assert told.count("\n") == 0
    assert f"(at byte {file.size:,} of the file)" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no dump of Wikipedia"),
        (b"url\nhttp://a.b\n", "is no dump of Wikipedia"),
        (dumps.xml([]).decode().encode("utf-16"), "is no dump of Wikipedia"),
        (dumps.sql("pagelinks", ("pl_from", "pl_to"), []), "is a dump of the table 'pagelinks'"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        inspect(dumps.write(tmp_path / "xxwiki.sql", content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            dumps.sql("externallinks", ("el_id", "el_url"), [(1, "x")]),
            "expected the columns el_from, el_to",
        ),
        (dumps.xml(["<page><title>a</title></page>"]), "a page has no <ns> or no <id>"),
        (dumps.xml(["</page>"]), "a page ends that did not begin"),
        (
            b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'>]>" + PAGES,
            "it has a document type",
        ),
    ],
)
def test_a_dump_of_another_form_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = dumps.write(tmp_path / "xxwiki", content)
    with pytest.raises(UserError, match=message):
        list(read_citations(inspect(file), {}))


def test_what_never_ends_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps_module, "PIECE_BYTES", 1000)
    for module in ("sql", "page_xml"):
        monkeypatch.setattr(f"curation.wikipedia.{module}.LONGEST_BYTES", 5000)
    row = dumps.sql("externallinks", dumps.OLD, [(1, 2, "x" * 9000, "", "")])
    for content, message in (
        (row, "without the end of a row"),
        (PAGES.replace(b"</page>", b""), "a page of over"),
    ):
        with pytest.raises(UserError, match=message):
            list(read_citations(inspect(dumps.write(tmp_path / "xxwiki", content)), {}))
