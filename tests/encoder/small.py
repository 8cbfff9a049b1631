"""Real checkpoints of some thousand weights, made from a configuration, with a tokeniser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel

from classifiers.encoder.checkpoint import Checkpoint, open_checkpoint

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def small_bert(folder: Path, labels: Sequence[str] = (), **changes: Any) -> Checkpoint:
    """Of width 32, with random weights, and a head of these labels, if there are any."""
    config = BertConfig(
        vocab_size=len(_SPECIAL) + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=0,
        id2label=dict(enumerate(labels or ("LABEL_0", "LABEL_1"))),
        **changes,
    )
    torch.manual_seed(1)
    model = BertForSequenceClassification(config) if labels else BertModel(config)
    model.save_pretrained(folder)
    _tokenizer().save(str(folder / "tokenizer.json"))
    return open_checkpoint(str(folder))


def _tokenizer() -> Tokenizer:
    vocabulary = {word: number for number, word in enumerate((*_SPECIAL, *WORDS))}
    made = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made
