"""Makes the word lists of `lexicon/`: `python -m curation.tokens.build_lexicon ICU_FOLDER`.

In: ICU's dictionaries for scripts without spaces, as `icupkg -x '*dict'` takes them out of its data
(thaidict, laodict, khmerdict, burmesedict), and the frequencies that the package wordfreq has of
Chinese and Japanese words. Out: one word a line, and for Han and Kana what it costs: 16 times the
negative binary logarithm of its probability. The same sources give the same bytes.
"""

from __future__ import annotations

import gzip
import math
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import regex
from wordfreq import get_frequency_dict

_TARGET = Path(__file__).with_name("lexicon")
_ICU = {"thai": "thaidict", "lao": "laodict", "khmer": "khmerdict", "myanmar": "burmesedict"}
_HAN_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ーｰ々]{1,8}")
_MIN_FREQUENCY = 5e-7


def main(folder: Path) -> None:
    """Writes the files."""
    _TARGET.mkdir(exist_ok=True)
    for name, file in _ICU.items():
        _write(name, sorted(_icu_words((folder / f"{file}.dict").read_bytes())))
    _write("han_kana", [f"{word} {cost}" for word, cost in sorted(_costs().items())])


def _write(name: str, lines: Iterable[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    packed = gzip.compress(data, mtime=0)
    (_TARGET / f"{name}.txt.gz").write_bytes(packed)
    print(f"{name}: {data.count(10)} words, {len(packed)} bytes")


def _costs() -> dict[str, int]:
    """Of a text that is half Chinese and half Japanese."""
    frequencies: Counter[str] = Counter()
    for language in ("zh", "ja"):
        for word, frequency in get_frequency_dict(language, "best").items():
            if _HAN_KANA.fullmatch(word):
                frequencies[word] += frequency / 2
    return {
        word: round(-16 * math.log2(frequency))
        for word, frequency in frequencies.items()
        if frequency >= _MIN_FREQUENCY
    }


def _icu_words(data: bytes) -> Iterator[str]:
    """The words of a dictionary file: a header, a table of offsets, and a `BytesTrie`."""
    header = struct.unpack_from("<H", data)[0]
    start, _, _, size, _, transform, *_ = struct.unpack_from("<8i", data, header)
    trie, base = data[header + start : header + size], transform & 0x1FFFFF
    for key in _keys(trie, 0, b""):
        joiners = {0xFF: "\u200d", 0xFE: "\u200c"}
        yield "".join(joiners.get(byte) or chr(base + byte) for byte in key)


def _keys(trie: bytes, at: int, prefix: bytes) -> Iterator[bytes]:
    """The keys below the node at `at`. Format: ICU's bytestrie.h."""
    node = trie[at]
    if node >= 0x20:  # a value; final where the low bit is set
        yield prefix
        if not node & 1:
            yield from _keys(trie, at + _value_size(node >> 1), prefix)
    elif node >= 0x10:  # bytes in a row
        end = at + 1 + node - 0x0F
        yield from _keys(trie, end, prefix + trie[at + 1 : end])
    else:
        at += 1
        yield from _branch(trie, at + (not node), (node or trie[at]) + 1, prefix)


def _branch(trie: bytes, at: int, length: int, prefix: bytes) -> Iterator[bytes]:
    while length > 5:
        delta, after = _delta(trie, at + 1)  # the lower half is away, the upper one follows
        yield from _branch(trie, after + delta, length >> 1, prefix)
        at, length = after, length - (length >> 1)
    for _ in range(length - 1):
        key, node = trie[at : at + 1], trie[at + 1]
        after = at + 1 + _value_size(node >> 1)
        if node & 1:
            yield prefix + key
        else:  # the value is the distance to the next node
            yield from _keys(trie, after + _value(trie, at + 1), prefix + key)
        at = after
    yield from _keys(trie, at + 1, prefix + trie[at : at + 1])


def _value_size(lead: int) -> int:
    return 1 if lead < 0x51 else 2 if lead < 0x6C else 3 if lead < 0x7E else 4 + (lead == 0x7F)


def _value(trie: bytes, at: int) -> int:
    lead, rest = trie[at] >> 1, trie[at + 1 : at + 5]
    if lead < 0x51:
        return lead - 0x10
    if lead < 0x6C:
        return (lead - 0x51) << 8 | rest[0]
    if lead < 0x7E:
        return (lead - 0x6C) << 16 | rest[0] << 8 | rest[1]
    return int.from_bytes(rest[: 3 + (lead == 0x7F)], "big")


def _delta(trie: bytes, at: int) -> tuple[int, int]:
    """A distance, and where what follows it starts."""
    lead, rest = trie[at], trie[at + 1 : at + 5]
    at += 1
    if lead < 0xC0:
        return lead, at
    if lead < 0xF0:
        return (lead - 0xC0) << 8 | rest[0], at + 1
    if lead < 0xFE:
        return (lead - 0xF0) << 16 | rest[0] << 8 | rest[1], at + 2
    size = 3 + (lead == 0xFF)
    return int.from_bytes(rest[:size], "big"), at + size


if __name__ == "__main__":
    main(Path(sys.argv[1]))
