import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from classifiers.encoder.checkpoint import MINILM, Checkpoint, open_checkpoint
from classifiers.encoder.tokenise import Tokeniser
from tests.encoder.models import byte_tokenizer, word_tokenizer

_TEXT = st.lists(
    st.sampled_from(
        [
            "the",
            "water",
            " ",
            "  ",
            "\n",
            "\t",
            "水水水",
            "é",
            "e\u0301",
            "!",
            "\0",
            "x" * 40,
            " \u3000",
            "'s",
        ]
    ),
    max_size=120,
).map("".join)


@pytest.fixture(scope="module", params=[word_tokenizer, byte_tokenizer])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return request.param()


def _checkpoint(tokenizer: Tokenizer, folder: Path) -> Checkpoint:
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text('{"model_type": "bert", "max_position_embeddings": 64}')
    return Checkpoint(folder)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(_TEXT, max_size=4), windows=st.integers(1, 3))
def test_tokens_are_those_of_the_whole_text(
    tokenizer: Tokenizer, texts: list[str], windows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    checkpoint = _checkpoint(tokenizer, tmp_path_factory.mktemp("c"))
    ours = Tokeniser(checkpoint, max_tokens=8, long_pages="mean", max_windows=windows)
    found = ours.tokens(texts)
    cut = Tokenizer.from_str(tokenizer.to_str())
    cut.enable_truncation(8)
    expected = []
    for number, text in enumerate(texts):
        whole = cut.encode(text)
        pieces = [whole, *whole.overflowing][:windows] if text else []
        expected += [(number, piece.ids) for piece in pieces]
    ids = found.ids.tolist()
    made = [
        (int(page), ids[start : start + length])
        for page, start, length in zip(found.page, found.starts, found.lengths, strict=True)
    ]
    assert made == expected


def test_null_and_empty_pages_have_no_pieces(tokenizer: Tokenizer, tmp_path: Path) -> None:
    ours = Tokeniser(_checkpoint(tokenizer, tmp_path), max_tokens=8)
    found = ours.tokens([None, "", "water", None])
    assert (found.page.tolist(), found.pages) == ([2], 4)


def test_a_page_that_breaks_the_tokeniser_alone_has_none(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    ours = Tokeniser(_checkpoint(tokenizer, tmp_path), max_tokens=8)
    assert ours.tokens(["river", "\ud800", "sea"]).page.tolist() == [0, 2]


@pytest.mark.parametrize("text", ["x" * 10_000_000, "e" + "\u0301" * 1_000_000, " " * 20_000_000])
def test_monsters_take_little(tokenizer: Tokenizer, tmp_path: Path, text: str) -> None:
    ours = Tokeniser(_checkpoint(tokenizer, tmp_path), max_tokens=64)
    assert ours.tokens([text]).lengths.tolist()[0] <= 64


def test_pieces_longer_than_positions_are_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has 64 positions"):
        Tokeniser(_checkpoint(tokenizer, tmp_path), max_tokens=65)


def test_tokenising_needs_no_torch() -> None:
    code = "import sys, classifiers.encoder.tokenise; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_cut_changes_does_not_count() -> None:
    """The text is cut at a control character, which is no blank to the tokeniser."""
    text = "hello " * 13 + "people\x1fs " + "and more words " * 400
    checkpoint = open_checkpoint(MINILM)
    whole = Tokenizer.from_file(str(checkpoint.tokenizer_file))
    whole.no_padding()
    whole.enable_truncation(16)
    made = Tokeniser(checkpoint, max_tokens=16).tokens([text])
    assert made.ids.tolist() == whole.encode(text).ids


def test_a_control_character_is_no_place_to_cut() -> None:
    """Of a text that is not cut into words, and a word of many tokens."""
    text = "[SEP]" + "! " * 18 + "x" * 95 + "\x0c\U0001f468xxxxxx " + "and more words " * 400
    checkpoint = open_checkpoint(MINILM)
    whole = Tokenizer.from_file(str(checkpoint.tokenizer_file))
    whole.no_padding()
    whole.enable_truncation(24)
    made = Tokeniser(checkpoint, max_tokens=24).tokens([text])
    assert made.ids.tolist() == whole.encode(text).ids
