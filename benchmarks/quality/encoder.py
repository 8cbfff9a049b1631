"""The bundled encoder's heads on the pages by which the fastText models are measured.

In: a data folder, and judged pages of `judged`, `domains` and `topics`. Out: rows of tables, each
with the fastText model's figure on the same pages. English pages alone: the heads know no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.heuristics.texts import load_texts
from benchmarks.quality import domains, judged, topics
from classifiers.encoder.checkpoint import open_checkpoint
from classifiers.encoder.model import EncoderModel, read_encoder_description
from classifiers.evaluate import auc, auc_difference, f1
from classifiers.model import Texts
from curation.domains.config import DomainsConfig

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
NAME = "minilm"
_ENGLISH = "en"


def load(folder: Path) -> EncoderModel:
    """The bundled model; on the CPU, so that figures are the same everywhere."""
    described = read_encoder_description((folder / f"{NAME}.json").read_bytes())
    content = (folder / f"{NAME}.safetensors").read_bytes()
    checkpoint = open_checkpoint(described.encoder)
    return EncoderModel(described, checkpoint, content, device="cpu", precision="fp32")


def run(data: Path, output: Path, models: Path, pages: judged.Judged) -> Mapping[str, list[Row]]:
    """Tables by title; texts are made below `output`, or were."""
    model = load(models)
    texts = load_texts(data, output)
    return {
        "Encoder: quality beside human judgement": list(quality(model, pages)),
        "Encoder: scores of code and mathematics": list(scores(model, data, texts)),
        "Encoder: topics": list(of_topics(model, data, models)),
    }


def quality(model: EncoderModel, pages: judged.Judged) -> Iterator[Row]:
    """The area of each, and by how much the encoder's is larger."""
    heads = model.probabilities(pages.texts.to_pylist(), [_ENGLISH] * len(pages.texts))
    found = _column(heads, "quality")
    ours = pages.measures[judged.OURS]
    yield {
        "model": "fastText",
        "pages": len(found),
        "AUC": str(auc(ours, pages.good)),
        "more than fastText by": "",
    }
    yield {
        "model": "encoder",
        "pages": len(found),
        "AUC": str(auc(found, pages.good)),
        "more than fastText by": str(auc_difference(found, ours, pages.good)),
    }


def scores(model: EncoderModel, data: Path, texts: pa.Table) -> Iterator[Row]:
    """Areas, and F1 at 0.5, on English pages that surely are of a domain or are not."""
    english = texts.filter(pc.equal(texts["language"], _ENGLISH))
    named = domains.judge(data, english, config=DomainsConfig())
    kept = domains.judged_texts(data, english)["text"].to_pylist()
    heads = model.probabilities(kept, [_ENGLISH] * len(kept))
    for name in ("code", "math"):
        sure = [
            row
            for row, page in enumerate(named)
            if name not in page.allowed or len(page.allowed) == 1
        ]
        true = np.array([name in named[row].allowed for row in sure])
        by_encoder = _column(heads, name)[sure]
        by_fasttext = np.array([getattr(named[row], name) for row in sure], np.float64)
        for title, values in (("fastText", by_fasttext), ("encoder", by_encoder)):
            yield {
                "head": name,
                "model": title,
                "pages": len(sure),
                "of them": int(true.sum()),
                "AUC": str(auc(values, true)),
                "F1 at 0.5": str(f1(values >= 0.5, true).f1),
            }


def of_topics(model: EncoderModel, data: Path, models: Path) -> Iterator[Row]:
    """How many are right, by group of pages."""
    for title, scorer in (("fastText", topics.load(models)), ("encoder", _Topics(model))):
        for row in topics.accuracy(topics.judge(data, scorer)):
            yield {"model": title, **row}


class _Topics:
    """The head of topics as `topics.judge` takes a model."""

    def __init__(self, model: EncoderModel) -> None:
        self._model = model
        self.labels = model.labels("topics")

    def probabilities(self, texts: Texts, languages: pa.StringArray) -> npt.NDArray[np.float32]:
        """As `Model` gives them."""
        return self._model.probabilities(texts.plain, languages.to_pylist())["topics"]


def _column(heads: Mapping[str, npt.NDArray[np.float32]], name: str) -> Floats:
    return np.nan_to_num(heads[name][:, 0].astype(np.float64))
