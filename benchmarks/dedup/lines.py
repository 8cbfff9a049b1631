"""Deduplication of lines beside a count by Python, what it shuffles, and whether a line is heavy.

Usage: `python -m benchmarks.dedup.lines OUTPUT [--documents N] [--hot N] [--data FOLDER]`

- Documents of sentences in many languages (`lid/` of FOLDER, else those of the bundled sample), of
  which some are drawn far more often than others: the texts left are compared with a count of the
  lines by Python's own strings, per bucket and language.
- `--hot` documents of which every one has the same line: how long the longest task takes.

Out: tables, and all their rows in `OUTPUT/lines.json`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.dedup.corpus import make_corpus
from benchmarks.documents import read_sentences
from benchmarks.events import EVENT_LOG, Stage, read_stages
from benchmarks.extraction_tables import Table, print_table
from curation.all_splits import extract
from curation.dedup.buckets import mixed
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.keys import LineKeyer
from curation.dedup.lines.stage import deduplicate_lines
from curation.dedup.minhash import Fingerprinter, MinHashParams, blocks
from curation.driver import parts_of_run
from curation.exchange import spread
from curation.parts import Parts
from curation.progress import Progress
from curation.recipe import load
from curation.run import new_run
from curation.session import session
from curation.tables import write_file
from curation.tokens.tokenise import WORD, tokenise
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from tests.dedup.lines.naive import form, left

Row = dict[str, Any]
BUCKETS = 3
MAX_COUNT, MIN_WORDS = 6, 50
_CONFIG = LinesConfig(buckets=BUCKETS, max_count=MAX_COUNT, min_words=MIN_WORDS)
_PART_BYTES = 4 << 20  # many parts, as a large run has
_FILE_ROWS = 25_000
_SEED = 8
_HOT = "The one line that every document has."
_SHARED = 8
"""Lines of a document that others have too; it has as many of its own."""
_SCRIPTS = ("zh", "th", "ar")


@dataclass(frozen=True)
class Ran:
    """A run of the stage: its parts with verdicts, Spark's stages, and what was counted."""

    parts: Parts
    stages: Sequence[Stage]
    lines: int
    documents: int


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--hot", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    output = options.output.absolute()
    output.mkdir(parents=True, exist_ok=True)
    tables = _print([Table("CPU of keys, documents of 6 KB", [_keys_cost(output)])])
    if options.documents:
        pages = _drawn(_sentences(output, options.data), options.documents)
        ran = _run(_extracted(output / f"documents-{options.documents}", pages))
        tables += _print(_shuffles("Real-looking lines", ran))
        tables += _print([Table("Against a count by Python", [_compare(ran.parts)])])
    if options.hot:
        ran = _run(_hot(output / f"hot-{options.hot}", options.hot))
        tables += _print(_shuffles("One line in every document", ran))
    measured = {table.title: table.rows for table in tables}
    (output / "lines.json").write_text(json.dumps(measured, indent=1))


