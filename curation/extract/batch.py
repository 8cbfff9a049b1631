"""The batch function of extraction: each page's HTML goes through a sandbox and becomes text.

In: rows of `PAGE`. Out: the same rows with `text`, `line_kinds`, `title` and what their `meta`
elements add to `opt_outs`, without `html` and `charset`; rows without text have a `drop_reason`.
Invariant: each row comes out once, in its place, whatever another row does to the process that
extracts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from curation.extract.config import ExtractConfig
from curation.extract.extract import Extracted, extract
from curation.extract.page import ExtractionError
from curation.extract.sandbox import Failure, Sandbox, SandboxConfig, SandboxError
from curation.extract.tidy import tidy
from curation.safety.opt_outs import Statements, together
from schemas.arrow import with_columns
from schemas.drop_reason import DropReason
from schemas.opt_out import OptOut

if TYPE_CHECKING:
    from typing_extensions import Buffer

_REASONS = {
    Failure.TIMEOUT: DropReason.EXTRACTION_TIMEOUT,
    Failure.MEMORY: DropReason.EXTRACTION_MEMORY,
    Failure.CRASHED: DropReason.EXTRACTION_CRASHED,
}
_Row = dict[str, Any]


def extract_batch(batch: pa.RecordBatch, *, config: ExtractConfig) -> pa.RecordBatch:
    """`PAGE` rows in, the same rows with text or a reason out.

    A row that has text already keeps it, and its lines are not told apart.
    """
    columns = [batch.column(name) for name in ("text", "html", "url", "charset")]
    rows = [_outcome(*row, config=config) for row in zip(*columns, strict=True)]
    found = {
        name: _column(rows, name)
        for name in ("text", "drop_reason", "detail", "title", "line_kinds")
    }
    found["opt_outs"] = _add_said(batch.column("opt_outs"), rows)
    return with_columns(batch.drop_columns(["html", "charset"]), found)


def _column(rows: Sequence[_Row], name: str) -> pa.Array:
    return pa.array([row.get(name) for row in rows], pa.string())


def _add_said(opt_outs: pa.ListArray, rows: Sequence[_Row]) -> pa.ListArray:
    """Those of the headers, and of the pages that could be read."""
    said: list[Statements | None] = [row.get("said") for row in rows]
    known = [
        made if page is None else together(map(OptOut, made or ()), page)
        for made, page in zip(opt_outs.to_pylist(), said, strict=True)
    ]
    return pa.array(known, opt_outs.type)


def _outcome(
    text: pa.Scalar, html: pa.Scalar, url: pa.Scalar, charset: pa.Scalar, *, config: ExtractConfig
) -> _Row:
    if text.is_valid:
        return {"text": text.as_py()}
    try:
        found = sandboxed(html.as_buffer(), url.as_py(), charset.as_py(), config=config)
    except ExtractionError as error:
        return {"drop_reason": DropReason.EXTRACTION_FAILED, "detail": tidy(str(error))}
    except SandboxError as error:
        return {"drop_reason": _REASONS[error.failure], "detail": tidy(str(error))}
    if not found.text:
        return {"drop_reason": DropReason.NO_TEXT, "title": found.title, "said": found.opt_outs}
    return {
        "text": found.text,
        "line_kinds": found.line_kinds,
        "title": found.title,
        "said": found.opt_outs,
    }


def sandboxed(
    html: Buffer, url: str | None, charset: str | None, *, config: ExtractConfig
) -> Extracted:
    """`extract` in a child process; raises `SandboxError` beside `ExtractionError`."""
    page = cast(bytes, html)  # anything that gives bytes will do
    return _sandbox(config.sandbox).run(page, url=url, charset=charset, engine=config.engine)


@cache
def _sandbox(config: SandboxConfig) -> Sandbox[..., Extracted]:
    return Sandbox(extract, raises=ExtractionError, config=config)
