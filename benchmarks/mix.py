"""Measure mixes of real pages whose domains are planted: shares, what is short, partitions, time.

    python -m benchmarks.mix OUT --texts texts.jsonl

In: a line of JSON with `text` per page. A page gets its domain by a hash of its text, so what there
is of each is known. One run draws all; then other mixes of it are made, in 1, 3 and 16 partitions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xxhash
from pyspark.sql import SparkSession

from curation import pipeline
from curation.mixing.again import Again, recipe_of_mix
from curation.progress import Progress
from curation.recipe import validate
from curation.run import Run, new_run
from curation.session import session

_DOMAINS = {"general": 60, "math": 10, "code": 15, "multilingual": 15}  # of 100 pages
_PARTITIONS = (1, 3, 16)


def main() -> None:
    """Make the pages, the run, the mixes, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    options = parser.parse_args()
    inputs = _plant(options.texts, options.output / "pages")
    with session({}) as spark:
        run = _run(inputs, options.output / "run", spark)
        total = sum(row["drawn_tokens"] for row in _mix(run, options.output, {}, "all", spark))
        print(f"{total:,} tokens with the default mix and its own budget")
        for name, mix in _mixes(total).items():
            started = time.monotonic()
            rows = _mix(run, options.output, mix, name, spark)
            _tell(name, rows, time.monotonic() - started)
        _compare_partitions(run, options.output, {"tokens": total // 2}, spark)


def _mixes(total: int) -> dict[str, dict[str, Any]]:
    few = {"general": 1, "math": 1, "code": 1}
    return {
        "half": {"tokens": total // 2},
        "a tenth": {"tokens": total // 10},
        "all alike": {"tokens": total // 2, "quality": []},
        "half math": {
            "tokens": total // 2,
            "shares": {"general": 0.2, "math": 0.5, "code": 0.2, "multilingual": 0.1},
        },
        "short": {"tokens": 2 * total, "epochs": few},
        "short, as many tokens": {"tokens": 2 * total, "epochs": few, "if_short": "keep_tokens"},
        "short, same shares": {"tokens": 2 * total, "epochs": few, "if_short": "keep_shares"},
    }


def _plant(texts: Path, folder: Path) -> list[dict[str, Any]]:
    """An input for each domain, with its pages."""
    folder.mkdir(parents=True, exist_ok=True)
    pages: dict[str, list[str]] = {domain: [] for domain in _DOMAINS}
    of_hundred = [domain for domain, share in _DOMAINS.items() for _ in range(share)]
    for number, line in enumerate(texts.open(encoding="utf-8")):
        text = json.loads(line)["text"]
        domain = of_hundred[xxhash.xxh3_64_intdigest(text.encode()) % 100]
        pages[domain].append(json.dumps({"id": str(number), "text": text}))
    for domain, lines in pages.items():
        (folder / f"{domain}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        {
            "name": f"pages-{domain}",
            "paths": [str((folder / f"{domain}.jsonl").absolute())],
            "domain": domain,
            "stages": ["language"],
        }
        for domain in _DOMAINS
    ]


def _run(inputs: Sequence[dict[str, Any]], folder: Path, spark: SparkSession) -> Run:
    values = {"name": "planted", "inputs": inputs, "mix": None, "splits": {"target_bytes": 1 << 21}}
    recipe = validate({**values, "dedup": {"near": None, "lines": None}}, source="benchmark")
    run = new_run(recipe, str(folder.absolute()))
    run.open()
    if not run.finished:
        pipeline.run(run, spark, Progress())
    return run


def _mix(
    run: Run, output: Path, mix: dict[str, Any], name: str, spark: SparkSession
) -> list[dict[str, Any]]:
    changes = [f"mix={json.dumps(mix)}", "shards.target_tokens=200000"]
    folder = str((output / name.replace(" ", "-")).absolute())
    return Again(run, recipe_of_mix(run, None, changes), folder, spark, Progress()).make()


def _tell(name: str, rows: Sequence[dict[str, Any]], seconds: float) -> None:
    total = sum(row["drawn_tokens"] for row in rows)
    print(f"\n{name}: {total:,} tokens, {seconds:.1f} s\n")
    print("| part | wanted | share | off by | tokens | missing | times each |")
    print("|:--|--:|--:|--:|--:|--:|--:|")
    for row in rows:
        share = row["drawn_tokens"] / total
        print(
            f"| {row['part']} | {row['share']:.1%} | {share:.3%} | {share - row['share']:+.3%} |"
            f" {row['drawn_tokens']:,} | {row['missing_tokens']:,} |"
            f" {row['rows'] / max(1, row['pages']):.2f} |"
        )


def _compare_partitions(run: Run, output: Path, mix: dict[str, Any], spark: SparkSession) -> None:
    made = []
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    for number in _PARTITIONS:
        spark.conf.set("spark.sql.shuffle.partitions", str(number))
        _mix(run, output, mix, f"partitions {number}", spark)
        folder = output / f"partitions-{number}" / "shards"
        made.append({path.name: path.read_bytes() for path in folder.glob("*.parquet")})
    equal = all(shards == made[0] for shards in made)
    numbers = ", ".join(map(str, _PARTITIONS))
    print(f"\n{len(made[0])} shards, {'equal' if equal else 'NOT EQUAL'} in {numbers} partitions")


if __name__ == "__main__":
    main()
