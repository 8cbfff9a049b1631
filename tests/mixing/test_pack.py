from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from curation.cli import main
from curation.errors import UserError
from curation.mixing.packed import PackedSequences
from curation.mixing.packing.cut import Cutter
from curation.storage import join, put, storage
from tests.mixing.data_sets import write_data_set

END = "<|endoftext|>"
TEXTS = ("hello, world " * 3, "zwei\nZeilen", f"a page that says {END} and goes on", "日本語" * 40)
LENGTH, VOCABULARY = 100, 257
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
def packed(folder: Path, tokenizer: Path, tmp_path: Path) -> Callable[..., Path]:
    """Packs into the folder of that name."""

    def run(*options: str, name: str = "packed", status: int = 0) -> Path:
        output = tmp_path / name
        given = ["--tokenizer", str(tokenizer), "--output", str(output), "--length", str(LENGTH)]
        assert main(["pack", str(folder), *given, "--processes", "1", *options]) == status
        return output

    return run


def streams(tokenizer: Path) -> list[list[int]]:
    """The tokens of each shard, an end token behind each document."""
    read = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    read.encode_special_tokens = True
    end = read.get_vocab()[END]
    numbers, made = iter(range(sum(ROWS))), []
    for rows in ROWS:
        texts = [f"{n} {TEXTS[n % len(TEXTS)]}" for n in islice(numbers, rows)]
        made.append([token for text in texts for token in [*read.encode(text).ids, end]])
    return made


def expected(tokenizer: Path) -> tuple[list[list[int]], list[int]]:
    """The full sequences in order, those of what is left over last; and what is left of them."""
    made, rest = [], []
    for stream in streams(tokenizer):
        whole = len(stream) // LENGTH * LENGTH
        made += [stream[at : at + LENGTH] for at in range(0, whole, LENGTH)]
        rest += stream[whole:]
    whole = len(rest) // LENGTH * LENGTH
    return made + [rest[at : at + LENGTH] for at in range(0, whole, LENGTH)], rest[whole:]


def borders(sequence: Sequence[int], end: int) -> list[int]:
    """Naively: 0, behind each end token, and the length."""
    ends = [at + 1 for at, token in enumerate(sequence) if token == end]
    return sorted({0, *ends, len(sequence)})


def read(folder: Path) -> list[tuple[list[int], list[int]]]:
    sequences = PackedSequences(str(folder))
    pairs = (sequences[number] for number in range(len(sequences)))
    return [(tokens.tolist(), cu_seqlens.tolist()) for tokens, cu_seqlens in pairs]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_sequences_are_the_documents_with_an_end_token_behind_each(
    packed: Callable[..., Path], tokenizer: Path
) -> None:
    output = packed()
    sequences, rest = expected(tokenizer)
    assert len(sequences) > 50
    *found, last = read(output)
    assert [tokens for tokens, _ in found] == sequences
    assert [of for _, of in found] == [borders(tokens, VOCABULARY - 1) for tokens in sequences]
    filled = [VOCABULARY - 1] * (LENGTH - len(rest))
    assert last == (rest + filled, [*borders(rest, VOCABULARY - 1), LENGTH])
    index = json.loads((output / "index.json").read_text())
    assert index["tokens"] == sum(map(len, streams(tokenizer)))
    told = {name: index[name] for name in ("dtype", "documents", "sequences", "padded_tokens")}
    assert told == {
        "dtype": "uint16",
        "documents": sum(ROWS),
        "sequences": len(sequences) + 1,
        "padded_tokens": len(filled),
    }
    named = [f"parts/{path}" for file in index["files"] for path in file["paths"].values()]
    assert sorted(files(output)) == sorted([*named, "index.json"])
    mapped = np.load(output / named[0], mmap_mode="r")
    assert mapped.dtype == np.uint16
    assert mapped.shape[1] == LENGTH


