"""A dump in, what its pages cite out: batches of `links.CITATION`, in bounded memory.

A page is a hash of its wiki and its number there, so that it counts once, in however many dumps of
that wiki it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints
from curation.ingest.urls import hash64
from curation.parts import is_in
from curation.wikipedia.dump import Dump, DumpFile
from curation.wikipedia.links import citations
from curation.wikipedia.page_xml import articles
from curation.wikipedia.sql import as_text, columns_of, read_rows
from curation.wikipedia.wikitext import links

_LINKS_AT_ONCE = 1 << 16
_PAGE = ("page_id", "page_namespace", "page_is_redirect")
_OLD = ("el_from", "el_to")
_NEW = ("el_from", "el_to_domain_index", "el_to_path")
_DOMAIN_INDEX = re.compile(r"(https?:)?//(?:[^/@]*@)?(V[46]\.)?([^/:]*?)\.?(:\d+)?/?")


def read_citations(dump: DumpFile, articles_of: Mapping[str, Ints]) -> Iterator[pa.RecordBatch]:
    """What the pages of a dump cite.

    `articles_of` has, for wikis of which it is known, the sorted numbers of their articles: of a
    table of links what other pages cite is left out then. Raises `UserError` for a broken dump.
    """
    read = _of_pages(dump) if dump.kind == "pages" else _of_table(dump)
    known = None if dump.kind == "pages" else articles_of.get(dump.wiki)
    for every, every_url in read:
        stays = np.full(len(every), True) if known is None else is_in(every, known)
        pages, urls = every[stays], every_url.filter(pa.array(stays))
        is_article = dump.kind == "pages" or known is not None
        yield citations(_identify(dump.wiki, pages), urls, is_article=is_article)


def read_articles(dump: DumpFile) -> Iterator[Ints]:
    """The numbers of the articles in a table of pages: of namespace 0, no redirects."""
    stream = Dump(dump.file)
    for rows in read_rows(stream, columns_of(stream, _PAGE)):
        namespaces, redirects = rows["page_namespace"], rows["page_is_redirect"]
        stays = pc.and_(pc.equal(namespaces, "0"), pc.equal(redirects, "0"))
        yield _numbers(stream, rows["page_id"].filter(stays))


def _identify(wiki: str, pages: Ints) -> Ints:
    """Numbers of pages as numbers that no page of another wiki has."""
    return pages ^ (hash64(wiki) & ~0xFFFFFFFF)


def _of_pages(dump: DumpFile) -> Iterator[tuple[Ints, pa.StringArray]]:
    pages: list[int] = []
    urls: list[bytes] = []
    for page, text in articles(Dump(dump.file)):
        found = [*links(text)]
        urls += found
        pages += [page] * len(found)
        if len(urls) >= _LINKS_AT_ONCE:
            yield np.array(pages, np.int64), as_text(pa.array(urls, pa.binary()))
            pages, urls = [], []
    yield np.array(pages, np.int64), as_text(pa.array(urls, pa.binary()))


def _of_table(dump: DumpFile) -> Iterator[tuple[Ints, pa.StringArray]]:
    stream = Dump(dump.file)
    for rows in read_rows(stream, columns_of(stream, _NEW, _OLD)):
        urls = rows["el_to"] if "el_to" in rows.schema.names else _joined(rows)
        yield _numbers(stream, rows["el_from"]), urls


def _numbers(stream: Dump, written: pa.StringArray) -> Ints:
    if written.null_count:
        raise stream.broken("damaged: the number of a page is NULL")
    try:
        numbers: Ints = written.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise stream.broken(f"damaged: {error}") from None
    return numbers


def _joined(rows: pa.RecordBatch) -> pa.StringArray:
    """The URLs of tables since 1.40, whose hosts are reversed for the sake of an index."""
    coded = rows["el_to_domain_index"].dictionary_encode()
    origins = pa.array([origin(index) for index in coded.dictionary.to_pylist()], pa.string())
    paths = rows["el_to_path"].fill_null("")
    return pc.binary_join_element_wise(origins.take(coded.indices), paths, "")


def origin(index: str) -> str | None:
    """What `https://com.example.www.` stands for; None where it is neither http nor https.

    Source: MediaWiki, LinkFilter::reverseIndexes.
    """
    found = _DOMAIN_INDEX.fullmatch(index)
    if found is None:
        return None
    scheme, address, host, port = found.groups("")
    labels = host.split(".")
    if address == "V4.":
        name = ".".join(labels)
    elif address == "V6.":
        name = f"[{_v6(labels)}]"
    else:
        name = ".".join(reversed(labels))
    return f"{scheme}//{name}{port}"


def _v6(labels: Sequence[str]) -> str:
    try:
        return str(ipaddress.IPv6Address(":".join(labels)))
    except ValueError:
        return ""
