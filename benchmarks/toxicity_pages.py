"""Toxicity of whole pages: real ones, which are benign but for a few, and ones with planted abuse.

In: the texts of `benchmarks.heuristics.texts`, with what `pages.jsonl.gz` says of each. Out: rows
of tables. Pages that the bundled model was trained on are left out.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.fasttext_model import FastTextModel
from classifiers.toxicity import (
    LANGUAGES,
    TOXIC,
    measure_toxicity,
    score_stretches,
    stretches,
    toxicity,
)
from classifiers.training.toxicity_data import Example, free_pages, without_copies

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
_THRESHOLDS = (0.2, 0.3, 0.5)
_WORST = 60
_PLANTED, _STRETCHES = 500, 16
_SHARES = (1.0, 0.5, 0.25)
_STRETCH_CHARACTERS = 200
_NO_WEB = ("debdoc", "udhr-html", "math-demos")
_FOLD = 0


def beside_real(real: Floats, toxic: Floats) -> float:
    """The area under the ROC curve: how often a toxic one is over a real one; ties half."""
    ranked = np.sort(real)
    below = np.searchsorted(ranked, toxic, "left") + np.searchsorted(ranked, toxic, "right")
    return float(below.mean() / 2 / len(real))


def real_pages(data: Path, texts: pa.Table) -> Iterator[Row]:
    """Pages by source and by language, and how many are over each threshold."""
    pages = _judged(data, texts)
    for column in ("source", "language"):
        for name in sorted(set(pages[column].to_pylist())):
            yield _count(name, pages.filter(pc.equal(pages[column], name)))
    yield _count("all", pages)


def _count(name: str, pages: pa.Table) -> Row:
    found = pages["toxicity"].to_numpy()
    row: Row = {"pages": name, "number": len(found), "median": float(np.median(found))}
    return row | {f"over {limit}": int((found > limit).sum()) for limit in _THRESHOLDS}


def worst(data: Path, texts: pa.Table) -> Iterator[Row]:
    """The pages with the highest toxicity, to be looked at."""
    pages = _judged(data, texts).sort_by([("toxicity", "descending")]).slice(0, _WORST)
    for page in pages.to_pylist():
        start = " ".join(page["text"][:60].split())
        yield {
            "toxicity": page["toxicity"],
            "language": page["language"],
            "characters": len(page["text"]),
            "url": page["url"][:70],
            "text": start,
        }


def planted(
    data: Path,
    examples: Sequence[Example],
    texts: pa.Table,
    train: Callable[[Iterable[Example]], FastTextModel],
) -> Iterator[Row]:
    """Pages of 16 stretches of which some are tweets or comments that the model has not seen."""
    held = [e for e in examples if e.fold == _FOLD]
    model = train(without_copies((e for e in examples if e.fold != _FOLD), held))
    pages = _judged(data, texts)
    on_web = pc.invert(pc.is_in(pages["source"], pa.array(_NO_WEB)))
    pages = pages.filter(pc.and_(on_web, pc.equal(pages["language"], "en")))
    real = [found for text in pages["text"].to_pylist() if (found := list(stretches(text, "en")))]
    of_real = _means(model, real)
    rng = random.Random(0)  # noqa: S311 - pages to look at, no secrets
    for source in ("davidson", "surge"):
        abuse = _joined([e.text for e in held if e.source == source and e.label == TOXIC])
        for share in _SHARES:
            made = _means(model, [_page(rng, abuse, real, share) for _ in range(_PLANTED)])
            row: Row = {"abuse": source, "share": share, "AUC": beside_real(of_real, made)}
            row |= {f"over {limit}": float((made > limit).mean()) for limit in _THRESHOLDS}
            yield row
    yield {"abuse": "none", "share": 0.0, "AUC": None} | {
        f"over {limit}": float((of_real > limit).mean()) for limit in _THRESHOLDS
    }


def _page(
    rng: random.Random, abuse: Sequence[str], real: Sequence[Sequence[str]], share: float
) -> list[str]:
    host = rng.choice(real)
    return [
        rng.choice(abuse) if rng.random() < share else rng.choice(host) for _ in range(_STRETCHES)
    ]


def _joined(texts: Sequence[str]) -> list[str]:
    """Texts after each other, as long as stretches."""
    joined, held = [], ""
    for text in texts:
        held = f"{held} {text}"
        if len(held) >= _STRETCH_CHARACTERS:
            joined.append(held)
            held = ""
    return joined


def _means(model: FastTextModel, pages: Sequence[Sequence[str]]) -> Floats:
    scores = np.nan_to_num(score_stretches(model, [s for page in pages for s in page]))
    starts = np.cumsum([0, *(len(page) for page in pages[:-1])])
    means: Floats = np.add.reduceat(scores, starts) / [len(page) for page in pages]
    return means


def speed(_: Path, texts: pa.Table) -> Iterator[Row]:
    """All pages of a language at once, after a first one that loads the model."""
    toxicity()
    for language in ("en", "de", "zh"):
        found = texts.filter(pc.equal(texts["language"], language)).combine_chunks()
        pages, languages = found["text"].combine_chunks(), [language] * found.num_rows
        start = time.process_time()
        measure_toxicity(pages, languages)
        spent = time.process_time() - start
        megabytes = pc.sum(pc.binary_length(pages)).as_py() / 1e6
        yield {
            "language": language,
            "pages": len(pages),
            "MB": megabytes,
            "MB/s": megabytes / spent,
        }


def _judged(data: Path, texts: pa.Table) -> pa.Table:
    """`texts` in the model's languages with `url`, `source` and `toxicity`."""
    with gzip.open(data / "pages.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = {page["record_id"]: page for page in map(json.loads, lines)}
    seen = {page["record_id"] for page in free_pages(data)}
    kept = [
        record in known and record not in seen and language in LANGUAGES
        for record, language in zip(
            texts["record_id"].to_pylist(), texts["language"].to_pylist(), strict=True
        )
    ]
    texts = texts.filter(pa.array(kept)).combine_chunks()
    for name in ("url", "source"):
        values = [known[record][name] for record in texts["record_id"].to_pylist()]
        texts = texts.append_column(name, pa.array(values, pa.string()))
    found = measure_toxicity(texts["text"].combine_chunks(), texts["language"].to_pylist())
    texts = texts.append_column("toxicity", found)
    return texts.filter(pc.is_valid(texts["toxicity"]))
