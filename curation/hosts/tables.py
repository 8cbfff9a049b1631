"""`hosts/` and `sites/`: what a run found out of each, when it is known what was a duplicate."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from curation.exchange import gather
from curation.hosts.config import HostsConfig
from curation.hosts.count import count_pages, sums
from curation.hosts.judge import judge
from curation.parts import Parts
from curation.tables import write_file
from schemas.arrow import Table
from schemas.host import HOST, SITE
from schemas.manifest import MANIFEST

_BY = ("host", "site", "drop_reason")


def write_hosts(spark: SparkSession, parts: Parts, config: HostsConfig) -> list[dict[str, Any]]:
    """Writes both tables; returns the manifest rows. `parts` have the verdicts on duplicates."""
    counted = count_pages(spark, spark.sparkContext.broadcast(parts), config, *_BY)
    write = partial(_write, folder=parts.folder, config=config)
    return [row.asDict() for row in counted.mapInArrow(write, MANIFEST.spark).collect()]


def _write(
    batches: Iterator[pa.RecordBatch], *, folder: str, config: HostsConfig
) -> Iterator[pa.RecordBatch]:
    """The hosts of some sites, whole."""
    counted = gather(batches)
    if counted is None:
        return
    counted = sums(counted, _BY)
    hosts = _together(counted, "host", "site")
    yield MANIFEST.batch(
        [
            _write_judged(hosts, folder, HOST, config),
            _write_judged(_with_hosts(_together(counted, "site"), hosts), folder, SITE, config),
        ]
    )


def _together(counted: pa.Table, *by: str) -> pa.Table:
    """A row for each; `rejects` lists its reasons, in the order of their names."""
    every = sums(counted, by).sort_by(by[0])
    rejected = counted.filter(counted["drop_reason"].is_valid())
    rejected = sums(rejected, (by[0], "drop_reason")).sort_by("drop_reason")
    at = _index(rejected[by[0]], every[by[0]])
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(every.num_rows + 1))
    reasons = pa.StructArray.from_arrays(
        [rejected[name].take(order).combine_chunks() for name in ("drop_reason", "pages")],
        fields=list(HOST.arrow.field("rejects").type.value_type),
    )
    rejects = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), reasons)
    return every.append_column("rejects", rejects)


def _with_hosts(sites: pa.Table, hosts: pa.Table) -> pa.Table:
    """Sites with how many different hosts each has."""
    number = np.bincount(_index(hosts["site"], sites["site"]), minlength=sites.num_rows)
    return sites.append_column("hosts", pa.array(number, pa.int64()))


def _index(values: pa.ChunkedArray, of: pa.ChunkedArray) -> Any:
    return pc.index_in(values, value_set=of.combine_chunks()).to_numpy()


def _write_judged(
    counted: pa.Table, folder: str, table: Table, config: HostsConfig
) -> dict[str, Any]:
    (batch,) = counted.combine_chunks().to_batches()
    rows = pa.Table.from_batches([table.conform(judge(batch, config))])
    return write_file(folder, uuid.uuid4().hex, table, rows)