def test_the_last_sequence_can_be_left_out(
    packed: Callable[..., Path], tokenizer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = packed("--last", "drop")
    sequences, rest = expected(tokenizer)
    assert [tokens for tokens, _ in read(output)] == sequences
    assert f"the last {len(rest)} tokens were left out" in capsys.readouterr().out


def test_parquet_has_the_same_sequences(packed: Callable[..., Path]) -> None:
    output = packed("--format", "parquet", name="parquet")
    index = json.loads((output / "index.json").read_text())
    rows = [
        (row["tokens"], row["cu_seqlens"])
        for file in index["files"]
        for row in pq.read_table(output / "parts" / file["paths"]["sequences"]).to_pylist()
    ]
    assert rows == read(packed())
    with pytest.raises(UserError, match="has Parquet files"):
        PackedSequences(str(output))


def test_bytes_do_not_depend_on_processes_or_on_where_it_was_stopped(
    packed: Callable[..., Path], folder: Path, tmp_path: Path
) -> None:
    whole = files(packed())
    assert files(packed("--processes", "3", name="three")) == whole
    last = max(folder.glob("*.parquet"))
    moved = last.rename(tmp_path / "moved")
    parts = packed(name="again", status=2) / "parts"
    moved.rename(last)
    assert sorted(path.name for path in parts.glob("receipt-*")) == [
        f"receipt-{number:06d}.json" for number in range(len(ROWS) - 1)
    ]
    (parts / ".tokens-000003.npy.0123").write_bytes(b"of a process that was killed")
    done = (parts / "tokens-000000.npy").stat().st_mtime_ns
    assert files(packed(name="again")) == whole
    assert (parts / "tokens-000000.npy").stat().st_mtime_ns == done
    assert files(packed(name="again")) == whole


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), max_size=20),
    st.integers(2, 7),
    st.integers(1, 5),
)
def test_cutting_is_as_naive_cutting(
    documents: list[list[int]], length: int, together: int
) -> None:
    cutter, found, of = Cutter(length, np.uint16), [], []
    for at in range(0, len(documents), together):
        cut = cutter.add([np.array(ids) for ids in documents[at : at + together]])
        found += cut.tokens.tolist()
        of += [part.tolist() for part in np.split(cut.borders, np.cumsum(cut.counts))[:-1]]
    stream = [token for ids in documents for token in ids]
    whole = len(stream) // length * length
    assert found == [stream[at : at + length] for at in range(0, whole, length)]
    assert cutter.rest.tolist() == stream[whole:]
    ends = np.cumsum([len(ids) for ids in documents])
    naive = [
        sorted({0, length, *(end - at for end in ends if at < end < at + length)})
        for at in range(0, whole, length)
    ]
    assert of == naive
    assert cutter.ends.tolist() == [end - whole for end in ends if end > whole]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--length", "1"], "--length 1: 2 to"),
        (["--tokenizer", "nowhere"], "nowhere/tokenizer.json: is not there: no tokenizer.json"),
        (["--tokenizer", __file__], "no tokenizer that can be read"),
        (["--end-token", "9999"], "--end-token 9999: the tokenizer has ids below"),
        (["--processes", "0"], "1 at least"),
    ],
)
def test_options_that_cannot_be_are_told(
    packed: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert not packed(*options, status=2).exists()
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_sequences_of_other_settings_are_not_mixed(
    packed: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    packed()
    packed("--length", "200", status=2)
    assert "has sequences of another length: choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", "{}"),
        ("index.json", '{"files": []}'),  # of `curate index`
        ("index.json", "[]"),
        ("index.json", "no JSON"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused_before_any_work(
    packed: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / name).write_text(content)
    output = packed(status=2)
    told = f"{output} is not empty and holds no packed sequences: choose a new folder"
    assert capsys.readouterr().err == f"curate: {told}\n"
    assert files(output) == {name: content.encode()}


def test_a_shard_that_cannot_be_read_is_told_by_whatever_process(
    packed: Callable[..., Path], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = max(folder.glob("*.parquet"))
    moved = last.rename(tmp_path / "moved")
    last.symlink_to(tmp_path / "nowhere")
    try:
        packed("--processes", "2", status=2)
    finally:
        moved.replace(last)
    assert "may not be read, or is a link to nothing" in capsys.readouterr().err


def test_an_object_store_holds_the_same_bytes(
    packed: Callable[..., Path], folder: Path, tokenizer: Path, s3: str
) -> None:
    for path in folder.iterdir():
        put(join(s3, "in", path.name), path.read_bytes())
    output = join(s3, "out")
    given = ["--tokenizer", str(tokenizer), "--output", output, "--length", str(LENGTH)]
    assert main(["pack", join(s3, "in"), *given, "--processes", "1"]) == 0
    found = {
        file.uri.removeprefix(f"{output}/"): storage(s3).read(file.uri)
        for file in storage(s3).walk(output)
    }
    assert found == files(packed())


def test_a_large_vocabulary_needs_four_bytes(
    packed: Callable[..., Path], tokenizer: Path, tmp_path: Path
) -> None:
    large = json.loads((tokenizer / "tokenizer.json").read_text())
    large["model"]["vocab"]["never"] = 1 << 16
    (tmp_path / "tokenizer.json").write_text(json.dumps(large))
    output = packed("--tokenizer", str(tmp_path))
    assert json.loads((output / "index.json").read_text())["dtype"] == "uint32"
    assert [tokens for tokens, _ in read(output)][:-1] == expected(tmp_path)[0]


def test_memory_does_not_grow_with_what_is_left_over_of_each_shard(
    tokenizer: Path, tmp_path: Path
) -> None:
    shards, tokens = 24, 50_000
    folder = write_data_set(tmp_path / "shards", [1] * shards, texts=["a " * (tokens // 2)])
    given = ["--tokenizer", str(tokenizer), "--output", str(tmp_path / "packed")]
    tracemalloc.start()
    try:
        assert main(["pack", str(folder), *given, "--length", "65536", "--processes", "1"]) == 0
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    index = json.loads((tmp_path / "packed" / "index.json").read_text())
    assert index["sequences"] == shards * tokens // 65536 + 1
    assert most < 8 * shards * tokens / 2  # as lists they were 8 bytes of each token
