"""How well the divergence tells planted pages from real ones, and how many real pages it drops."""

from __future__ import annotations

import base64
import random
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from itertools import cycle, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.heuristics.batch import measure
from curation.tokens.tokenise import WORD, tokenise
from schemas.line_kind import LineKind

Row = dict[str, Any]
_LENGTHS = (100, 300, 1000, 3000, 5000)
_PLANTED = 200
_FREQUENT = 5000
_KEYS = "asdfghjkl;qwertyuiopzxcvbnm,."
_LETTERS = [chr(code) for code in range(0xA1, 0x3000) if chr(code).isalpha()]
_MASKED = {LineKind.CODE, LineKind.TABLE, LineKind.MATHEMATICS}
_BATCH = 128
_TRANSLATIONS = "udhr"


def separate(texts: pa.Table) -> Iterator[Row]:
    """For each length in words and kind of planted page: the area under the ROC curve.

    All pages are cut to the length, and labelled English. Word salad is of words that the bundled
    reference has, or of its most frequent ones, each as likely; what is dropped is what the bundled
    limits drop.
    """
    english = _prose(texts.filter(pc.equal(texts["language"], "en")))
    foreign = _prose(
        texts.filter(pc.is_in(texts["language"], pa.array(["de", "es", "fr", "pl", "ru"])))
    )
    kinds = _kinds(_frequent_words())
    for words in _LENGTHS:
        real = _measure(_cut(english, words))
        for kind, make in kinds.items():
            yield {"words": words, "planted": kind, **_compare(real, _cut(make(words), words))}
        yield {
            "words": words,
            "planted": "foreign",
            **_compare(real, _cut(_join(foreign, words), words)),
        }


def keep(texts: pa.Table) -> Iterator[Row]:
    """Per language, how many of the pages that the rule applies to it keeps.

    Translations of the declaration of human rights stand by themselves: they are in 400 languages
    and more, which lid.176 takes for one of its own.
    """
    pages: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for batch in texts.to_batches(max_chunksize=_BATCH):
        found = measure(batch)
        in_prose = pc.and_(pc.equal(found["route"], "prose"), pc.is_valid(found["divergence"]))
        found = found.filter(pc.and_(in_prose, pc.greater_equal(found["n_words"], 50)))
        columns = (found[name].to_pylist() for name in ("language", "kind", "divergence_excess"))
        for language, kind, excess in zip(*columns, strict=True):
            for group in (_TRANSLATIONS,) if kind == _TRANSLATIONS else (language, "all"):
                pages[group] += 1
                kept[group] += excess is None or excess <= 0
    for group, number in pages.most_common():
        yield {"pages": group, "number": number, "kept": kept[group] / number}


def _prose(texts: pa.Table) -> list[str]:
    """Each text without its lines of code and the like."""
    found = []
    for text, kinds in zip(texts["text"].to_pylist(), texts["line_kinds"].to_pylist(), strict=True):
        lines = zip(text.split("\n"), kinds or cycle(LineKind.PROSE), strict=False)
        found.append("\n".join(line for line, kind in lines if kind not in _MASKED))
    return found


def _frequent_words() -> list[str]:
    """The English words of the bundled reference, the most frequent one first."""
    file = resources.files("curation.heuristics.divergence").joinpath("reference.parquet")
    table = pq.read_table(pa.BufferReader(file.read_bytes()))
    (row,) = table.filter(pc.equal(table["language"], "en")).to_pylist()
    counted = sorted(zip(row["counts"], row["words"], strict=True), reverse=True)
    return [word for _, word in counted if word.isalpha()]


def _kinds(vocabulary: Sequence[str]) -> dict[str, Callable[[int], list[str]]]:
    """What makes pages of at least so many words of each kind."""
    rng = random.Random(0)  # noqa: S311 - pages to look at, no secrets

    def mash() -> str:
        return "".join(rng.choices(_KEYS, k=rng.randint(2, 9)))

    def letters() -> str:
        return "".join(rng.choices(_LETTERS, k=rng.randint(2, 9)))

    def many(word: Callable[[], str]) -> Callable[[int], list[str]]:
        return lambda words: [" ".join(word() for _ in range(words)) for _ in range(_PLANTED)]

    return {
        "word salad": many(lambda: rng.choice(vocabulary)),
        f"of {_FREQUENT:,} words": many(lambda: rng.choice(vocabulary[:_FREQUENT])),
        "base64": many(lambda: base64.b64encode(rng.randbytes(57)).decode()),
        "keyboard mash": many(mash),
        "random Unicode": many(letters),
        "random letters": many(lambda: "".join(rng.choices(string.ascii_lowercase, k=6))),
    }


def _join(texts: Sequence[str], words: int) -> list[str]:
    """Pages of at least so many words: some texts after each other, from each one on."""
    found = []
    for start in range(0, len(texts), max(1, len(texts) // _PLANTED)):
        held, joined = 0, []
        for text in islice(cycle(texts), start, None):
            joined.append(text)
            held += len(text.split())
            if held >= words:
                break
        found.append("\n".join(joined))
    return found


def _cut(texts: Sequence[str], words: int) -> list[str]:
    """The first so many words of each text that has them."""
    tokens = tokenise(pa.array(texts))
    found = []
    for row, text in enumerate(texts):
        start, end = tokens.rows[row], tokens.rows[row + 1]
        at = np.flatnonzero(tokens.kinds[start:end] & WORD)
        if len(at) >= words:
            size = tokens.ends[start + at[words - 1]] - tokens.offsets[row]
            found.append(text.encode()[:size].decode())
    return found


class _Measured(NamedTuple):
    """The divergence of some pages, and the share that the limits drop."""

    values: npt.NDArray[np.float32]
    dropped: float


def _measure(texts: Sequence[str]) -> _Measured:
    batch = pa.RecordBatch.from_pydict({"text": texts, "language": ["en"] * len(texts)})
    parts = [measure(batch.slice(i, _BATCH)) for i in range(0, len(texts), _BATCH)]
    found = pa.Table.from_batches(parts)
    dropped = found["divergence_excess"].to_numpy() > 0
    return _Measured(found["divergence"].to_numpy(), float(dropped.mean()))


def _compare(real: _Measured, texts: Sequence[str]) -> Row:
    planted = _measure(texts)
    return {
        "real pages": len(real.values),
        "AUC": _area(real.values, planted.values),
        "median": float(np.median(planted.values)),
        "of real ones": float(np.median(real.values)),
        "dropped": planted.dropped,
        "dropped real": real.dropped,
    }


def _area(real: npt.NDArray[np.float32], planted: npt.NDArray[np.float32]) -> float:
    """How often a planted page diverges more than a real one; a tie is half a time."""
    more, equal = planted[:, None] > real[None], planted[:, None] == real[None]
    return float(more.mean() + equal.mean() / 2)
