"""Tokenizers as tiktoken has them: ranks, a line of `BASE64 RANK` each, and a pattern.

The pattern cuts a text into pieces, in which bytes are merged by rank. A file does not say which
one it is for: a name that is known does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
import tiktoken

from curation.errors import UserError
from curation.token_counts.tokenizer import MOST_IDS, Ids, Library, Tokenizer
from curation.token_counts.words_kernel import BLANKS, LINES

_GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class _Pattern:
    """A pattern, where it lets texts be cut, and what is known of a file with so many `ranks`.

    `end` is the id between documents, `vocabulary` how many ids there are with special ones.
    """

    pattern: str
    rule: int
    ranks: int
    end: int
    vocabulary: int


_PATTERNS = {
    "cl100k_base": _Pattern(_CL100K, LINES, 100256, 100257, 100277),
    "o200k_base": _Pattern(_O200K, LINES, 199998, 199999, 200019),
    "p50k_base": _Pattern(_GPT2, BLANKS, 50280, 50256, 50281),
    "r50k_base": _Pattern(_GPT2, BLANKS, 50256, 50256, 50257),
    "gpt2": _Pattern(_GPT2, BLANKS, 50256, 50256, 50257),
    "llama3": _Pattern(_LLAMA3, LINES, 128000, 128001, 128256),
}
_SUFFIX = ".tiktoken"
_BUNDLED = {"cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"}


def is_known(name: str) -> bool:
    """Whether it names ranks that come with the package, or that tiktoken can get."""
    return name in _PATTERNS and name != "llama3"


def pattern_of(path: str) -> str | None:
    """The pattern that a path to ranks names; None where it is no such path."""
    file, _, pattern = path.partition("#")
    if pattern:
        if pattern not in _PATTERNS:
            raise UserError(f"{path}: no known pattern '{pattern}': one of {', '.join(_PATTERNS)}")
        return pattern
    if not file.endswith(_SUFFIX):
        return None
    stem = file.rsplit("/", 1)[-1].removesuffix(_SUFFIX)
    if stem not in _PATTERNS:
        raise UserError(
            f"{path}: ranks without a pattern: name it behind the path, as '{path}#cl100k_base';"
            f" one of {', '.join(_PATTERNS)}"
        )
    return stem


def ranks_tokenizer(name: str, pattern: str, content: bytes) -> Tokenizer:
    """The tokenizer of a file of ranks; `ValueError` for what is none."""
    ranks = _read(content)
    known = _PATTERNS[pattern]
    encoding = _encoding(name, known.pattern, ranks)
    whole = len(ranks) == known.ranks
    return Tokenizer(
        name=name,
        vocabulary=known.vocabulary if whole else max(ranks.values()) + 1,
        end_of_document=known.end if whole else None,
        library=_library(encoding),
        rule=known.rule,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def bundled_tokenizer(name: str) -> Tokenizer:
    """The tokenizer that comes with the package under this name."""
    if name not in _BUNDLED:
        raise UserError(f"bundled:{name}: none of that name comes along: {', '.join(_BUNDLED)}")
    packed = resources.files("curation.token_counts").joinpath(f"{name}{_SUFFIX}.xz").read_bytes()
    content = unpack(lzma.decompress(packed))
    if hashlib.sha256(content).hexdigest() != _BUNDLED[name]:
        raise UserError(f"bundled:{name}: its file is damaged: install the package again")
    return ranks_tokenizer(f"bundled:{name}", name, content)


def fetched_tokenizer(name: str) -> Tokenizer:
    """One that tiktoken knows: from its cache, or fetched by it, which checks the hash."""
    known = _PATTERNS[name]
    try:
        encoding = tiktoken.get_encoding(name)
    except (OSError, ValueError) as error:  # what requests raises are OSErrors
        why = " ".join(str(error).split())[:120]
        raise UserError(
            f"{name}: tiktoken cannot fetch it ({why}): name a file, or 'bundled:cl100k_base'"
        ) from error
    return Tokenizer(name, known.vocabulary, known.end, _library(encoding), known.rule)


def pack(content: bytes) -> bytes:
    """A file of ranks, of which the n-th line has rank n, as bytes that compress well."""
    tokens = [base64.b64decode(line.split()[0]) for line in content.splitlines()]
    return b"".join(bytes([len(token)]) + token for token in tokens)


def unpack(packed: bytes) -> bytes:
    """The file that was packed."""
    lines: list[bytes] = []
    at = 0
    while at < len(packed):
        end = at + 1 + packed[at]
        lines.append(b"%b %d\n" % (base64.b64encode(packed[at + 1 : end]), len(lines)))
        at = end
    return b"".join(lines)


def _read(content: bytes) -> dict[bytes, int]:
    ranks = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except (ValueError, binascii.Error) as error:
            raise ValueError(f"line {number} is none of base64 and a rank") from error
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise ValueError(f"has no rank for {len(missing)} of 256 bytes")
    if len(set(ranks.values())) != len(ranks):
        raise ValueError("has two tokens of one rank")
    if other := [rank for rank in (min(ranks.values()), max(ranks.values())) if not _fits(rank)]:
        raise ValueError(f"has the rank {other[0]:,}: ranks are 0 or more, and below {MOST_IDS:,}")
    return ranks


def _fits(rank: int) -> bool:
    return 0 <= rank < MOST_IDS


def _encoding(name: str, pattern: str, ranks: dict[bytes, int]) -> tiktoken.Encoding:
    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def _library(encoding: tiktoken.Encoding) -> Library:
    encode = encoding.encode_ordinary

    def tokens(texts: Sequence[str]) -> list[Ids]:
        return [np.array(encode(text), np.int32) for text in texts]

    def count(texts: Sequence[str]) -> list[int]:
        return [len(encode(text)) for text in texts]

    return Library(tokens, count)
