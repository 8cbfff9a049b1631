from __future__ import annotations

import base64
import lzma
import time
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given

from curation.errors import UserError
from curation.token_counts import ranks
from curation.token_counts.open import open_tokenizer
from curation.token_counts.ranks import pack, ranks_tokenizer, unpack
from curation.token_counts.tokenizer import Tokenizer
from curation.token_counts.words import LONGEST_WORD
from tests.token_counts.texts import TEXTS, strings

CL100K = "bundled:cl100k_base"


@cache
def content() -> bytes:
    file = resources.files("curation.token_counts").joinpath("cl100k_base.tiktoken.xz")
    return unpack(lzma.decompress(file.read_bytes()))


ACROSS = (b"a's", b"B's", b",\n/", b".\n/", b"\n/")
"""Tokens that patterns like o200k's allow, and a cut at the wrong place would part."""


def _lines(tokens: Iterable[bytes]) -> Iterator[bytes]:
    for rank, token in enumerate(tokens, 100256):
        yield b"%b %d\n" % (base64.b64encode(token), rank)


@cache
def tokenizer(pattern: str) -> Tokenizer:
    return ranks_tokenizer("x", pattern, content() + b"".join(_lines(ACROSS)))


@pytest.mark.parametrize("pattern", ["cl100k_base", "o200k_base", "r50k_base", "llama3"])
@given(texts=TEXTS)
@example(texts=["a's B's", "it.\n/ or,\n/\n/"])
def test_words_have_the_tokens_of_the_text(pattern: str, texts: list[str | None]) -> None:
    made = tokenizer(pattern)
    plain = [None if text is None else made.library.encode([text])[0].tolist() for text in texts]
    expected = [None if ids is None else len(ids) for ids in plain]
    assert made.count(strings(texts)).to_pylist() == expected
    assert [ids.tolist() for ids in made.encode(strings(texts))] == [ids or [] for ids in plain]


def test_the_bundled_one_is_that_of_openai() -> None:
    made = open_tokenizer(CL100K)
    (ids,) = made.encode(pa.array(["hello world, don't <|endoftext|>"]))
    # As tiktoken's own encoding has it; the special token is text.
    assert ids.tolist() == [15339, 1917, 11, 1541, 956, 83739, 8862, 728, 428, 91, 29]
    assert ids.dtype == np.int32
    assert (made.vocabulary, made.end_of_document) == (100277, 100257)
    assert made.name == CL100K
    assert open_tokenizer("cl100k_base").count(pa.array(["hello world"])).to_pylist() == [2]
    assert unpack(pack(content())) == content()


HOSTILE = {
    "letters": "a",
    "blanks": " ",
    "wide blanks": "\u3000",
    "line breaks": "\n",
    "letters and apostrophes": "a'",
    "emoji": "👨‍👩‍👧",
    "NUL": "\0",
    "digits": "1",
    "marks": "!",
    "han": "漢",
}


@pytest.mark.parametrize("pattern", ["cl100k_base", "llama3"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_take_time_that_grows_with_their_length(kind: str, pattern: str) -> None:
    unit, made = HOSTILE[kind], tokenizer(pattern)
    text = unit * (6 * LONGEST_WORD // len(unit) + 7) + "x"
    started = time.process_time()
    (count,) = made.count(pa.array([text])).to_pylist()
    assert time.process_time() - started < 6  # 0.1 s here; a square would be minutes
    parts = [text[at : at + LONGEST_WORD] for at in range(0, len(text), LONGEST_WORD)]
    assert abs(count - sum(made.library.count(parts))) <= 14  # of two at each border
    assert len(made.encode(pa.array([text]))[0]) == count


def test_a_file_of_ranks_needs_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "cl100k_base.tiktoken").write_bytes(content())
    (tmp_path / "tokenizer.model").write_bytes(content())
    named = open_tokenizer(str(tmp_path / "cl100k_base.tiktoken"))
    assert (named.sha256, named.vocabulary) == (ranks._BUNDLED["cl100k_base"], 100277)
    other = open_tokenizer(f"{tmp_path}/tokenizer.model#llama3")
    assert (other.vocabulary, other.end_of_document) == (100256, None)  # not the whole of Llama 3
    (tmp_path / "mine.tiktoken").write_bytes(content())
    with pytest.raises(UserError, match="name it behind the path"):
        open_tokenizer(str(tmp_path / "mine.tiktoken"))
    with pytest.raises(UserError, match="no known pattern 'gpt9': one of cl100k_base"):
        open_tokenizer(f"{tmp_path}/tokenizer.model#gpt9")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (b"<html>no file</html>", "line 1 is none of base64 and a rank"),
        (b"YQ== 0\n", "no rank for 255 of 256 bytes"),
        (b"", "no rank for 256 of 256 bytes"),
    ],
)
def test_what_is_no_file_of_ranks(tmp_path: Path, written: bytes, problem: str) -> None:
    path = tmp_path / "r50k_base.tiktoken"
    path.write_bytes(written)
    with pytest.raises(UserError, match=problem):
        open_tokenizer(str(path))


def test_two_tokens_of_one_rank(tmp_path: Path) -> None:
    path = tmp_path / "r50k_base.tiktoken"
    path.write_bytes(content().replace(b" 300\n", b" 301\n"))
    with pytest.raises(UserError, match="two tokens of one rank"):
        open_tokenizer(str(path))


@pytest.mark.parametrize("rank", [-1, 1 << 31, 1 << 80])
def test_ranks_that_are_too_large_or_too_small(tmp_path: Path, rank: int) -> None:
    path = tmp_path / "r50k_base.tiktoken"
    path.write_bytes(content().replace(b" 300\n", b" %d\n" % rank))
    with pytest.raises(UserError, match=f"has the rank {rank:,}: ranks are 0 or more"):
        open_tokenizer(str(path))
