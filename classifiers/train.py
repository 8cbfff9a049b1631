"""Training: labelled texts in, a fastText file out.

Invariant: the same examples, in whatever order, give the same bytes on the same kind of processor:
one thread, one seed, sorted lines. Source: Joulin et al., Bag of Tricks for Efficient Text
Classification (2016), and FastText.zip (2016) for how a model is quantised.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import fasttext
import xxhash

PARAMETERS: Mapping[str, object] = {
    "loss": "softmax",
    "dim": 16,
    "epoch": 10,
    "lr": 0.2,
    "minCount": 3,
    "wordNgrams": 2,
    "minn": 0,
    "maxn": 0,
    "bucket": 500_000,
    "thread": 1,
    "seed": 1,
    "verbose": 0,
}
"""Of models whose texts are normalised: words and pairs of words."""
_RETRAIN = {"retrain": True, "epoch": 3, "lr": 0.1, "thread": 1, "verbose": 0}


def train(
    examples: Iterable[tuple[str, str]],
    *,
    parameters: Mapping[str, object] = {},
    features: int | None = None,
) -> bytes:
    """The model of these (label, text); texts as they are scored, such as `normalise` makes them.

    `parameters` are fastText's, in place of `PARAMETERS`. `features` words and pairs of words are
    left after quantisation; None: it is not quantised. Raises `ValueError` without two labels.
    """
    lines = sorted(f"__label__{label} {' '.join(text.split())}\n" for label, text in examples)
    if len({line.split(" ", 1)[0] for line in lines}) < 2:
        raise ValueError("to train a model takes examples of two labels at least")
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder) / "examples.txt", Path(folder) / "model"
        file.write_text("".join(_spread(lines)), encoding="utf-8")
        model = fasttext.train_supervised(str(file), **{**PARAMETERS, **parameters})
        if features is not None:
            model.quantize(str(file), cutoff=features, **_RETRAIN)
        model.save_model(str(output))
        return output.read_bytes()


def _spread(lines: list[str]) -> Iterable[str]:
    """In an order in which labels alternate: training goes once through them, per epoch."""
    of_label: dict[str, list[str]] = {}
    for line in lines:
        of_label.setdefault(line.split(" ", 1)[0], []).append(line)
    places = [
        ((number + 0.5) / len(found), label, line)
        for label, found in of_label.items()
        for number, line in enumerate(_shuffled(found))
    ]
    return (line for _, _, line in sorted(places))


def _shuffled(lines: list[str]) -> list[str]:
    """By a hash, so that neighbours of one source do not stand together."""
    return [line for _, line in sorted((_hash(line), line) for line in lines)]


def _hash(line: str) -> int:
    return xxhash.xxh64_intdigest(line.encode())
