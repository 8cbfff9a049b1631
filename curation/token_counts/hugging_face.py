"""Tokenizers of Hugging Face: what a `tokenizer.json` says, without code of its own.

Needs the package `tokenizers`, which a run without one goes without.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from curation.errors import UserError
from curation.token_counts.tokenizer import MOST_IDS, Ids, Library, Tokenizer
from curation.token_counts.words_kernel import BLANKS, LINES, SPACES

_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[SEP]")
"""Tokens between documents by their usual names, the first that a tokenizer has."""
_EACH_CHARACTER = ("NFC", "NFD", "NFKC", "NFKD", "Lowercase")
_TAKING_OUT = (*_EACH_CHARACTER, "StripAccents", "BertNormalizer", "Precompiled")
"""Normalisers that take no letter's neighbours into account; and those that leave some out."""
_DROPPING = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")
_AFTER = ("ByteLevel", "Digits", "Punctuation", "Metaspace")
_AT_ONCE = 4096  # texts, of which the library holds all tokens
_LINES_TOO = tuple(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
    + numbers
    + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for numbers in (r"\p{N}{1,3}", r"\p{N}")
)
"""The patterns of Llama 3 and Qwen 2."""


def file_tokenizer(name: str, content: bytes) -> Tokenizer:
    """The tokenizer of the bytes of a `tokenizer.json`; `ValueError` for what is none."""
    require_package(name)
    from tokenizers import Tokenizer as HuggingFace

    try:
        described = json.loads(content)
        described["model"].pop("dropout", None)  # which would make every count another one
        tokenizer = HuggingFace.from_str(json.dumps(described))
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("is no tokenizer.json") from error
    except BaseException as error:
        if not _breaks(error) and not isinstance(error, ValueError):
            raise
        raise ValueError(f"no tokenizer that can be read: {_said(error)}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True  # as texts, that is
    vocabulary = tokenizer.get_vocab()
    size = max(vocabulary.values(), default=-1) + 1
    if size > MOST_IDS:
        raise ValueError(f"has the id {size - 1:,}: ids are below {MOST_IDS:,}")
    ends = [vocabulary[token] for token in _ENDS if token in vocabulary]
    return Tokenizer(
        name=name,
        vocabulary=size,
        end_of_document=ends[0] if ends else None,
        library=_library(name, tokenizer),
        rule=cutting_rule(described),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def require_package(name: str) -> None:
    """Raises `UserError` where the package is not installed."""
    if find_spec("tokenizers") is None:
        raise UserError(
            f'{name}: a tokenizer.json needs tokenizers: install it with "pip install'
            " 'winnow-curation[ml]'\", or name 'bundled:cl100k_base'"
        )


def cutting_rule(described: Mapping[str, Any]) -> int | None:
    """Where a text may be cut so that the tokens stay the same, by the tokenizer's file.

    None: nowhere, of one whose parts are not known to allow it.
    """
    first, *after = _parts(described.get("pre_tokenizer"), "pretokenizers") or [{"type": None}]
    changing = {part["type"] for part in _parts(described.get("normalizer"), "normalizers")}
    harmless = {*_TAKING_OUT} if first["type"] in _DROPPING else {*_EACH_CHARACTER}
    if (
        changing - harmless
        or any(_reaches_out(token) for token in described.get("added_tokens", []))
        or any(part["type"] not in _AFTER or _looks_back(part) for part in after)
    ):
        return None
    prefixed = any(_prefixes(part) for part in (first, *after))
    if first["type"] in _DROPPING:
        return BLANKS
    if first["type"] == "ByteLevel" and first.get("use_regex", True):
        return SPACES if prefixed else BLANKS
    if first["type"] == "Split" and _is_known(first):
        added = any(not token.get("special") for token in described.get("added_tokens", []))
        return SPACES if added or prefixed else LINES
    return SPACES if first["type"] == "Metaspace" and first.get("split", True) else None


def _parts(found: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    if found is None:
        return []
    if found.get("type") != "Sequence":
        return [found]
    return [part for item in found[key] for part in _parts(item, key)]


def _reaches_out(token: Mapping[str, Any]) -> bool:
    """Whether an added token has blanks, or takes them from what follows."""
    return bool(token.get("rstrip")) or any(map(str.isspace, token["content"]))


def _looks_back(part: Mapping[str, Any]) -> bool:
    return part.get("prepend_scheme") == "first"


def _prefixes(part: Mapping[str, Any]) -> bool:
    """Whether a word that begins without a space gets one."""
    return part["type"] == "ByteLevel" and part.get("add_prefix_space", True) is True


def _is_known(part: Mapping[str, Any]) -> bool:
    plain = part.get("behavior") == "Isolated" and not part.get("invert")
    return plain and part.get("pattern", {}).get("Regex") in _LINES_TOO


def _library(name: str, tokenizer: Any) -> Library:
    def tokens(texts: Sequence[str]) -> list[Ids]:
        return [np.array(one.ids, np.int32) for one in encoded(texts)]

    def count(texts: Sequence[str]) -> list[int]:
        return [len(one) for one in encoded(texts)]

    def encoded(texts: Sequence[str]) -> Iterator[Any]:
        # A process is a core's; more threads would fight with those of its neighbours.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            for at in range(0, len(texts), _AT_ONCE):
                some = list(texts[at : at + _AT_ONCE])
                yield from tokenizer.encode_batch_fast(some, add_special_tokens=False)
        except BaseException as error:
            if not _breaks(error):
                raise
            raise UserError(f"{name}: it cannot tokenise a text: {_said(error)}") from error

    return Library(tokens, count)


def _breaks(error: BaseException) -> bool:
    """Whether the library gave up: it raises bare exceptions, or panics."""
    return type(error) is Exception or type(error).__name__ == "PanicException"


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
