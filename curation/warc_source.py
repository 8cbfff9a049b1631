"""`spark.read.format("warc").load(paths)`: pages as a DataFrame, for jobs of one's own.

In: what `load()` is given (files, folders, patterns, local or `s3://`; several in a list) and the
options `format` (warc or wet, where file names do not tell), `splitBytes` and `maxBodyBytes`. Out:
rows of `WARC_PAGE`, one partition per split. Invariant, whatever `splitBytes`: each page is a row,
rejected or not, and so is each damaged piece of a file: without `doc_id`, its `drop_reason` one of
fault:clipped, fault:corrupt and fault:empty. Records of other types (requests, metadata, revisits)
are no rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from curation.errors import UserError
from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import PAGE, Tally, read_pages
from curation.ingest.warc import Damage
from curation.splits import SplitsConfig, find_files, plan
from curation.storage import normalise
from schemas.arrow import Table

_KNOWN = {column.name: column for column in PAGE.columns}
_SAME = (
    *("url", "url_key", "host", "site", "fetched_at", "record_id", "file", "offset"),
    *("html", "charset", "text", "drop_reason", "detail"),
)
WARC_PAGE = Table(
    "warc", (replace(_KNOWN["doc_id"], nullable=True), *(_KNOWN[name] for name in _SAME))
)
_OPTIONS = ("format", "splitBytes", "maxBodyBytes")


class WarcDataSource(DataSource):
    """The format `warc` of `spark.read`."""

    @classmethod
    def name(cls) -> str:
        """What `spark.read.format()` is given."""
        return "warc"

    def schema(self) -> StructType:
        """The columns; raises `UserError` for wrong options and paths, since `load()` calls it."""
        WarcReader(self.options).partitions()
        return WARC_PAGE.spark

    def reader(self, schema: StructType) -> WarcReader:
        """Raises `UserError` for columns other than `schema()` gives."""
        if schema != WARC_PAGE.spark:
            raise UserError("the columns of format 'warc' are fixed: use .select(), not .schema()")
        return WarcReader(self.options)


class WarcReader(DataSourceReader):
    """Goes to every task, so it holds no list of splits. Raises `UserError` for wrong options."""

    def __init__(self, options: Mapping[str, str]) -> None:
        # The keys of this mapping ignore case, and iterate in small letters.
        if unknown := sorted({*options} - {"path", "paths", *map(str.lower, _OPTIONS)}):
            raise UserError(f"unknown option '{unknown[0]}': known are {', '.join(_OPTIONS)}")
        split_bytes = options.get("splitBytes", SplitsConfig.target_bytes)
        body_bytes = options.get("maxBodyBytes", IngestConfig.max_body_bytes)
        form = _checked("format", Literal["auto", "warc", "wet"], options.get("format", "auto"))
        self._source = InputConfig(paths=_paths(options), format=form)
        self._splits = _checked("splitBytes", SplitsConfig, {"target_bytes": split_bytes})
        self._ingest = _checked("maxBodyBytes", IngestConfig, {"max_body_bytes": body_bytes})

    def partitions(self) -> list[InputPartition]:
        """One per split; raises `UserError` for paths without files and files that are no WARC."""
        splits = plan([self._source], find_files([self._source]), self._splits)
        for split in splits:
            if split.format not in ("warc", "wet"):
                raise UserError(f"{split.uri}: is {split.format}: format 'warc' reads WARC and WET")
        return [InputPartition(split) for split in splits]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """The pages of a split in file order, then its damage."""
        tally = Tally()
        # The seed orders shards only: no column here depends on it.
        for batch in read_pages(partition.value, self._source, self._ingest, seed=0, tally=tally):
            yield WARC_PAGE.conform(batch)
        if tally.damage:
            yield WARC_PAGE.batch(map(_fault_row, tally.damage))


def _fault_row(damage: Damage) -> dict[str, Any]:
    where = {"file": damage.file, "offset": damage.offset, "detail": damage.detail}
    return where | {"drop_reason": f"fault:{damage.fault}"}


def _paths(options: Mapping[str, str]) -> tuple[str, ...]:
    """Spark gives one path as `path`, several as JSON in `paths`."""
    found = [*json.loads(options.get("paths", "[]"))]
    found += [options["path"]] if "path" in options else []
    if not found:
        raise UserError("no path: give load() a file, a folder or a pattern")
    return tuple(normalise(path) for path in found)


def _checked(option: str, kind: Any, value: object) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise UserError(f"option '{option}': {error.errors()[0]['msg']}") from None
