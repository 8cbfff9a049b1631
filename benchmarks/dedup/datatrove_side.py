"""datatrove's deduplication; run by the Python of an environment that has datatrove.

Usage: `python datatrove_side.py CORPUS OUTPUT`

Its four steps in their order, as its example has them; documents that stay are in `OUTPUT/kept`.
Word 5-grams and 14 bands of 8 hashes of 64 bits are its own defaults. This file imports nothing
of ours.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter

_CONFIG = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
_WORKERS = 2


def main(corpus: str, output: str) -> None:
    """One step after another."""
    signatures, buckets, removed = (f"{output}/{name}" for name in ("signatures", "buckets", "ids"))
    reader = ParquetReader(corpus, glob_pattern="*.parquet")
    files = len(list(Path(corpus).glob("*.parquet")))
    keep = [
        reader,
        MinhashDedupFilter(input_folder=removed),
        ParquetWriter(f"{output}/kept", compression="zstd"),
    ]
    steps: dict[str, tuple[list[Any], int]] = {
        "signatures": ([reader, MinhashDedupSignature(signatures, config=_CONFIG)], files),
        "buckets": ([MinhashDedupBuckets(signatures, buckets, config=_CONFIG)], 14),
        "cluster": ([MinhashDedupCluster(buckets, removed, config=_CONFIG)], 1),
        "filter": (keep, files),
    }
    for name, (pipeline, tasks) in steps.items():
        logs = f"{output}/logs/{name}"
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=_WORKERS, logging_dir=logs).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
