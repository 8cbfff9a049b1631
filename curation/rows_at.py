"""Rows of a run at given positions: of a table, only the row groups they are in are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from curation.arrow_text import Ints
from curation.parts import Parts, is_in
from curation.splits import split_of
from curation.tables import read_file
from schemas.arrow import Table


def rows_at(
    parts: Parts, table: Table, wanted: Ints, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows at these positions, which are sorted, with the column `position`."""
    names = list(dict.fromkeys(["position", *columns]))
    for split in np.unique(split_of(wanted)).tolist():
        for file in parts.of_split(split, table):
            reader = read_file(parts.folder, file)
            positions = reader.read(columns=["position"])["position"].to_numpy()
            rows = np.flatnonzero(is_in(positions, wanted))
            for group in np.unique(rows // table.row_group_rows).tolist():
                found = reader.read_row_group(group, columns=names)
                inside = is_in(found["position"].to_numpy(), wanted)
                yield one_batch(found.filter(pa.array(inside)))


def one_batch(rows: pa.Table) -> pa.RecordBatch:
    """All rows in one, also where there are none."""
    columns = [column.combine_chunks() for column in rows.columns]
    return pa.RecordBatch.from_arrays(columns, names=rows.schema.names)
