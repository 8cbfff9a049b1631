"""Counts in keys and beside them: those of texts as they are left, whatever was known before."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.left import drop_lines
from curation.parts import Parts
from curation.tables import write_file
from curation.token_counts.config import TokensConfig
from curation.token_counts.estimate import estimate
from curation.token_counts.known import counts_of
from curation.token_counts.open import load_tokenizer
from curation.token_counts.stage import count_tokens
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.verdict import VERDICT
from tests.dedup.keys import doc_id, key

CL100K = TokensConfig(tokenizer="bundled:cl100k_base")
ROWS = 300  # of a split: two row groups of documents
TEXT = "The first line of text {0}.\nA line that stands everywhere\nand {0} ends it"


def position(split: int, row: int) -> int:
    return split << 32 | row


def text_of(split: int, row: int) -> str:
    return TEXT.format(row * 1000 + split)


def make_run(folder: Path, counted: TokensConfig) -> Parts:
    """Two splits in two parts; every fifth page is a reject; tokens as the split pass has them."""
    files: dict[int, list[dict[str, Any]]] = {}
    for split in range(2):
        keys, documents = [], []
        for row in range(ROWS):
            known = {"position": position(split, row), "doc_id": doc_id(split * ROWS + row)}
            reason, text = None if row % 5 else "no_text", text_of(split, row)
            told = {"drop_reason": reason, "language": "en", "text_bytes": len(text)}
            tokens = counts(counted, [text])[0] if counted.tokenizer and not reason else None
            keys.append({**key(row), **known, **told, "tokens": tokens})
            if reason is None:
                source = {"order_key": 0, "input": "crawl", "file": "f"}
                documents.append({**known, **source, "text": text})
        files[split] = [
            write_file(str(folder), f"{split:06d}-x-0", table, pa.Table.from_batches([batch]))
            for table, batch in ((KEYS, KEYS.batch(keys)), (DOCUMENT, DOCUMENT.batch(documents)))
        ]
    return Parts(str(folder), range(3), files, dict.fromkeys(files, "crawl"))


def counts(config: TokensConfig, texts: Sequence[str]) -> list[int]:
    """By the library, from whole texts."""
    return load_tokenizer(config).library.count(texts)


def judged(parts: Parts, folder: Path, gone: set[int], dropped: dict[int, bytes]) -> Parts:
    """With verdicts: these pages go, and others lose these lines."""
    files = []
    for split in range(2):
        rows: list[dict[str, Any]] = [
            {"position": at, "doc_id": "d", "input": "crawl", "drop_reason": "older_version"}
            for at in sorted(gone)
        ] + [
            {
                "position": at,
                "doc_id": "d",
                "input": "crawl",
                "dropped_lines": bits,
                "text_bytes": len(left(at, bits)),
                "n_words_left": 3,
            }
            for at, bits in sorted(dropped.items())
        ]
        of_split = [row for row in rows if row["position"] >> 32 == split]
        table = pa.Table.from_batches([VERDICT.batch(of_split)])
        name = f"{split:06d}-{split:06d}-{len(dropped)}"
        files.append(write_file(str(folder), name, VERDICT, table))
    return replace(parts, verdicts=files)


def left(at: int, bits: bytes | None) -> str:
    text = pa.array([text_of(at >> 32, at & 0xFFFF)])
    return drop_lines(text, pa.array([bits], pa.binary()))[0].as_py()


def told(parts: Parts) -> dict[int, int | None]:
    return {
        row["position"]: row["tokens"]
        for part in range(len(parts))
        for batch in parts.kept(part, KEYS, ["order_key", "tokens"])
        for row in batch.to_pylist()
    }


def expected(config: TokensConfig, gone: set[int], dropped: dict[int, bytes]) -> dict[int, int]:
    there = [position(split, row) for split in range(2) for row in range(ROWS) if row % 5]
    stay = [at for at in there if at not in gone]
    texts = [left(at, dropped.get(at)) for at in stay]
    return dict(zip(stay, counts(config, texts), strict=True))


GONE = {position(0, 1), position(1, 298)}
DROPPED = {position(0, 2): b"\2", position(0, 3): b"\3", position(1, 299): b"\2"}
LATER = {position(0, 2): b"\1", position(0, 4): b"\2"}
"""What lines pages lose after a take-down: one other ones, two none any more, one some."""


def test_documents_that_lost_lines_are_counted_once_more(
    spark: SparkSession, tmp_path: Path
) -> None:
    parts = judged(make_run(tmp_path, CL100K), tmp_path, GONE, DROPPED)
    parts = replace(parts, counts=counts_of(CL100K, CL100K, str(tmp_path)))
    before = told(parts)
    assert [at for at, tokens in before.items() if tokens is None] == sorted(DROPPED)
    files = count_tokens(spark, parts, CL100K)
    assert sum(file["rows"] for file in files) == len(DROPPED)
    counted = replace(parts, counts=counts_of(CL100K, CL100K, str(tmp_path), files))
    assert told(counted) == expected(CL100K, GONE, DROPPED)
    assert count_tokens(spark, counted, CL100K) == []

    taken = judged(counted, tmp_path, GONE, LATER)
    assert [at for at, tokens in told(taken).items() if tokens is None] == sorted(LATER)
    more = count_tokens(spark, taken, CL100K)
    both = replace(taken, counts=counts_of(CL100K, CL100K, str(tmp_path), [*files, *more]))
    assert told(both) == expected(CL100K, GONE, LATER)


def test_a_tokenizer_that_is_named_later(spark: SparkSession, tmp_path: Path) -> None:
    other = TokensConfig(tokenizer=f"{tmp_path}/bytes.model#llama3")
    write_bytes_only(tmp_path / "bytes.model")
    parts = judged(make_run(tmp_path / "run", CL100K), tmp_path / "run", GONE, DROPPED)
    parts = replace(parts, counts=counts_of(other, CL100K, str(tmp_path / "mix")))
    assert set(told(parts).values()) == {None}
    files = count_tokens(spark, parts, other)
    assert all((tmp_path / "mix" / file["path"]).exists() for file in files)
    counted = replace(parts, counts=counts_of(other, CL100K, str(tmp_path / "mix"), files))
    assert told(counted) == expected(other, GONE, DROPPED)
    assert told(counted)[position(0, 2)] == len(left(position(0, 2), b"\2"))


def write_bytes_only(path: Path) -> None:
    """Ranks of which each byte is a token."""
    lines = [b"%b %d\n" % (base64.b64encode(bytes([byte])), byte) for byte in range(256)]
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("of_run", [CL100K, TokensConfig()])
def test_the_estimate_is_of_what_is_left(
    spark: SparkSession, tmp_path: Path, of_run: TokensConfig
) -> None:
    parts = judged(make_run(tmp_path, of_run), tmp_path, GONE, DROPPED)
    assert counts_of(TokensConfig(), of_run, str(tmp_path)) is None
    assert count_tokens(spark, parts, TokensConfig()) == []
    found = told(parts)
    for at, bits in [(position(0, 2), b"\2"), (position(0, 6), None)]:
        size = pa.array([len(left(at, bits))], pa.int64())
        assert found[at] == estimate(pa.array(["en"]), size)[0].as_py()
