"""What a recipe says of its inputs, and what a file's name says of its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from curation.errors import UserError

Domain = Literal["general", "math", "code", "multilingual"]
StageName = Literal["extract", "language", "pii", "safety", "heuristics", "scores"]


@dataclass(frozen=True, kw_only=True)
class ColumnNames:
    """Where Parquet and JSONL rows keep what we need; a column that is not there is null."""

    id: str = "id"
    url: str = "url"
    text: str = "text"
    html: str = "html"
    fetched_at: str = "fetched_at"


@dataclass(frozen=True, kw_only=True)
class InputConfig:
    """One source of pages.

    A path that starts with `@` names a list of paths, one a line, as Common Crawl's warc.paths.gz;
    `prefix` goes before relative ones, and before the file names in an index. With the format
    `index` the paths are those of a columnar index, and only the records are read for which its
    rows meet the condition `where` (Spark SQL). `stages` are those it passes through, in the
    pipeline's order; a curated source names its `domain`, which no classifier then changes. The
    `licence` of what it holds goes into the data card.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = "crawl"
    paths: Annotated[tuple[str, ...], Field(min_length=1)]
    prefix: str = ""
    format: Literal["auto", "warc", "wet", "parquet", "jsonl", "index"] = "auto"
    where: str | None = None
    columns: ColumnNames = ColumnNames()
    stages: tuple[StageName, ...] = (
        *("extract", "language", "pii", "safety", "heuristics", "scores"),
    )
    domain: Domain | None = None
    licence: str | None = None


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """Which records are pages worth parsing. Sizes count after transfer and content decoding."""

    max_body_bytes: Annotated[int, Field(ge=1)] = 10_000_000


_REQUIRED = ("url", "warc_filename", "warc_record_offset", "warc_record_length")
_OPTIONAL = ("fetch_time", "fetch_status", "content_truncated")


@dataclass(frozen=True)
class Format:
    """How a file is read, and whether reading may start in its middle."""

    name: str
    splittable: bool


_ENDINGS = {
    ".warc": Format("warc", True),
    ".warc.gz": Format("warc", True),
    ".warc.wat": Format("warc", True),
    ".warc.wat.gz": Format("warc", True),
    ".wet": Format("wet", True),
    ".wet.gz": Format("wet", True),
    ".parquet": Format("parquet", True),
    ".jsonl": Format("jsonl", True),
    ".ndjson": Format("jsonl", True),
    ".jsonl.gz": Format("jsonl", False),
    ".jsonl.zst": Format("jsonl", False),
}


def is_known(uri: str, config: InputConfig) -> bool:
    """Whether a file found in a folder is one to read."""
    name = uri.rsplit("/", 1)[1]
    return not name.startswith("_") and (config.format != "auto" or uri.endswith(tuple(_ENDINGS)))


def format_of(uri: str, config: InputConfig) -> Format:
    """The format that the recipe states or the ending tells; raises `UserError` for neither."""
    compressed = uri.endswith((".gz", ".zst"))
    if config.format != "auto":
        return Format(config.format, config.format != "jsonl" or not compressed)
    # The longest ending first: .warc.gz before .gz, .warc.wet before .warc.
    for ending in sorted(_ENDINGS, key=len, reverse=True):
        if uri.endswith(ending):
            return _ENDINGS[ending]
    raise UserError(
        f"{uri}: its name does not tell its format (known: {', '.join(_ENDINGS)}):"
        f" state the format of input '{config.name}'"
    )


def index_columns(config: InputConfig, names: list[str]) -> list[str]:
    """Those of an index's columns that are needed; raises `UserError` for one that is missing."""
    if missing := [name for name in _REQUIRED if name not in names]:
        raise UserError(
            f"input '{config.name}': the index has no column '{missing[0]}' (it has"
            f" {', '.join(names)})"
        )
    where = config.where or ""
    return [n for n in names if n in (*_REQUIRED, *_OPTIONAL) or n.lower() in where.lower()]
