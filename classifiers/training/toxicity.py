"""Makes `models/toxicity.ftz`.

`python -m classifiers.training.toxicity DATA --output classifiers/models/toxicity.ftz`

In: the data folder, as `toxicity_data` reads it. Out: a fastText classifier with the labels `toxic`
and `safe`, quantised. The same data and packages give the same bytes on the same kind of processor:
one thread, one seed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import fasttext

from classifiers.training.toxicity_data import Example, read_examples

_PARAMETERS = {
    "loss": "softmax",
    "dim": 16,
    "epoch": 50,
    "lr": 0.1,
    "minCount": 2,
    "wordNgrams": 2,
    "minn": 3,
    "maxn": 5,
    "bucket": 200_000,
    "thread": 1,
    "seed": 1,
    "verbose": 0,
}
_FEATURES = 70_000  # that are left after quantisation
_CHARACTERS, _HAN_CHARACTERS = 200, 140  # of a stretch; Han characters stand between blanks


def main() -> None:
    """Trains on everything, and writes the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    train(read_examples(options.data), options.output)
    print(f"sha256 {hashlib.sha256(options.output.read_bytes()).hexdigest()}", file=sys.stderr)


def train(examples: Iterable[Example], output: Path) -> None:
    """Writes the model of these examples."""
    examples = list(examples)
    lines = [f"__label__{e.label} {e.text}\n" for e in (*examples, *_joined(examples))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "examples.txt"
        file.write_text("".join(sorted(lines)), encoding="utf-8")
        model = fasttext.train_supervised(str(file), **_PARAMETERS)
        model.quantize(
            str(file), cutoff=_FEATURES, retrain=True, epoch=3, lr=0.1, thread=1, verbose=0
        )
    model.save_model(str(output))


def _joined(examples: Iterable[Example]) -> Iterator[Example]:
    """Short texts of one kind after each other, as long as the stretches that pages are read in."""
    ordered = sorted(examples, key=lambda e: (e.source, e.language, e.label, e.kind, e.fold))
    for _, group in groupby(ordered, lambda e: (e.source, e.language, e.label, e.kind, e.fold)):
        held: list[Example] = []
        for example in group:
            held.append(example)
            size = _HAN_CHARACTERS if example.language == "zh" else _CHARACTERS
            text = " ".join(e.text for e in held)
            if len(text) >= size:
                if len(held) > 1:
                    yield replace(example, text=text)
                held = []


if __name__ == "__main__":
    main()
