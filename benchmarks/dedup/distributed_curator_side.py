"""distributed-curator's deduplication; run by the Python of an environment that has it.

Usage: `python distributed_curator_side.py CORPUS OUTPUT`

Documents that stay are in `OUTPUT/kept`. Its shingles are bytes, not words: a window as long as
five words are in the mean stands for word 5-grams. Partitions hold some 12,500 documents: with
the 1000 of its default most of the time of a small corpus would go into empty tasks. It keeps
checkpoints in /tmp, where nothing clears them; here they are put into OUTPUT. This file imports
nothing of ours.
"""

from __future__ import annotations

import os
import sys

from distributed_curator import get_jar_path, partition_aware_deduplicate
from distributed_curator import spark_partition_aware_deduplication as first_phase
from distributed_curator import two_phase_partition_aware_union_find as second_phase
from pyspark.sql import SparkSession

_WINDOW_BYTES = 30
_CONFIG = {"similarity_threshold": 0.75, "num_hashes": 112, "num_bands": 14, "ngram": _WINDOW_BYTES}
_PARTITION_ROWS, _LEAST_PARTITIONS = 12_500, 16
_SPARK = {
    "spark.master": "local[2]",
    "spark.driver.memory": "8g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
}


def main(corpus: str, output: str) -> None:
    """In one session."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    for phase in (first_phase, second_phase):
        phase.get_checkpoint_dir = lambda **_: f"{output}/checkpoints"
    builder = SparkSession.builder.config("spark.jars", get_jar_path())
    for key, value in {**_SPARK, "spark.local.dir": f"{output}/spark"}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    documents = spark.read.parquet(corpus).selectExpr("id AS doc_id", "text")
    partitions = max(_LEAST_PARTITIONS, documents.count() // _PARTITION_ROWS)
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    marked = partition_aware_deduplicate(
        spark=spark,
        input_df=documents,
        num_partitions=partitions,
        is_input_doc_id_unique=True,
        **_CONFIG,
    )
    kept = marked.where("NOT is_duplicate").selectExpr("doc_id AS id", "text")
    kept.write.option("compression", "zstd").parquet(f"{output}/kept")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
