"""What deduplication of lines does, by recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from curation.artefact import Artefact


@dataclass(frozen=True, kw_only=True)
class LinesConfig:
    """Which lines go, of the documents that are still in when all else is deduplicated.

    Documents lie in `buckets`, by a hash of their doc_id; null: as many as hold `bucket_documents`
    each. A line that occurs more than `max_count` times in the documents of one bucket and language
    goes, all of it or (`keep: first`) all but the first. `count`: how often it occurs in `total`,
    or in how many `documents`. A page that loses lines and has fewer than `min_words` left goes as
    a whole.
    `allow`: lines that stay, however often they occur; `allow_list`: a UTF-8 text file of more of
    them, one a line. `audit_lines`: of how many removed lines in each language `line_audit/` tells.

    The defaults are those of Llama 3 (arXiv 2407.21783, section 3.1.1).
    """

    max_count: Annotated[int, Field(ge=1)] = 6
    count: Literal["total", "documents"] = "total"
    keep: Literal["none", "first"] = "none"
    bucket_documents: Annotated[int, Field(ge=1)] = 30_000_000
    buckets: Annotated[int, Field(ge=1, lt=1 << 31)] | None = None
    min_words: Annotated[int, Field(ge=1)] | None = 50
    allow: tuple[str, ...] = ()
    allow_list: Artefact | None = None
    audit_lines: Annotated[int, Field(ge=0)] = 100