def _sentences(folder: Path, data: Path | None) -> dict[str, list[str]]:
    """By language."""
    if data is None:
        found = read_sentences(folder)
        return {language: list(found[language]) for language in found}
    sentences: dict[str, list[str]] = {}
    with gzip.open(data / "lid" / "lingua_testdata.dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            sentences.setdefault(line["lang"], []).append(line["text"])
    return sentences


def _drawn(sentences: dict[str, list[str]], documents: int) -> Iterator[str]:
    """Documents of one language each.

    Half of their lines come from as many as occur about `MAX_COUNT` times in each bucket.
    """
    dice = random.Random(_SEED)  # noqa: S311 - the same documents each time
    languages = sorted(sentences)
    shared = max(1, round(documents * _SHARED / (len(languages) * BUCKETS * (MAX_COUNT + 0.5))))
    for _ in range(documents):
        of_language = sentences[dice.choice(languages)]
        lines = []
        for place in range(2 * _SHARED):
            number = dice.randrange(shared if place % 2 else documents * 100)
            words = of_language[number % len(of_language)].split(" ")
            words.insert(number % (len(words) + 1), _letters(number))
            lines.append(dice.choice(["", " ", "- "]) + " ".join(words))
        yield "\n".join(lines)


def _letters(number: int) -> str:
    """Digits would be all alike."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _extracted(folder: Path, texts: Iterator[str]) -> Parts:
    """The parts of a run over these texts; what is there already is not made again."""
    corpus = folder / "corpus"
    if not corpus.exists():
        _write(corpus.with_suffix(".new"), texts)
        corpus.with_suffix(".new").rename(corpus)
    overrides = ['inputs.0.stages=["language"]', "splits.target_bytes=4000000"]
    recipe = load("default", paths=[str(corpus)], overrides=overrides)
    opened = new_run(recipe, str(folder / "run"))
    opened.open()
    with session({"spark.master": "local[2]"}) as spark:
        extract(opened, spark, Progress())
        with patch("curation.parts._PART_BYTES", _PART_BYTES):
            return parts_of_run(opened, spark)


def _hot(folder: Path, documents: int) -> Parts:
    """Parts that have keys alone, of documents that have the same line."""
    rmtree(folder, ignore_errors=True)
    files = {}
    for split, first in enumerate(range(0, documents, _FILE_ROWS)):
        numbers = np.arange(first, min(first + _FILE_ROWS, documents))
        own = [_letters(number) for number in numbers.tolist()]
        texts = [f"A line of its own, {o}.\n{_HOT}\nAnd another one for {o}." for o in own]
        batch = pa.RecordBatch.from_pydict({"text": texts})
        keyer = LineKeyer(batch)
        for rows, tokens in blocks(batch.column("text")):
            keyer.add(rows, tokens)
        known = {
            "doc_id": [f"{number:032x}" for number in numbers.tolist()],
            "position": split << 32 | np.arange(len(numbers)),
            "order_key": mixed(numbers).view(np.int64),
            "input": ["hot"] * len(numbers),
            "is_version": np.ones(len(numbers), bool),
            "curated": np.zeros(len(numbers), bool),
            "row_hash": numbers,
            "text_bytes": pc.binary_length(batch.column("text")).cast(pa.int64()),
        }
        keys = KEYS.conform(pa.RecordBatch.from_pydict({**known, **keyer.found()}))
        name = f"{split:06d}-hot-0"
        files[split] = [write_file(str(folder), name, KEYS, pa.Table.from_batches([keys]))]
    return Parts(str(folder), range(len(files) + 1), files, dict.fromkeys(files, "hot"))


def _run(parts: Parts) -> Ran:
    """The stage alone; without an audit, which needs texts, where there are none."""
    events = Path(parts.folder).parent / f"events-{uuid.uuid4().hex}"
    events.mkdir()
    number = sum(f["rows"] for n in range(len(parts)) for f in parts.listed(n, KEYS))
    has_texts = any(parts.listed(n, DOCUMENT) for n in range(len(parts)))
    config = _CONFIG if has_texts else replace(_CONFIG, audit_lines=0)
    conf = {"spark.master": "local[2]", **EVENT_LOG, "spark.eventLog.dir": events.as_uri()}
    with session(conf) as spark:
        spark.sparkContext.setJobDescription("lines")
        shared = spark.sparkContext.broadcast(parts)
        receipt = deduplicate_lines(spark, shared, config, documents=number)
    (log,) = events.iterdir()
    found = [stage for stage in read_stages(log) if stage.step == "lines"]
    judged = replace(parts, verdicts=[f for f in receipt.files if f["table"] == "verdicts"])
    return Ran(judged, found, _count_lines(parts), number)


def _print(tables: list[Table]) -> list[Table]:
    for table in tables:
        print_table(table)
    return tables


def _write(folder: Path, texts: Iterator[str]) -> None:
    folder.mkdir(parents=True)
    rows: list[str] = []
    for number, text in enumerate(texts, 1):
        rows.append(text)
        if len(rows) == _FILE_ROWS:
            _write_file(folder, rows, number)
            rows = []
    if rows:
        _write_file(folder, rows, number)


def _write_file(folder: Path, rows: list[str], end: int) -> None:
    ids = [str(number) for number in range(end - len(rows), end)]
    table = pa.table({"id": ids, "url": [f"https://a.example/{i}" for i in ids], "text": rows})
    pq.write_table(table, folder / f"{end:09d}.parquet", row_group_size=2500)


def _count_lines(parts: Parts) -> int:
    batches = (b for n in range(len(parts)) for b in parts.kept(n, KEYS, ["line_bytes"]))
    return sum(len(row) // 4 for batch in batches for row in batch["line_bytes"].to_pylist())


def _compare(parts: Parts) -> Row:
    """What the documents are as they are read, and as Python counts it."""
    columns = ["text", "line_kinds", "language", "order_key"]
    whole = _read(replace(parts, verdicts=[]), columns)
    order = whole["order_key"].to_numpy()
    buckets = spread(mixed(order), BUCKETS).tolist()
    lists = (whole[name].to_pylist() for name in ("language", "text", "line_kinds"))
    pages = list(zip(buckets, *lists, strict=True))
    began_s = time.process_time()
    expected = dict(
        zip(whole["position"].to_pylist(), left(pages, max_count=MAX_COUNT), strict=True)
    )
    read = _read(parts, columns)
    found = dict(zip(read["position"].to_pylist(), read["text"].to_pylist(), strict=True))
    texts = dict(_texts(whole))
    changed = [position for position in texts if expected[position] != texts[position]]
    words = dict(zip(changed, _words([expected[p] for p in changed]), strict=True))
    short = {position for position in changed if words[position] < MIN_WORDS}
    wrong = short ^ (expected.keys() - found.keys())
    unlike = sum(found[position] != expected[position] for position in found.keys() - short)
    return {
        "documents": len(expected),
        "languages": len(set(whole["language"].to_pylist())),
        "buckets": BUCKETS,
        "lines": sum(text.count("\n") + 1 for text in texts.values()),
        "shortened": len(changed) - len(short),
        "left too short": len(short),
        **_around_the_limit(pages),
        "unlike": unlike + len(wrong),
        "CPU s of Python": round(time.process_time() - began_s),
    }


def _around_the_limit(pages: Sequence[tuple[int, str, str, str | None]]) -> Row:
    """How many different lines stay and go by one occurrence."""
    counts = Counter(
        (bucket, language, form(line))
        for bucket, language, text, _ in pages
        for line in text.split("\n")
    )
    found = Counter((count, key[1] in _SCRIPTS) for key, count in counts.items())
    scripts = ", ".join(_SCRIPTS)
    return {
        f"lines that occur {count} times{of}": found[count, True] + (found[count, False] * all_of)
        for count in (MAX_COUNT, MAX_COUNT + 1)
        for of, all_of in (("", True), (f" ({scripts})", False))
    }


def _words(texts: list[str]) -> list[int]:
    tokens = [tokenise(pa.array([text])) for text in texts]
    return [int(np.count_nonzero(t.kinds[: t.rows[1]] & WORD)) for t in tokens]


def _texts(rows: pa.Table) -> Iterator[tuple[int, str]]:
    return zip(rows["position"].to_pylist(), rows["text"].to_pylist(), strict=True)


def _read(parts: Parts, columns: Sequence[str]) -> pa.Table:
    batches = [b for n in range(len(parts)) for b in parts.kept(n, DOCUMENT, columns)]
    return pa.Table.from_batches([batch.select([*columns, "position"]) for batch in batches])


def _shuffles(title: str, ran: Ran) -> list[Table]:
    rows = [
        {
            "stage": stage.number,
            "tasks": stage.tasks,
            "task us per document": round(stage.task_s / ran.documents * 1e6, 1),
            "median task s": round(stage.median_task_s, 2),
            "longest task s": round(stage.longest_task_s, 2),
            "bytes written per line": round(stage.shuffle_written_bytes / ran.lines, 2),
        }
        for stage in ran.stages
    ]
    whole = {
        "documents": ran.documents,
        "lines": ran.lines,
        "task us per document": round(sum(s.task_s for s in ran.stages) / ran.documents * 1e6, 1),
        "bytes shuffled per line": round(
            sum(stage.shuffle_written_bytes for stage in ran.stages) / ran.lines, 2
        ),
    }
    return [Table(title, [whole]), Table(f"{title}, by stage", rows)]


def _keys_cost(output: Path) -> Row:
    """Microseconds of one process per document, the least of seven times."""
    texts = pq.read_table(next(iter(sorted(make_corpus(output, 2000).iterdir())))).column("text")
    batch = pa.RecordBatch.from_pydict({"text": texts.combine_chunks().cast(pa.string())})
    without = [_keys_s(batch, lines=False) for _ in range(8)][1:]
    with_lines = [_keys_s(batch, lines=True) for _ in range(8)][1:]
    us = 1e6 / batch.num_rows
    return {
        "bytes per document": round(texts.nbytes / batch.num_rows),
        "tokens and MinHash us": round(min(without) * us, 1),
        "and lines us": round(min(with_lines) * us, 1),
    }


def _keys_s(batch: pa.RecordBatch, *, lines: bool) -> float:
    began_s = time.process_time()
    fingerprinter, keyer = Fingerprinter(batch.num_rows, MinHashParams()), LineKeyer(batch)
    for rows, tokens in blocks(batch.column("text")):
        fingerprinter.add(rows, tokens)
        if lines:
            keyer.add(rows, tokens)
    fingerprinter.found()
    if lines:
        keyer.found()
    return time.process_time() - began_s


if __name__ == "__main__":
    main()
