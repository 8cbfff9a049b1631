"""What it costs to read a stretch of one file of `documents/`, as a task of the mix does of each.

In: a finished run's `documents/`. Out: figures of a file with as many rows as a split of a crawl
leaves, made of these. Opening and reading are apart, for a stretch has one row group or more.
"""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.mixing.shards import _READ, _read_wanted
from curation.tables import read_file, write_file
from schemas.document import DOCUMENT

_ROWS = 16_384  # half of the pages of a WARC file of 1 GB
_VISITS = 20


def measure_visit(documents: Path, scratch: Path) -> dict[str, float]:
    """CPU seconds and bytes of the footer, and of a row group on average."""
    tables, rows = [], 0
    for part in sorted(documents.iterdir()):
        if rows < _ROWS:
            tables.append(pq.read_table(part))
            rows += tables[-1].num_rows
    table = pa.concat_tables(tables).slice(0, _ROWS).sort_by("order_key")
    file = write_file(str(scratch), "visited", DOCUMENT, table)
    footer = read_file(str(scratch), file).metadata
    groups = range(footer.num_row_groups)
    return {
        "rows": table.num_rows,
        "row_groups": len(groups),
        "text_bytes": pc.sum(pc.binary_length(table["text"])).as_py(),
        "footer_bytes": footer.serialized_size,
        "data_bytes": file["bytes"] - footer.serialized_size,
        "open_cpu_s": _open(scratch, file) / _VISITS,
        "group_cpu_s": _read_groups(scratch, file) / len(groups),
    }


def _open(scratch: Path, file: dict[str, object]) -> float:
    columns = {"order_key": pa.int64(), "epoch": pa.int16()}
    nothing = pa.schema(columns.items()).empty_table()
    started = time.process_time()
    for _ in range(_VISITS):
        list(_read_wanted(read_file(str(scratch), file), nothing))
    return time.process_time() - started


def _read_groups(scratch: Path, file: dict[str, object]) -> float:
    opened = read_file(str(scratch), file)
    started = time.process_time()
    for group in range(opened.num_row_groups):
        opened.read_row_group(group, columns=_READ)
    return time.process_time() - started
