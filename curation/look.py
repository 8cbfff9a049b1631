"""`curate extract`: one page through extraction, for looking at it.

In: a file of HTML, or a URL and the WARC file that has it. Out: the page's text, each line with the
letter of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from curation.errors import UserError
from curation.extract import Extracted, ExtractionError
from curation.extract.batch import sandboxed
from curation.extract.config import Engine, ExtractConfig
from curation.extract.sandbox import SandboxError
from curation.ingest.config import IngestConfig
from curation.ingest.raw_page import RawPage
from curation.ingest.responses import read_response
from curation.ingest.warc import read_records
from curation.splits import Split
from curation.storage import normalise, storage


def extract_page(page: str, *, warc: str | None = None, engine: Engine) -> Extracted:
    """What extraction makes of a page, in the sandbox as in a run.

    `page` is a path, or a URL in the file `warc`, whose newest fetch is taken. Raises `UserError`.
    """
    raw = _newest(page, warc) if warc else RawPage(offset=0, html=_read(page))
    if raw.html is None:
        raise UserError(f"{page}: {raw.reason or 'no HTML'} {raw.detail or ''}".strip())
    try:
        return sandboxed(raw.html, raw.url, raw.charset, config=ExtractConfig(engine=engine))
    except (ExtractionError, SandboxError) as error:
        raise UserError(f"{page}: {error}") from error


def show_page(found: Extracted) -> None:
    """Prints the text, each line after the letter of its kind."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    flags = f" ({', '.join(found.flags)})" if found.flags else ""
    console.print(f"{found.title or 'no title'}: {found.engine}{flags}", style="bold")
    if not found.text:
        console.print("no text")
        return
    for kind, line in zip(found.line_kinds, found.text.split("\n"), strict=True):
        console.print(f"{kind} {line}")


def _read(path: str) -> bytes:
    uri = normalise(path)
    if storage(uri).find(uri) is None:
        raise UserError(f"{path}: no such file (a URL needs --warc FILE)")
    return storage(uri).read(uri)


def _newest(url: str, warc: str) -> RawPage:
    fetches = [raw for raw in _responses(normalise(warc)) if raw.url == url]
    if not fetches:
        raise UserError(f"{warc} has no response for {url}")
    return max(fetches, key=lambda raw: str(raw.fetched_at or ""))


def _responses(uri: str) -> Iterator[RawPage]:
    file = storage(uri).find(uri)
    if file is None:
        raise UserError(f"{uri}: no such file")
    whole = Split(0, 0, "warc", uri, file.size, 0, file.size)
    for record in read_records(whole, []):
        if record.type == "response":
            yield read_response(record, IngestConfig())
