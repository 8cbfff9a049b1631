"""A student whose weights are all trained, and what pages it takes to have one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from classifiers.encoder.checkpoint import open_checkpoint
from classifiers.encoder.model import EncoderModel
from classifiers.evaluate import auc
from curation.annotation.config import StudentConfig
from curation.annotation.student import learnable, require_pages, train_student
from curation.errors import UserError
from curation.training.config import CALIBRATE, TEST, TRAIN
from tests.annotation.judge import score_of
from tests.annotation.pages import make_pages

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def judged(count: int, languages: tuple[str, ...] = ("en",)) -> pa.Table:
    pages = make_pages(count, languages=languages)
    scores = pa.array([score_of(text) for text in pages["text"].to_pylist()], pa.int32())
    pages = pages.append_column("judged", scores)
    return pages.append_column("positive", pc.greater_equal(pages["judged"], 3))


def make_checkpoint(folder: Path, texts: list[str]) -> Path:
    """A BERT of two small layers with random weights, which knows the words of the texts."""
    words = sorted({word for text in texts for word in text.split()})
    ids = {word: number for number, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(
        vocab_size=len(ids),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_all_weights_learn_the_rule(tmp_path: Path) -> None:
    pages = learnable(judged(240))
    checkpoint = make_checkpoint(tmp_path / "small", pages["text"].to_pylist())
    config = StudentConfig(
        student=str(checkpoint),
        fine_tune=True,
        max_tokens=64,
        epochs=12,
        learning_rate=2e-3,
        device="cpu",
    )
    found = train_student(pages, "quality", "mine", config, folder=tmp_path)
    parts = pages["part"].to_numpy()
    assert np.isnan(found.scores[parts == TRAIN]).all()
    test = parts == TEST
    assert auc(found.scores[test], pages["positive"].to_numpy()[test]).value > 0.9
    assert (found.description.encoder, found.content) == ("mine", None)
    model = EncoderModel(found.description, open_checkpoint(str(tmp_path / "mine")), None)
    rows = pages.filter(pa.array(~np.isnan(found.scores)))
    again = model.probabilities(rows["text"].to_pylist(), rows["language"].to_pylist())
    known = found.scores[~np.isnan(found.scores)]
    np.testing.assert_allclose(again["quality"][:, 0], known, atol=1e-6)
    unknown = model.probabilities(["theory and study"], ["fr"])["quality"]
    assert np.isnan(unknown).all()


def test_languages_with_few_pages_are_not_learnt() -> None:
    pages = judged(300, languages=("en", "de"))
    few = pc.equal(pages["language"], "de")
    first = pa.array(np.cumsum(few.to_numpy(zero_copy_only=False)) <= 20)
    some = pages.filter(pc.or_(pc.invert(few), pc.and_(few, first.cast(pa.bool_()))))
    assert set(learnable(pages)["language"].to_pylist()) == {"en", "de"}
    assert set(learnable(some)["language"].to_pylist()) == {"en"}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (TRAIN, "for training there are, in languages with enough, 0 positive and 0 other"),
        (CALIBRATE, "for calibration there are, in languages with enough, 9 positive"),
        (TEST, "for test there are, in languages with enough, 9 positive"),
    ],
)
def test_each_part_needs_pages_of_both_kinds(part: int, message: str) -> None:
    pages = judged(240)
    require_pages(learnable(pages), judged=240, advice="")
    of = pc.and_(pc.equal(pages["part"], part), pages["positive"])
    nth = np.cumsum(of.to_numpy(zero_copy_only=False))
    few = pages.filter(pc.or_(pc.invert(of), pa.array(nth <= 9)))
    with pytest.raises(UserError, match=message) as told:
        require_pages(learnable(few), judged=few.num_rows, advice="Take more.")
    assert str(told.value).endswith("it takes 10 of each. Take more.")


def test_one_score_for_all_is_told() -> None:
    pages = judged(240)
    at = pages.schema.get_field_index("positive")
    all_alike = pages.set_column(at, "positive", pa.array([True] * 240))
    with pytest.raises(UserError, match="240 pages were judged; for training there are"):
        require_pages(learnable(all_alike), judged=240, advice="")
