"""fastText models beside the package `fasttext`: documents per second of one core.

Usage: `python -m benchmarks.fasttext [TEXTS] [--output FOLDER] [--only SHAPE ...]`

In: Parquet files with a column `text`; without any, documents made of the bundled sample. Their
text is cut into documents of 6 KB. Models are trained on it, with labels drawn at random: what they
answer is of no use, but they are as large, and know as many words, as those that are of use. Out: a
table, and its rows in `FOLDER/measured.json`.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import fasttext
import pyarrow as pa
import pyarrow.dataset as ds

from benchmarks.documents import make_documents
from benchmarks.extraction_tables import Table, print_table
from classifiers.fasttext_model import FastTextModel
from classifiers.normalise import normalise

Row = dict[str, Any]
_DOCUMENT_BYTES, _MOST_DOCUMENTS, _MADE = 6000, 4000, 6000
_BATCH, _TIMES = 200, 3
_PACKAGE_DOCUMENTS = 500
_SHAPES: dict[str, dict[str, Any]] = {
    "2 labels, dim 16": {"dim": 16, "bucket": 2_000_000},
    "2 labels, dim 100": {"dim": 100, "bucket": 2_000_000},
    "20 labels, dim 32": {"dim": 32, "bucket": 2_000_000, "labels": 20},
    "2 labels, 50,000 features": {"dim": 16, "bucket": 2_000_000, "cutoff": 50_000},
    "20 labels, 50,000 features": {"dim": 16, "bucket": 2_000_000, "cutoff": 50_000, "labels": 20},
}
_BUNDLED = {
    "lid.176.ftz, n-grams of characters": "lid.176.ftz",
    "toxicity.ftz, n-grams of both": "toxicity.ftz",
}


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="?", metavar="TEXTS")
    parser.add_argument("--output", type=Path, default=Path("out/fasttext"))
    parser.add_argument("--only", nargs="+", choices=[*_SHAPES, *_BUNDLED])
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    texts = read_documents(options.texts or make_documents(options.output, _MADE))
    wanted = options.only or [*_SHAPES, *_BUNDLED]
    rows = [_measure(name, _model(name, texts, options.output), texts) for name in wanted]
    print_table(Table(f"Documents of 6 KB per second of one core ({len(texts)})", rows))
    (options.output / "measured.json").write_text(json.dumps(rows, indent=1))


def read_documents(texts: Path) -> pa.StringArray:
    """All texts joined and cut again, between words or within."""
    batches = ds.dataset(texts).to_batches(columns=["text"])
    joined = b"\n".join(text.encode() for b in batches for text in b["text"].to_pylist() if text)
    ends = range(0, min(len(joined), _DOCUMENT_BYTES * _MOST_DOCUMENTS), _DOCUMENT_BYTES)
    cut = [joined[at : at + _DOCUMENT_BYTES].decode(errors="ignore") for at in ends]
    return pa.array(cut, pa.string())


def _model(name: str, texts: pa.StringArray, folder: Path) -> Path:
    if bundled := _BUNDLED.get(name):
        with resources.as_file(resources.files("classifiers.models").joinpath(bundled)) as file:
            return file
    file = folder / f"{name.replace(' ', '-').replace(',', '')}.bin"
    parameters = {**_SHAPES[name]}
    labels, cutoff = parameters.pop("labels", 2), parameters.pop("cutoff", None)
    if not file.exists():
        examples = folder / "examples.txt"
        examples.write_text("".join(_examples(texts, labels)))
        model = fasttext.train_supervised(
            str(examples), wordNgrams=2, minCount=2, epoch=1, verbose=0, **parameters
        )
        if cutoff:
            model.quantize(str(examples), cutoff=cutoff, verbose=0)
        model.save_model(str(file))
    return file


def _examples(texts: pa.StringArray, labels: int) -> Iterator[str]:
    drawn = random.Random(0)  # noqa: S311 - no secret
    for text in texts.to_pylist():
        yield f"__label__{drawn.randrange(labels)} {' '.join(text.split())}\n"


def _measure(name: str, file: Path, texts: pa.StringArray) -> Row:
    start = time.perf_counter()
    with pa.memory_map(str(file)) as mapped:
        model = FastTextModel(mapped.read_buffer())
    row: Row = {"model": name, "MB": file.stat().st_size / 1e6}
    row["s to load"] = time.perf_counter() - start
    plain = _per_second(model.probabilities, texts)
    both = _per_second(lambda batch: model.probabilities(normalise(batch)), texts)
    package = fasttext.load_model(str(file))
    theirs = _per_second(
        lambda batch: package.predict([t.replace("\n", " ") for t in batch.to_pylist()], k=-1),
        texts[:_PACKAGE_DOCUMENTS],
    )
    row |= {"fasttext": round(theirs), "ours": round(plain), "normalised first": round(both)}
    return row | {"MB of text per second": plain * texts.nbytes / len(texts) / 1e6}


def _per_second(call: Callable[[pa.StringArray], object], texts: pa.StringArray) -> float:
    call(texts[:2])
    seconds = []
    for _ in range(_TIMES):
        start = time.process_time()
        for first in range(0, len(texts), _BATCH):
            call(texts[first : first + _BATCH])
        seconds.append(time.process_time() - start)
    return len(texts) / min(seconds)


if __name__ == "__main__":
    main()
