r"""HTML in, text out: one function for one page, and the batch function of the pass.

In: bytes of markup and the codec they are in. Out: text with `\n` as its only line break, in NFC.
Invariant: a page comes out with text, or is rejected with a reason; it never disappears.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.extract import trafilatura_engine
from curation.extract.config import Engine, ExtractConfig
from curation.extract.tidy import tidy
from curation.ingest.charset import find_charset
from schemas.drop_reason import DropReason

_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_SNIFFED = 1000


class ExtractionError(ValueError):
    """The engine cannot cope with the page; the message says why."""


@dataclass(frozen=True)
class Extracted:
    """A page's text and title, and the engine that found them.

    `text` is empty for a page without content.
    """

    text: str
    title: str | None
    engine: Engine


def extract(
    html: bytes,
    *,
    url: str | None = None,
    charset: str | None = None,
    engine: Engine = "trafilatura",
) -> Extracted:
    """The main text of a page.

    `charset` is a Python codec; None finds it. Broken bytes become U+FFFD. Raises
    `ExtractionError`.
    """
    markup = html.decode(charset or find_charset(html), "replace")
    if len(_UNREADABLE.findall(markup, 0, _SNIFFED)) * 10 > len(markup[:_SNIFFED]):
        raise ExtractionError("binary data")
    markup = markup.replace("\0", "")
    try:
        text, title = trafilatura_engine.run(markup.removeprefix("\ufeff"), url=url)
    except trafilatura_engine.FAILURES as error:
        raise ExtractionError(f"{type(error).__name__}: {error}"[:200]) from error
    return Extracted(tidy(text), tidy(title) if title else None, engine)


def extract_batch(batch: pa.RecordBatch, *, config: ExtractConfig) -> pa.RecordBatch:
    """`PAGE` rows in; the same rows with `text` and `title` out, without `html` and `charset`.

    A row that has text already keeps it. Rows without text after this have a `drop_reason`.
    """
    rows = [_outcome(page, config) for page in batch.to_pylist()]
    done = batch.drop_columns(["html", "charset"])
    for name in ("text", "drop_reason", "detail"):
        done = done.set_column(done.schema.get_field_index(name), name, _column(rows, name))
    return done.append_column("title", _column(rows, "title"))


def _column(rows: Sequence[dict[str, str | None]], name: str) -> pa.Array:
    return pa.array([row.get(name) for row in rows], pa.string())


def _outcome(page: dict[str, Any], config: ExtractConfig) -> dict[str, str | None]:
    if page["text"] is not None:
        return {"text": page["text"]}
    try:
        found = extract(
            page["html"], url=page["url"], charset=page["charset"], engine=config.engine
        )
    except ExtractionError as error:
        return {"drop_reason": DropReason.EXTRACTION_FAILED, "detail": tidy(str(error))}
    reason = None if found.text else DropReason.NO_TEXT
    return {"text": found.text or None, "title": found.title, "drop_reason": reason}
