"""Names of tokenizers, and what a recipe pins of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from huggingface_hub import constants
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from curation.all_splits import split_pass
from curation.errors import UserError
from curation.recipe import load
from curation.run import new_run
from curation.split_pass import run_split
from curation.storage import put
from curation.token_counts.config import TokensConfig
from curation.token_counts.open import open_tokenizer, pinned_tokenizer, placed_tokenizer

BUNDLED = "bundled:cl100k_base"


def tokenizer_json(words: int) -> bytes:
    made = Tokenizer(WordLevel({"</s>": 0, **{f"w{n}": n + 1 for n in range(words)}}, "</s>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    written: str = made.to_str()
    return written.encode()


def test_a_file_is_pinned_by_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_bytes(tokenizer_json(3))
    digest = hashlib.sha256(tokenizer_json(3)).hexdigest()
    for name in (str(file), str(tmp_path)):
        pinned = pinned_tokenizer(TokensConfig(tokenizer=name))
        assert pinned == TokensConfig(tokenizer=name, sha256=digest)
    found = open_tokenizer(str(tmp_path), digest)
    assert found.count(pa.array(["w0 w1\nw2", None, ""])).to_pylist() == [3, None, 0]
    assert (found.vocabulary, found.end_of_document) == (4, 0)
    file.write_bytes(tokenizer_json(4))
    with pytest.raises(UserError, match="its sha256 is another"):
        open_tokenizer(str(tmp_path), digest)


def test_what_needs_no_hash() -> None:
    assert pinned_tokenizer(TokensConfig()) == TokensConfig()
    config = TokensConfig(tokenizer=BUNDLED)
    assert pinned_tokenizer(config) == config
    with pytest.raises(UserError, match="comes with the package"):
        open_tokenizer(BUNDLED, "0" * 64)
    with pytest.raises(UserError, match="without a tokenizer"):
        pinned_tokenizer(TokensConfig(sha256="0" * 64))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("bundled:gpt5", "none of that name comes along: cl100k_base"),
        ("/nowhere/tokenizer.json", "is not there"),
        ("/nowhere/cl100k_base.tiktoken", "is not there"),
        ("gpt2-small", "is not there"),
    ],
)
def test_names_that_mean_nothing(name: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem) as raised:
        open_tokenizer(name)
    assert "\n" not in str(raised.value)


def test_what_cannot_be_had_without_a_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(UserError, match="nobody/nothing: no folder of that name"):
        open_tokenizer("nobody/nothing")
    with pytest.raises(UserError, match="o200k_base: tiktoken cannot fetch it"):
        open_tokenizer("o200k_base")


def test_places_count_from_the_folder_of_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    base = str(tmp_path)
    placed = {
        "bundled:cl100k_base": "bundled:cl100k_base",
        "o200k_base": "o200k_base",
        "owner/name": "owner/name",
        "owner/name@v1": "owner/name@v1",
        "models/mine": f"{base}/models/mine",
        "models/tokenizer.json": f"{base}/models/tokenizer.json",
        "a.model#llama3": f"{base}/a.model#llama3",
        "s3a://bucket/b.tiktoken": "s3://bucket/b.tiktoken",
    }
    assert {name: placed_tokenizer(name, base) for name in placed} == placed
    assert placed_tokenizer(f"{base}/models/mine") == f"{base}/models/mine"


def test_a_tokenizer_in_an_object_store(s3: str) -> None:
    put(f"{s3}/tokenizer.json", tokenizer_json(3))
    pinned = pinned_tokenizer(TokensConfig(tokenizer=s3))
    assert pinned.sha256 == hashlib.sha256(tokenizer_json(3)).hexdigest()
    assert open_tokenizer(s3, pinned.sha256).count(pa.array(["w0 w9"])).to_pylist() == [2]


def test_the_split_pass_counts_documents(tmp_path: Path) -> None:
    texts = ["hello world", "hello hello hello"]
    rows = [{"id": str(at), "text": text} for at, text in enumerate(texts)]
    (tmp_path / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for name, tokens in ((BUNDLED, [2, 3]), ("null", [None, None])):
        recipe = load(
            "default",
            paths=[str(tmp_path / "in.jsonl")],
            overrides=["inputs.0.stages=[]", f"tokens.tokenizer={name}"],
        )
        folder = tmp_path / name
        (split,) = new_run(recipe, str(folder)).splits
        run_split(split, split_pass(recipe), str(folder))
        found = ds.dataset(folder / "keys").to_table().sort_by("position")
        assert found["tokens"].to_pylist() == tokens
