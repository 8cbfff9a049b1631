from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from curation.cli import main
from curation.mixing.packed import PackedSequences
from curation.mixing.packing.cut import Cutter
from tests.mixing.data_sets import write_data_set

END = "<|endoftext|>"
TEXTS = ("hello, world " * 3, "zwei\nZeilen", f"a page that says {END} and goes on", "日本語" * 40)
ROWS = (30, 0, 1, 150, 64)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([END])
    folder = tmp_path_factory.mktemp("tokenizer")
    made.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_set(tmp_path_factory.mktemp("pack") / "shards", ROWS, texts=TEXTS)


@pytest.fixture
def packed(folder: Path, tokenizer: Path, tmp_path: Path) -> Any:
    def run(*options: str, name: str = "packed") -> Path:
        output = tmp_path / name
        given = ["--tokenizer", str(tokenizer), "--output", str(output), "--length", "100"]
        assert main(["pack", str(folder), *given, "--processes", "1", *options]) == 0
        return output

    return run


def texts() -> list[str]:
    return [f"{number} {TEXTS[number % len(TEXTS)]}" for number in range(sum(ROWS))]


def documents(sequences: Sequence[tuple[np.ndarray, np.ndarray]], end: int) -> list[bytes]:
    """What stands between end tokens, of pieces that `cu_seqlens` cut, put together again."""
    found = [[]]
    for tokens, borders in sequences:
        assert borders[0] == 0
        assert borders[-1] == len(tokens) == 100
        assert (np.diff(borders) > 0).all()
        for start, stop in zip(borders, borders[1:], strict=False):
            piece = tokens[start:stop].tolist()
            assert end not in piece[:-1]
            assert stop == 100 or piece[-1] == end
            found[-1] += piece
            if piece[-1] == end:
                found.append([])
    return [bytes(ids) for ids in found]
