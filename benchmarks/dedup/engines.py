"""Each system as a command over a folder of Parquet rows, and which documents it leaves.

In: the folder of a corpus, and an empty folder for what the command writes. All have the same
parameters, where they have such: word 5-grams, 112 permutations, 14 bands of 8, two processes.
text-dedup hashes with xxh3 here, which is faster than its default. It takes the versions of
`datasets` before 4 that it was written for; datatrove gives xxhash what its version 4 refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from benchmarks.environment import make_environment

OURS = "winnow"
_Command = Callable[[Path, Path, Path], list[str]]


@dataclass(frozen=True)
class Engine:
    """A name, how to run it with a Python over a corpus into a folder, and what stays then."""

    name: str
    packages: Sequence[str]
    command: _Command
    kept: Callable[[Path, Path], set[str]]

    def python(self, folder: Path) -> Path:
        """Ours, or that of an environment of its own in `folder`, made when it is not there."""
        if not self.packages:
            return Path(sys.executable)
        return make_environment(folder / "environments" / self.name, self.packages)


def _script(name: str) -> _Command:
    # -P: its folder would hide packages by files of ours
    script = str(Path(__file__).with_name(name))
    return lambda python, corpus, output: [
        *(str(python), "-P", "-W", "ignore", script),
        *(str(corpus), str(output)),
    ]


def _text_dedup(python: Path, corpus: Path, output: Path) -> list[str]:
    options = {
        "path": "parquet",
        "data_files": f"{corpus}/*.parquet",
        "split": "train",
        "cache_dir": f"{output}/cache",
        "output": f"{output}/kept",
        "column": "text",
        "ngram": 5,
        "num_perm": 112,
        "b": 14,
        "r": 8,
        "hash_func": "xxh3",
        "num_proc": 2,
    }
    return [
        *("env", f"HF_HOME={output}/home", "HF_HUB_OFFLINE=1"),
        *(str(python), "-W", "ignore", "-m", "text_dedup.minhash"),
        *(word for key, value in options.items() for word in (f"--{key}", str(value))),
    ]


def _ids(folder: Path) -> set[str]:
    return set(ds.dataset(folder).to_table(["id"])["id"].to_pylist())


def _kept(_: Path, output: Path) -> set[str]:
    return _ids(output / "kept")


def _kept_by_text_dedup(_: Path, output: Path) -> set[str]:
    kept: set[str] = set()
    for file in (output / "kept").glob("*.arrow"):
        with pa.OSFile(str(file)) as stream:
            kept.update(pa.ipc.open_stream(stream).read_all()["id"].to_pylist())
    return kept


def _kept_by_us(corpus: Path, output: Path) -> set[str]:
    documents, verdicts = output / "run" / "documents", output / "run" / "verdicts"
    if not verdicts.exists():  # nothing gives way
        return _ids(corpus)
    dropped = ds.field("drop_reason").is_valid()
    gone = ds.dataset(verdicts).to_table(["doc_id"], dropped)["doc_id"].combine_chunks()
    rows = ds.dataset(documents).to_table(["doc_id", "record_id"])
    removed = rows.filter(pc.is_in(rows["doc_id"], gone))["record_id"].to_pylist()
    return _ids(corpus) - set(removed)


def _ours(python: Path, corpus: Path, output: Path) -> list[str]:
    return [str(python), "-m", "benchmarks.dedup.ours", str(corpus), str(output)]


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(OURS, (), _ours, _kept_by_us),
        Engine(
            "datatrove",
            (
                "datatrove==0.10.1",
                "spacy>=3.8,<4",
                "tokenizers",
                "regex",
                "orjson",
                "pyarrow",
                "xxhash<4",
            ),
            _script("datatrove_side.py"),
            _kept,
        ),
        Engine(
            "text-dedup",
            ("text-dedup==0.4.0", "datasets<4"),
            _text_dedup,
            _kept_by_text_dedup,
        ),
        Engine(
            "distributed-curator",
            ("distributed-curator==0.1.6", "pyarrow", "pandas<3"),
            _script("distributed_curator_side.py"),
            _kept,
        ),
    )
}
