"""Benchmark files: JSONL or Parquet in; the texts that are looked for out, in the file's order.

A text is tidied as extraction tidies the prose of pages: what both write alike is found.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from curation.decontaminate.config import Benchmark
from curation.errors import UserError
from curation.extract.hygiene import cleaned
from curation.extract.lines import Line
from curation.extract.tidy import verbatim
from schemas.line_kind import LineKind

_CODECS = {".gz": "gzip", ".zst": "zstd"}


class Text(NamedTuple):
    """A text of a benchmark: of which item, in which column."""

    item: str
    column: str
    text: str


def read_texts(benchmark: Benchmark) -> list[Text]:
    """Raises `UserError` for a file that is not there, no such file, or lacks a column."""
    rows = list(_rows(benchmark))
    found = [text for row, values in rows for text in _texts(benchmark, row, values)]
    if not rows:
        raise UserError(f"{benchmark.path}: has no rows")
    if not found:
        hint = "no words in its 'columns'" if benchmark.columns else "name its 'columns'"
        raise UserError(f"{benchmark.path}: has no text to look for: {hint}")
    return found


def _texts(benchmark: Benchmark, row: int, values: Mapping[str, Any]) -> Iterator[Text]:
    wanted = benchmark.columns or tuple(name for name in values if name != benchmark.id)
    for name in (*(benchmark.columns or ()), *([benchmark.id] if benchmark.id else [])):
        if name not in values:
            there = verbatim(", ".join(values))
            raise UserError(f"{benchmark.path}: row {row} has no '{name}' (it has {there})")
    item = verbatim(str(values[benchmark.id])) if benchmark.id else str(row)
    for name in wanted:
        text = _joined(values[name])
        if text is None and benchmark.columns and values[name] is not None:
            raise UserError(f"{benchmark.path}: row {row}: '{name}' is neither text nor texts")
        if tidied := _tidied(text or ""):
            yield Text(item, verbatim(name), tidied)


def _tidied(text: str) -> str:
    lines, _ = cleaned([Line(LineKind.PROSE, line) for line in verbatim(text).split("\n")])
    return "\n".join(line.text for line in lines)


def _joined(value: Any) -> str | None:
    """A text, or several (such as answers to choose from) in lines; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return None


def _rows(benchmark: Benchmark) -> Iterable[tuple[int, Mapping[str, Any]]]:
    content = benchmark.read()
    if benchmark.path.endswith(".parquet"):
        return enumerate(_parquet(benchmark.path, content))
    return enumerate(_jsonl(benchmark.path, content))


def _parquet(path: str, content: bytes) -> Iterator[Mapping[str, Any]]:
    number = 0
    try:
        for batch in pq.ParquetFile(io.BytesIO(content)).iter_batches():
            for row in range(batch.num_rows):
                yield batch.slice(row, 1).to_pylist()[0]
                number += 1
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: is no Parquet file that can be read: {error}") from error
    except ValueError as error:  # bytes that are no UTF-8, or a time that is none
        raise UserError(f"{path}: row {number} cannot be read: {error}") from error


def _jsonl(path: str, content: bytes) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(_lines(path, content), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: line {number} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}: line {number} is no JSON object")
        yield row


def _lines(path: str, content: bytes) -> list[bytes]:
    codec = next((name for ending, name in _CODECS.items() if path.endswith(ending)), None)
    if codec is None:
        return content.split(b"\n")
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), codec) as stream:
            return stream.read().split(b"\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be unpacked: {error}") from error
