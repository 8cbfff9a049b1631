"""What a trainer's reading of shards costs: MB of text per CPU second, ours and others'.

Usage: `python -m benchmarks.loader SHARDS|TEXTS.jsonl [--copies N]`

In: a data set folder, or texts (JSON lines with `text`), of which a data set of as many columns as
a run's is made, `copies` times over. Out: for each way of reading, MB of text (UTF-8) per second of
CPU time of this process and of its workers, which have ended by then, and per second of wall time.
Files are in the page cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from curation.mixing.loader import Loader, ShardDataset

_SHARD_BYTES = 64 << 20
_LARGE_BATCH, _SMALL_BATCH = 1024, 16


def main() -> None:
    """Prints the speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--copies", type=int, default=10)
    options = parser.parse_args()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    with TemporaryDirectory() as made_in:
        folder = options.data
        if not folder.is_dir():
            folder = Path(made_in)
            _write(folder, options.data, options.copies)
        told = json.loads((folder / "_manifest.json").read_bytes())
        texts = sum(_text_bytes(folder / file["path"]) for file in told["files"])
        files = [str(folder / file["path"]) for file in told["files"]]
        print(f"{len(files)} shards, {texts / 1e6:.0f} MB of text")
        print("| read by | as | MB/s per core | MB/s of wall time |\n|:--|:--|--:|--:|")
        for by, form, read in _ways(str(folder), files):
            _measure(by, form, read, texts / 1e6)


def _ways(folder: str, files: list[str]) -> Iterable[tuple[str, str, Callable[[], Iterable[Any]]]]:
    batches = partial(ShardDataset, folder, arrow=True, batch_rows=_LARGE_BATCH)
    rows = partial(ShardDataset, folder)
    small = partial(ShardDataset, folder, batch_rows=_SMALL_BATCH)
    yield "ShardDataset", "Arrow batches of 1,024", batches
    yield "ShardDataset", "Arrow batches of 16", lambda: batches(batch_rows=_SMALL_BATCH)
    yield "ShardDataset", "dicts", rows
    yield "ShardDataset, a seed", "dicts", lambda: rows(seed=1)
    for workers in (0, 1, 3):
        name = f"Loader, {workers} workers"
        yield name, "Arrow batches of 1,024", partial(_loaded, batches, workers)
        yield name, "lists of 16 dicts", partial(_loaded, small, workers)
    yield "pyarrow.dataset", "Arrow batches", lambda: _scanned(files)
    yield "Hugging Face datasets, streaming", "dicts", lambda: _streamed(files)


def _loaded(data: Callable[[], ShardDataset], workers: int) -> Iterable[Any]:
    return Loader(data(), num_workers=workers)


def _scanned(files: list[str]) -> Iterable[Any]:
    batches: Iterable[Any] = ds.dataset(files).to_batches(columns=["text"], use_threads=False)
    return batches


def _streamed(files: list[str]) -> Iterable[Any]:
    import datasets

    streamed: Iterable[Any] = datasets.load_dataset(
        "parquet", data_files=files, split="train", streaming=True, columns=["text"]
    )
    return streamed


def _measure(by: str, form: str, read: Callable[[], Iterable[Any]], megabytes: float) -> None:
    items = read()
    cpu_s, started = _cpu_s(), time.perf_counter()
    for _ in items:
        pass
    wall_s, cpu_s = time.perf_counter() - started, _cpu_s() - cpu_s
    print(f"| {by} | {form} | {megabytes / cpu_s:.0f} | {megabytes / wall_s:.0f} |", flush=True)


def _cpu_s() -> float:
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(of.ru_utime + of.ru_stime for of in used)


def _text_bytes(path: Path) -> int:
    texts = pq.read_table(path, columns=["text"])["text"]
    return int(pc.sum(pc.binary_length(texts)).as_py())


def _write(folder: Path, source: Path, copies: int) -> None:
    lines = source.read_text("utf-8").splitlines()
    texts = [text for line in lines if (text := json.loads(line)["text"])]
    files: list[dict[str, Any]] = []
    held: list[str] = []
    held_bytes = 0
    for number in range(copies * len(texts)):
        held.append(texts[number % len(texts)])
        held_bytes += len(held[-1].encode())
        if held_bytes >= _SHARD_BYTES or number == copies * len(texts) - 1:
            files.append(_write_shard(folder, len(files), held))
            held, held_bytes = [], 0
    (folder / "_manifest.json").write_text(json.dumps({"files": files}))


def _write_shard(folder: Path, number: int, texts: list[str]) -> dict[str, Any]:
    name = f"shard-{number:06d}.parquet"
    ids = [hashlib.sha256(f"{number} {at}".encode()).hexdigest()[:32] for at in range(len(texts))]
    columns = {
        "doc_id": ids,
        "url": [f"https://www.example.org/{doc_id}" for doc_id in ids],
        "domain": ["general"] * len(texts),
        "text": texts,
        "tokens": pa.array([len(text) // 4 for text in texts], pa.int32()),
    }
    pq.write_table(pa.table(columns), folder / name, row_group_size=1024, compression="zstd")
    content = (folder / name).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return {"path": name, "rows": len(texts), "bytes": len(content), "sha256": sha256}


if __name__ == "__main__":
    main()
