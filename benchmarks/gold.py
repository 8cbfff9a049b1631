"""Pages with answers: what their extraction is measured against.

In: a folder with `pages.jsonl.gz` (one page a line, and where it lies in `warc/*.warc.gz`) and
`gold/SET.jsonl.gz` (answers by page id). Out: pages in the order of the answers, each read from its
archive when asked. One more set, `scripts`, has pages of seven languages and no answer but the
script that their text is in.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator

from curation.ingest.charset import find_charset

SCRIPTS = "scripts"
SCRIPT_OF = {
    "ar": "\u0600-\u06ff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hi": "\u0900-\u097f",
    "ja": "\u3040-\u30ff\u4e00-\u9fff",
    "ru": "\u0400-\u04ff",
    "th": "\u0e00-\u0e7f",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff",
}
"""Languages of `scripts`, and the characters that they are written in."""


@dataclass(frozen=True, kw_only=True)
class Gold:
    """What is known of a page's main text; None or nothing where a set does not say.

    `text` is all of it, or its beginning where `partial`. `inside` and `outside` are pieces that
    must and must not be extracted. `code` and `formulas` (kind and TeX) are on the page. `script`
    is a set of characters, for a regular expression.
    """

    text: str | None = None
    partial: bool = False
    inside: Sequence[str] = ()
    outside: Sequence[str] = ()
    code: Sequence[str] = ()
    formulas: Sequence[tuple[str, str]] = ()
    script: str | None = None


@dataclass(frozen=True, kw_only=True)
class GoldPage:
    """A page and its answer; `lang` and `kind` (of page) are "?" where a set does not say."""

    id: str
    set: str
    lang: str
    kind: str
    url: str
    stated_charset: str | None
    warc: Path
    offset: int
    gold: Gold

    def read(self) -> tuple[bytes, str]:
        """The page as it was served, and the codec it is in."""
        with self.warc.open("rb") as file:
            file.seek(self.offset)
            html = next(iter(ArchiveIterator(file))).reader.read()
        return html, self.stated_charset or find_charset(html)


def set_names(folder: Path) -> list[str]:
    """All sets below `folder`."""
    files = sorted((folder / "gold").glob("*.jsonl.gz"))
    return [*(file.name.removesuffix(".jsonl.gz") for file in files), SCRIPTS]


def load_pages(folder: Path, names: Sequence[str], *, sample: int | None = None) -> list[GoldPage]:
    """Pages of the sets; at most `sample` of each, always the same ones. Raises `ValueError`."""
    if unknown := set(names) - set(set_names(folder)):
        raise ValueError(f"no such set: {', '.join(sorted(unknown))}")
    index = {row["id"]: row for row in _read_rows(folder / "pages.jsonl.gz")}
    return [page for name in names for page in _draw(_load_set(folder, name, index), sample)]


def _read_rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _draw(pages: Sequence[GoldPage], number: int | None) -> list[GoldPage]:
    by_hash = sorted(pages, key=lambda page: hashlib.sha256(page.id.encode()).digest())
    drawn = {page.id for page in by_hash[:number]}
    return [page for page in pages if page.id in drawn]


def _load_set(
    folder: Path, name: str, index: Mapping[str, Mapping[str, Any]]
) -> Sequence[GoldPage]:
    if name == SCRIPTS:
        answered = _with_text(folder)
        rows = [r for r in index.values() if r["lang"] in SCRIPT_OF and r["id"] not in answered]
        golds = [Gold(script=SCRIPT_OF[row["lang"]]) for row in rows]
    else:
        rows = list(_read_rows(folder / "gold" / f"{name}.jsonl.gz"))
        golds = [_gold(row) for row in rows]
    return [
        GoldPage(
            id=row["id"],
            set=name,
            lang=(row.get("lang") or "?").split("-")[0].lower(),
            kind=row.get("page_type") or "?",
            url=row["url"],
            stated_charset=row["charset"],
            warc=folder / index[row["id"]]["warc"],
            offset=index[row["id"]]["offset"],
            gold=gold,
        )
        for row, gold in zip(rows, golds, strict=True)
    ]


def _with_text(folder: Path) -> set[str]:
    rows = (row for file in (folder / "gold").glob("*.jsonl.gz") for row in _read_rows(file))
    return {row["id"] for row in rows if row.get("gold_text")}


def _gold(row: Mapping[str, Any]) -> Gold:
    return Gold(
        text=row.get("gold_text"),
        partial=row.get("partial", False),
        inside=row.get("with", ()),
        outside=row.get("without", ()),
        code=row.get("with_code", ()),
        formulas=[(formula["kind"], formula["tex"]) for formula in row.get("with_math", ())],
    )
