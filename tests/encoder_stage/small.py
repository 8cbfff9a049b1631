"""A model made here: a tiny BERT of random weights, a tokeniser of some words, and two heads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel

from classifiers.encoder.checkpoint import open_checkpoint
from classifiers.encoder.model import (
    EncoderDescription,
    HeadDescription,
    write_encoder_description,
)

_WIDTH = 32
_HEADS = {"quality": (("bad", "good"), ("good",)), "topics": (("a", "b", "c"), ("a", "b", "c"))}


def make_checkpoint(folder: Path, words: set[str], labels: int = 0) -> Path:
    """A checkpoint whose tokeniser knows these words alone: it breaks at any other one.

    With so many `labels` it has a head of its own.
    """
    names = ["[CLS]", "[SEP]", "a", *sorted(words - {"a"})]
    vocabulary = {word: number for number, word in enumerate(names)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[missing]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(names),
        hidden_size=_WIDTH,
        max_position_embeddings=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,  # else all texts are alike
    )
    config.num_labels = labels or 2
    (BertForSequenceClassification if labels else BertModel)(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def make_model(folder: Path, words: set[str]) -> Path:
    """The description of a model over such a checkpoint."""
    folder.mkdir()
    checkpoint = open_checkpoint(str(make_checkpoint(folder / "encoder", words)))
    return describe(folder, "encoder", checkpoint.sha256, _WIDTH)


def describe(folder: Path, encoder: str, sha256: str, width: int) -> Path:
    """The description of a model with random heads over an encoder."""
    dice = np.random.default_rng(2)
    weights = {}
    for name, (labels, _) in _HEADS.items():
        weights[f"{name}.weight"] = dice.normal(size=(len(labels), width)).astype(np.float32) * 4
        weights[f"{name}.bias"] = np.zeros(len(labels), np.float32)
    content = save(weights)
    (folder / "heads.safetensors").write_bytes(content)
    heads = {
        name: HeadDescription(labels=labels, scored=scored)
        for name, (labels, scored) in _HEADS.items()
    }
    description = EncoderDescription(
        encoder=encoder,
        encoder_sha256=sha256,
        max_tokens=48,
        file="heads.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        heads=heads,
    )
    path = folder / "model.json"
    path.write_bytes(write_encoder_description(description))
    return path
