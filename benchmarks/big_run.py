"""The folder of a run over a whole crawl, as it is after the last shard, without the bytes.

In: how many WARC files of 1 GB. Out: a run with their list, a receipt for each piece of work, with
counts that add up, and for each file that a receipt names a link to one tiny Parquet file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.mixing.shards import shard_name
from curation.receipts import IN, KEPT, SKIPPED, Counts, Receipt
from curation.recipe import load
from curation.run import Run
from curation.splits import Split, plan
from curation.storage import FileInfo
from curation.tables import write_file
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.layout import LAYOUT

INPUT = "crawl"
PAGES_PER_FILE = 33_333  # 3 billion pages in 90,000 files, as in a crawl of Common Crawl
_PAGES_SPREAD = 2000
_FILE_BYTES = (900_000_000, 1_100_000_000)
_PREFIX = "s3://commoncrawl/crawl-data/CC-MAIN-2026-30/segments"
_OF_OTHERS = (DropReason.TOO_MANY_NUMBERS, DropReason.TOO_MUCH_PII, DropReason.TOO_TOXIC)
_OF_HEURISTICS = tuple(
    reason
    for reason in DropReason
    if reason.startswith(("too_", "words_")) and reason not in _OF_OTHERS
)
_REASONS = (
    ("ingest", 0.04, (DropReason.REDIRECT, DropReason.ERROR_STATUS, DropReason.NOT_HTML)),
    ("extract", 0.06, (DropReason.NO_TEXT, DropReason.EXTRACTION_FAILED)),
    ("language", 0.0, ()),
    ("pii", 0.01, (DropReason.TOO_MUCH_PII,)),
    ("safety", 0.0, ()),
    ("heuristics", 0.30, _OF_HEURISTICS),
)
_OF_DOCUMENTS = (
    ("hosts", 0.01, DropReason.HOST_HIGH_PII),
    ("dedup", 0.03, DropReason.OLDER_VERSION),
)
TEXT_BYTES = 4000  # of a document that is kept
_SHARD_BYTES = 256 << 20
_VERDICT_ROWS = 500_000
_DAMAGED_SHARE = 0.02
_MAX_LINKS = 50_000  # ext4 takes 65,000 for one file
_TINY_ROWS = 20


def list_files(number: int) -> list[FileInfo]:
    """So many WARC files, named as in Common Crawl."""
    draw = np.random.default_rng(0)
    return [
        FileInfo(
            f"{_PREFIX}/1784000000{i % 100:03d}.{i % 97}/warc/"
            f"CC-MAIN-20260712000000-20260712030000-{i:05d}.warc.gz",
            int(size),
            f'"{i:032x}-119"',
        )
        for i, size in enumerate(draw.integers(*_FILE_BYTES, number))
    ]


def make_run(folder: Path, files: int) -> Run:
    """The run, not opened yet; a split for each file, as it is for 90,000 whatever the recipe."""
    recipe = load("default", paths=[_PREFIX], overrides=["splits.target_bytes=2000000000"])
    return Run(str(folder), recipe, [list_files(files)])


def fill(run: Run) -> None:
    """Writes all receipts, and the files that they name."""
    # Not `run.splits`, which would be kept: whoever measures wants to see it made.
    splits = plan(run.recipe.inputs, run.files, run.recipe.splits)
    links = _Links(Path(run.folder))
    (Path(run.folder) / "receipts").mkdir()
    kept, read = 0, 0
    for receipt in _of_splits(splits, links):
        kept += receipt.counts["heuristics", INPUT, KEPT]
        read += receipt.counts["ingest", INPUT, IN]
        _put(run, receipt)
    parts = max(1, min(len(splits), read // _VERDICT_ROWS))
    ends = [len(splits) * i // parts for i in range(parts + 1)]
    names = [f"{first:06d}-{end - 1:06d}" for first, end in pairwise(ends)]
    left = kept
    for stage, share, reason in _OF_DOCUMENTS:
        gone = round(left * share)
        of_parts = zip(names, _spread(gone, parts), strict=True)
        verdicts = [links.add("verdicts", f"{name}-{stage}", rows) for name, rows in of_parts]
        _put(run, Receipt(stage, "driver", verdicts, _counts(stage, left, {reason: gone})))
        left -= gone
    of_shards = _spread(left, max(1, left * TEXT_BYTES // _SHARD_BYTES))
    layout = write_file(run.folder, "x", LAYOUT, _lay_out(of_shards))
    _put(run, Receipt("mix", "driver", [layout], Counter({("mix", INPUT, IN): left})))
    for number, rows in enumerate(of_shards):
        name = shard_name(number, number)
        shard = links.add("shards", name, rows)
        _put(run, Receipt(name, name, [shard], Counter({("mix", INPUT, KEPT): rows}), cpu_s=9.5))


def _lay_out(pages: Sequence[int]) -> pa.Table:
    numbers = range(len(pages))
    columns = {
        "shard": numbers,
        "order_key": numbers,
        "doc_id": [f"{number:032x}" for number in numbers],
        "name": [shard_name(number, number) for number in numbers],
        "pages": pages,
        "text_bytes": [rows * TEXT_BYTES for rows in pages],
        "removal": [0] * len(pages),
    }
    return pa.table(columns, schema=LAYOUT.arrow)


def _of_splits(splits: Iterable[Split], links: _Links) -> Iterator[Receipt]:
    draw = np.random.default_rng(1)
    for split in splits:
        pages = int(PAGES_PER_FILE + draw.integers(-_PAGES_SPREAD, _PAGES_SPREAD))
        counts: Counts = Counter({("ingest", INPUT, SKIPPED + "request"): pages})
        kept = pages
        for stage, share, reasons in _REASONS:
            numbers = _spread(round(pages * share), len(reasons)) if reasons else []
            counts += _counts(stage, kept, dict(zip(reasons, numbers, strict=True)))
            kept = counts[stage, INPUT, KEPT]
        name = f"{split.number:06d}-{split.number:012x}"
        rows = (("documents", kept), ("rejects", pages - kept), ("keys", pages))
        files = [links.add(table, f"{name}-0", number) for table, number in rows]
        fault = {"file": split.uri, "offset": split.end // 2, "fault": "corrupt", "detail": "crc"}
        faults = [fault] if draw.random() < _DAMAGED_SHARE else []
        yield Receipt(split.work, f"{split.number:012x}", files, counts, faults, 1190.5)


def _counts(stage: str, entered: int, gone: dict[Any, int]) -> Counts:
    counts: Counts = Counter({(stage, INPUT, str(reason)): n for reason, n in gone.items()})
    counts[stage, INPUT, IN] = entered
    counts[stage, INPUT, KEPT] = entered - sum(gone.values())
    return counts


def _spread(total: int, parts: int) -> list[int]:
    cuts = [total * i // parts for i in range(parts + 1)]
    return np.diff(cuts).tolist()


def _put(run: Run, receipt: Receipt) -> None:
    path = Path(run.folder, "receipts", f"{receipt.work}.json")
    path.write_text(json.dumps(receipt.to_row(), indent=1))


class _Links:
    """Links to one tiny file of keys, which stands for every file of the run."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._linked = folder, 0
        rows = KEYS.batch(
            {
                "doc_id": f"{i:032x}",
                "position": i,
                "order_key": i,
                "input": INPUT,
                "is_version": True,
                "curated": False,
                "row_hash": i,
            }
            for i in range(_TINY_ROWS)
        )
        # Hidden, so that it is no file of the run.
        self._row = write_file(str(folder), ".tiny", KEYS, pa.Table.from_batches([rows]))
        self._source = folder / self._row["path"]

    def add(self, table: str, name: str, rows: int) -> dict[str, Any]:
        """The manifest row of a new file that claims so many `rows`."""
        path = f"{table}/{name}.parquet"
        if self._linked % _MAX_LINKS == 0:
            copy = self._source.with_name(f".tiny-{self._linked}")
            shutil.copy(self._source, copy)
            self._source = copy
        target = self._folder / path
        target.parent.mkdir(exist_ok=True)
        os.link(self._source, target)
        self._linked += 1
        return {**self._row, "table": table, "path": path, "rows": rows}
