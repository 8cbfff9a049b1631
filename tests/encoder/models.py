"""Small checkpoints with random weights, made from configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    CamembertConfig,
    DistilBertConfig,
    ElectraConfig,
    PreTrainedModel,
    RobertaConfig,
    XLMRobertaConfig,
)

from classifiers.encoder.checkpoint import Checkpoint, open_checkpoint

WORDS = "the water of a river runs down to sea and ships go up it, 42 or more! été Ünder 水 стол"
_COMMON: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "vocab_size": 300,
    "num_labels": 3,
}
_DISTIL: dict[str, Any] = {
    "dim": 32,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 64,
    "vocab_size": 300,
    "num_labels": 3,
}
CONFIGS: dict[str, Any] = {
    "bert": BertConfig(max_position_embeddings=64, **_COMMON),
    "roberta": RobertaConfig(max_position_embeddings=66, **_COMMON),
    "xlm-roberta": XLMRobertaConfig(max_position_embeddings=66, **_COMMON),
    "camembert": CamembertConfig(max_position_embeddings=66, **_COMMON),
    "distilbert": DistilBertConfig(max_position_embeddings=64, **_DISTIL),
    "electra": ElectraConfig(max_position_embeddings=64, embedding_size=32, **_COMMON),
}
OWN = [name for name in CONFIGS if name != "electra"]


def write_checkpoint(folder: Path, family: str, *, own: bool) -> tuple[Checkpoint, PreTrainedModel]:
    """The checkpoint, and the model as Hugging Face's library has it."""
    torch.manual_seed(1)
    loader = AutoModelForSequenceClassification if own else AutoModel
    model = loader.from_config(CONFIGS[family]).eval()
    for parameter in model.parameters():  # biases too, and norms that are not the identity
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    word_tokenizer().save(str(folder / "tokenizer.json"))
    return open_checkpoint(str(folder)), model


def word_tokenizer() -> Tokenizer:
    """As BERT's, but small."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([WORDS], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def byte_tokenizer() -> Tokenizer:
    """As RoBERTa's, but small."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([WORDS * 3], trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer
