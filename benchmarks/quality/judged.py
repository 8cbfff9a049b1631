"""The bundled quality score beside what costs nothing, on 248 pages whose quality people judged.

In: a data folder with `quality/`. Out: rows of tables. Pages of even number were looked at while
the model was made, those of odd number were not: figures are for all, and for each half.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import rankdata

from classifiers.evaluate import auc, auc_difference
from classifiers.fasttext_model import FastTextModel
from classifiers.model import Model, Texts, read_description
from curation.dedup.keys import _cheap_quality
from curation.heuristics.batch import filter_batch, measure
from curation.heuristics.config import HeuristicsConfig

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
OURS = "quality"
_SECONDS = 2.0


@dataclass(frozen=True)
class Judged:
    """Texts, which of them people found good, and what each measure says of them."""

    texts: pa.StringArray
    good: npt.NDArray[np.bool_]
    measures: Mapping[str, Floats]

    @property
    def log_length(self) -> Floats:
        """Of characters."""
        return np.log(self.measures["length"])


def read_judged(data: Path, model: Model) -> Judged:
    """All of them, with our score and the baselines."""
    file = next((data / "quality").glob("*.jsonl.gz"))
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    texts = pa.array([page["text"] for page in pages], pa.string())
    good = np.array([page["label"] == 1 for page in pages])
    return Judged(texts, good, {OURS: _ours(model, texts), **_baselines(texts)})


def _ours(model: Model, texts: pa.StringArray) -> Floats:
    found = model.probabilities(Texts(texts), pa.array(["en"] * len(texts)))[:, 0]
    return np.nan_to_num(found.astype(np.float64))


def _baselines(texts: pa.StringArray) -> dict[str, Floats]:
    languages = pa.array(["en"] * len(texts))
    batch = pa.RecordBatch.from_pydict({"text": texts, "language": languages})
    measured = measure(batch)
    unjudged = {"drop_reason": pa.nulls(len(texts), pa.string())}
    unjudged["detail"] = pa.nulls(len(texts), pa.string())
    for name, column in unjudged.items():
        batch = batch.append_column(name, column)
    judged = filter_batch(batch, config=HeuristicsConfig())
    kept = judged.column("drop_reason").is_null()
    found = {
        "length": np.array([len(text) for text in texts.to_pylist()], np.float64),
        "words": _column(measured, "n_words"),
        "stop words": _column(measured, "n_stop_words"),
        "share of terminal lines": _column(measured, "terminal_lines_ratio"),
        "kept by the rules of Gopher and others": kept.to_numpy(zero_copy_only=False),
        "cheap quality": _cheap_quality(measured).to_numpy(zero_copy_only=False),
    }
    return {name: np.nan_to_num(values.astype(np.float64)) for name, values in found.items()}


def _column(measured: pa.RecordBatch, name: str) -> Floats:
    return measured.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)


def areas(judged: Judged) -> Iterator[Row]:
    """Each measure: its area, and by how much ours is larger on the same pages."""
    even = np.arange(len(judged.good)) % 2 == 0
    for name, values in judged.measures.items():
        yield {
            "measure": name,
            "AUC": str(auc(values, judged.good)),
            "ours more by": _more(judged, values) if name != OURS else "",
            "even half": f"{auc(values[even], judged.good[even]).value:.3f}",
            "odd half": f"{auc(values[~even], judged.good[~even]).value:.3f}",
        }


def _more(judged: Judged, values: Floats) -> str:
    return str(auc_difference(judged.measures[OURS], values, judged.good))


def beside_length(judged: Judged) -> Iterator[Row]:
    """Whether the score is length: areas within thirds of length, without it, and with it."""
    ours, good = judged.measures[OURS], judged.good
    third = rankdata(judged.log_length, "ordinal") * 3 // (len(good) + 1)
    for number, name in enumerate(("shortest third", "middle third", "longest third")):
        yield _within(name, judged, third == number)
    everything = np.ones(len(good), bool)
    odds = np.log((ours + 1e-6) / (1 - ours + 1e-6))
    slope, shift = np.polyfit(judged.log_length, odds, 1)
    rest = odds - slope * judged.log_length - shift
    yield _row("quality less what length explains of it", rest, good, everything)
    both = rankdata(ours) + rankdata(judged.log_length)
    yield _row("mean of the ranks of quality and length", both, good, everything)
    more = auc_difference(both, judged.measures["length"], good)
    yield _said("these two more than length by", len(good), str(more))
    related = np.corrcoef(rankdata(ours), rankdata(judged.log_length))[0, 1]
    yield _said("rank correlation of quality with length", len(good), f"{related:.2f}")


def _within(name: str, judged: Judged, rows: npt.NDArray[np.bool_]) -> Row:
    found = _row(name, judged.measures[OURS], judged.good, rows)
    return found | {"length's AUC": str(auc(judged.log_length[rows], judged.good[rows]))}


def _row(
    name: str, values: Floats, good: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_]
) -> Row:
    return _said(name, int(rows.sum()), str(auc(values[rows], good[rows])))


def _said(what: str, pages: int, figure: str) -> Row:
    return {"what": what, "pages": pages, "AUC": figure, "length's AUC": ""}


def speed(judged: Judged, model: Model, content: bytes) -> Iterator[Row]:
    """Documents per second of processor time: normalising, and scoring what is normalised."""
    languages = pa.array(["en"] * len(judged.texts))
    normalised = Texts(judged.texts).normalised
    bare = FastTextModel(content)
    work = {
        "normalise and score": lambda: model.probabilities(Texts(judged.texts), languages),
        "score": lambda: bare.probabilities(normalised),
    }
    size = judged.texts.nbytes / len(judged.texts)
    for name, one in work.items():
        one()  # compiles
        start, rounds = time.process_time(), 0
        while (spent := time.process_time() - start) < _SECONDS:
            one()
            rounds += 1
        rate = rounds * len(judged.texts) / spent
        yield {"work": name, "documents/s": round(rate), "MB/s": f"{rate * size / 1e6:.1f}"}


def load(folder: Path) -> tuple[Model, bytes]:
    """The model `quality` of a folder, and its file."""
    content = (folder / "quality.ftz").read_bytes()
    return Model(read_description((folder / "quality.json").read_bytes()), content), content
