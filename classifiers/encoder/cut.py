"""Whether a tokeniser splits at white space, so that a text may be cut there before it.

Tokenisers that do not (SentencePiece over whole texts) get texts whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SPLITTING = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")


def splits_at_blanks(content: Mapping[str, Any]) -> bool:
    """By what the tokeniser's file, `tokenizer.json`, says of its pre-tokenisers."""
    return any(map(_splits, _parts(content.get("pre_tokenizer")))) and not any(
        " " in token["content"].strip() for token in content.get("added_tokens", [])
    )


def _parts(found: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if found is None:
        return
    if found.get("type") == "Sequence":
        for part in found["pretokenizers"]:
            yield from _parts(part)
    else:
        yield found


def _splits(part: Mapping[str, Any]) -> bool:
    kind = part.get("type")
    if kind == "Metaspace":
        return part.get("split", True) is True
    if kind == "ByteLevel":
        return part.get("use_regex", True) is True
    return kind in _SPLITTING
