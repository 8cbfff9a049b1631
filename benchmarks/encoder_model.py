"""Write a checkpoint of DistilRoBERTa's size with random weights, to measure speed with.

    python -m benchmarks.encoder_model FOLDER --tokenizer-from texts.jsonl

Speed does not depend on weights. The tokeniser is a byte-level BPE learnt from the texts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer, Tokenizer
from tokenizers.processors import RobertaProcessing
from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForSequenceClassification

from benchmarks.encoding.texts import read_texts

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_VOCABULARY = 50265


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokenizer-from", type=Path, required=True)
    parser.add_argument("--bf16", action="store_true", help="half the bytes")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=_VOCABULARY,
        num_hidden_layers=6,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=1,
    )
    model = RobertaForSequenceClassification(config)
    model.to(torch.bfloat16 if arguments.bf16 else torch.float32)
    model.save_pretrained(arguments.folder)
    tokenizer = _learn(read_texts(arguments.tokenizer_from, None))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",  # noqa: S106 - not a secret
        eos_token="</s>",  # noqa: S106 - not a secret
        pad_token="<pad>",  # noqa: S106 - not a secret
        unk_token="<unk>",  # noqa: S106 - not a secret
        model_max_length=512,
    ).save_pretrained(arguments.folder)


def _learn(texts: list[str]) -> Tokenizer:
    learnt = ByteLevelBPETokenizer()
    learnt.train_from_iterator(
        texts, vocab_size=_VOCABULARY, special_tokens=list(_SPECIAL), show_progress=False
    )
    tokenizer = Tokenizer.from_str(learnt.to_str())
    tokenizer.post_processor = RobertaProcessing(
        sep=("</s>", tokenizer.token_to_id("</s>")),
        cls=("<s>", tokenizer.token_to_id("<s>")),
        add_prefix_space=False,
    )
    return tokenizer


if __name__ == "__main__":
    main()
