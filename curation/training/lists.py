"""Lists of pages: Parquet or JSONL in; text, language and host of each row out.

A row's number in its file names it, so all rows come out, those that have no text too.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.ingest.config import InputConfig, format_of
from curation.ingest.urls import parse
from curation.language.identify import LanguageConfig, identify_batch
from curation.splits import find_files
from curation.storage import FileInfo, RangeReader
from curation.training.config import TrainConfig

_ROWS = 256
_TOLD = 20  # columns
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_OF_HOST = ("host", "url")


@dataclass(frozen=True)
class ListFile:
    """A file of pages that are all of one class; `source` is the path or pattern that named it."""

    file: FileInfo
    format: str
    source: str
    positive: bool


def find_lists(positive: Sequence[str], negative: Sequence[str]) -> list[ListFile]:
    """The files of both classes, in an order that depends on their names alone.

    Raises `UserError` for a path that names nothing, or what is neither Parquet nor JSONL, and for
    a file that is in both classes.
    """
    found: dict[str, ListFile] = {}
    for paths, is_positive in ((positive, True), (negative, False)):
        for path in paths:
            source = InputConfig(name="pages", paths=(path,))
            (files,) = find_files([source])
            for file in files:
                form = format_of(file.uri, source).name
                if form not in ("parquet", "jsonl"):
                    raise UserError(f"{file.uri}: is {form}: give pages as Parquet or JSONL")
                listed = found.setdefault(file.uri, ListFile(file, form, path, is_positive))
                if listed.positive != is_positive:
                    raise UserError(f"{file.uri}: is among the positive and the negative pages")
    return [found[uri] for uri in sorted(found)]


def check_columns(listed: ListFile, config: TrainConfig) -> None:
    """Raises `UserError` unless the file's columns (of JSONL, its first row's) are enough."""
    uri = listed.file.uri
    try:
        names = _names(listed)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{uri}: is no Parquet file: {error}") from error
    wanted = [((config.text,), "see --text"), (_OF_HOST, "hosts are what pages are balanced by")]
    for some, why in wanted:
        if names and not {*some} & {*names}:
            told = ", ".join([*names[:_TOLD], *(["..."] if names[_TOLD:] else [])])
            missing = "' or '".join(some)
            raise UserError(f"{uri} has no column '{missing}' (it has {told}): {why}")


def _names(listed: ListFile) -> list[str]:
    if listed.format == "parquet":
        return [*pq.ParquetFile(_open(listed.file)).schema_arrow.names]
    return [*next(_json_rows(listed.file), {})]


def read_pages(listed: ListFile, config: TrainConfig) -> Iterator[pa.RecordBatch]:
    """Batches of `text`, `language` and `host`, strings, null where nothing is known.

    A language that the list does not tell is identified.
    """
    names = (config.text, config.language, *_OF_HOST)
    read = _parquet if listed.format == "parquet" else _jsonl
    for text, language, host, url in read(listed.file, names):
        known = pa.RecordBatch.from_arrays([text], names=["text"])
        if language.null_count:
            found = identify_batch(known, config=LanguageConfig())["language"]
            language = pc.coalesce(language, found)  # noqa: PLW2901
        hosts = pc.coalesce(host, _hosts(url)) if host.null_count else host
        yield known.append_column("language", language).append_column("host", hosts)


def _hosts(urls: pa.StringArray) -> pa.StringArray:
    parsed = (url and parse(url) for url in urls.to_pylist())
    return pa.array([of.hostname if of else None for of in parsed], pa.string())


def _parquet(file: FileInfo, names: Sequence[str]) -> Iterator[list[pa.StringArray]]:
    reader = pq.ParquetFile(_open(file))
    there = [name for name in names if name in reader.schema_arrow.names]
    try:
        for batch in reader.iter_batches(_ROWS, columns=there):
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            none = pa.nulls(batch.num_rows, pa.string())
            yield [columns.get(name, none).cast(pa.string()) for name in names]
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file.uri}: cannot be read: {error}") from error


def _jsonl(file: FileInfo, names: Sequence[str]) -> Iterator[list[pa.StringArray]]:
    rows = _json_rows(file)
    while held := list(islice(rows, _ROWS)):
        yield [pa.array([_string(row.get(name)) for row in held], pa.string()) for name in names]


def _string(value: object) -> str | None:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _json_rows(file: FileInfo) -> Iterator[dict[str, object]]:
    """The objects in the lines of a file, blank ones aside."""
    stream = cast("IO[bytes]", _open(file))
    for ending, codec in _PACKED.items():
        if file.uri.endswith(ending):
            stream = io.BufferedReader(pa.CompressedInputStream(stream, codec))
    number = 0
    try:
        for number, line in enumerate(stream, 1):
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise UserError(f"{file.uri}: line {number:,} is no JSON object")
                yield row
    except (ValueError, RecursionError, OSError) as error:
        raise UserError(f"{file.uri}: line {number:,} cannot be read: {error}") from error


def _open(file: FileInfo) -> io.BufferedReader:
    return io.BufferedReader(RangeReader(file.uri, file.size))
