"""What the toxicity model is worth: the figures of `classifiers/models/toxicity.md`.

Usage: `python -m benchmarks.toxicity DATA_DIR [--output FOLDER] [--only NAME ...]`

In: the folder that the model was trained from. Out: tables, and all rows in `FOLDER/measured.json`.
Texts are judged by models of the same recipe that saw neither them nor near copies; real pages, and
pages in which abuse was planted, by the bundled model, and those that it was trained on are left
out. A model takes half a minute to train, ten are needed; pages are extracted once.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.extraction_tables import Table, print_table
from benchmarks.heuristics.texts import load_texts
from benchmarks.toxicity_pages import beside_real, planted, real_pages, speed, worst
from classifiers.fasttext_model import FastTextModel
from classifiers.toxicity import TOXIC, score_stretches
from classifiers.training.toxicity import train
from classifiers.training.toxicity_data import FOLDS, Example, read_examples, without_copies

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
_THRESHOLD = 0.5  # of one text
_FIGURES = ("AUC", "+-", "precision", "recall", "wrongly toxic")


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--output", type=Path, default=Path("out/toxicity"))
    parser.add_argument("--only", nargs="+", choices=_TABLES, default=list(_TABLES))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    examples = read_examples(options.data)
    texts = load_texts(options.data, options.output) if {*options.only} & _OF_PAGES else None
    measured = {}
    for name in options.only:
        title, make = _TABLES[name]
        measured[name] = list(make(options.data, examples, texts))
        print_table(Table(title, measured[name]))
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1))


def unseen(examples: Sequence[Example]) -> Iterator[Row]:
    """By source and by language: functionalities of HateCheck, and other texts, of other folds."""
    held: list[Example] = []
    scores: list[float] = []
    for fold in range(FOLDS):
        found = [e for e in examples if e.fold == fold]
        scores += _held_out(examples, found).tolist()
        held += found
    yield from _tell(held, np.array(scores), lambda e: e.source)
    yield from _tell(held, np.array(scores), lambda e: f"{e.language}, all sources")


def left_out(examples: Sequence[Example]) -> Iterator[Row]:
    """Whole sources, and templates of English HateCheck whose functionality is known."""
    groups = {
        "surge": [e for e in examples if e.source == "surge"],
        "davidson": [e for e in examples if e.source == "davidson"],
        "surge and davidson": [e for e in examples if e.source in ("surge", "davidson")],
        "both hatechecks": [e for e in examples if e.source.endswith("hatecheck")],
        "a quarter of English templates": [
            e for e in examples if e.template and int(e.template) % 4 == 0
        ],
    }
    for name, held in groups.items():
        yield _row(name, held, _held_out(examples, held))


def _held_out(examples: Iterable[Example], held: Sequence[Example]) -> Floats:
    """The scores of texts by a model that was trained without them."""
    apart = set(held)
    model = _train(without_copies((e for e in examples if e not in apart), held))
    return np.nan_to_num(score_stretches(model, [e.text for e in held]))


def _train(examples: Iterable[Example]) -> FastTextModel:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.ftz"
        train(examples, file)
        return FastTextModel(file.read_bytes())


def _tell(
    held: Sequence[Example], scores: Floats, group_of: Callable[[Example], str]
) -> Iterator[Row]:
    groups = [group_of(example) for example in held]
    for group in sorted(set(groups)):
        at = [n for n, name in enumerate(groups) if name == group]
        yield _row(group, [held[n] for n in at], scores[at])


def _row(name: str, held: Sequence[Example], scores: Floats) -> Row:
    is_toxic = np.array([example.label == TOXIC for example in held])
    toxic, safe = scores[is_toxic], scores[~is_toxic]
    row: Row = dict.fromkeys(("texts", "toxic", "safe", *_FIGURES))
    row |= {"texts": name, "toxic": len(toxic), "safe": len(safe)}
    if len(toxic) and len(safe):
        area, error = _area(toxic, safe)
        called = scores > _THRESHOLD
        row |= {"AUC": area, "+-": 1.96 * error, "precision": float(is_toxic[called].mean())}
    if len(toxic):
        row["recall"] = float((toxic > _THRESHOLD).mean())
    if len(safe):
        row["wrongly toxic"] = float((safe > _THRESHOLD).mean())
    return row


def _area(toxic: Floats, safe: Floats) -> tuple[float, float]:
    """The area under the ROC curve and its standard error (Hanley and McNeil 1982)."""
    area = beside_real(safe, toxic)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (len(toxic) - 1) * (one - area**2) + (len(safe) - 1) * (two - area**2)
    return area, math.sqrt((area * (1 - area) + spread) / (len(toxic) * len(safe)))


_Make = Callable[[Path, Sequence[Example], pa.Table], Iterable[Row]]
_TABLES: dict[str, tuple[str, _Make]] = {
    "unseen": ("Texts of unseen functionalities and pages", lambda _, e, __: unseen(e)),
    "left_out": ("Sources that the model has not seen", lambda _, e, __: left_out(e)),
    "pages": ("Real pages over a threshold", lambda d, _, t: real_pages(d, t)),
    "worst": ("The most toxic of them", lambda d, _, t: worst(d, t)),
    "planted": ("Abuse planted in real English pages", lambda d, e, t: planted(d, e, t, _train)),
    "speed": ("MB of text per second of one core", lambda d, _, t: speed(d, t)),
}
_OF_PAGES = {"pages", "worst", "planted", "speed"}


if __name__ == "__main__":
    main()
