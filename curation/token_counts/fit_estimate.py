"""Fits the estimate of tokens per language: finished runs and sentences in, `estimate.json` out.

    python -m curation.token_counts.fit_estimate RUN... --sentences sentences.jsonl.gz

Sentences have `lang`, `kind` and `text`; ten of a language make a page, for languages of which
there are few real ones. A rate is all tokens over all bytes of the half of the pages that a hash
chooses, so that sums come out right; the other half is left for `benchmarks/token_counts.py`.
Nothing but rates is kept of any text.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curation.language.identify import UNDETERMINED
from curation.parts import read_documents
from curation.token_counts.estimate import FILE, TOKENIZER, Rates, script_of
from curation.token_counts.open import open_tokenizer

_PER_PAGE = 10
_FEW_PAGES, _LEAST_PAGES = 40, 10
_ROUTES = ("code", "math")
_NAMES = ("language", "route", "text")
_AS_LID_HAS_IT = {"nb": "no"}
PAGES = pa.schema(
    [
        ("language", pa.string()),
        ("route", pa.string()),
        ("text_bytes", pa.int64()),
        ("tokens", pa.int32()),
        ("is_held_out", pa.bool_()),
        ("is_real", pa.bool_()),
    ]
)


def main() -> None:
    """Reads, counts, fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--sentences", required=True)
    arguments = parser.parse_args()
    rates = fit(counted(arguments.runs, arguments.sentences))
    text = json.dumps(asdict(rates), indent=1, sort_keys=True)
    Path(__file__).with_name(FILE).write_text(f"{text}\n")


def counted(runs: Sequence[str], sentences: str) -> pa.Table:
    """A row of `PAGES` per page."""
    tokenizer, found = open_tokenizer(TOKENIZER), []
    for is_real, batch in _texts(runs, sentences):
        texts = batch.column("text")
        held_out = [xxhash.xxh3_64_intdigest(text.encode()) % 2 == 1 for text in texts.to_pylist()]
        columns = {
            "language": batch.column("language"),
            "route": batch.column("route"),
            "text_bytes": pc.binary_length(texts).cast(pa.int64()),
            "tokens": tokenizer.count(texts),
            "is_held_out": pa.array(held_out),
            "is_real": pa.array([is_real] * len(texts)),
        }
        found.append(pa.RecordBatch.from_pydict(columns, PAGES))
    return _without_few(pa.Table.from_batches(found, PAGES))


def _texts(runs: Sequence[str], sentences: str) -> Iterator[tuple[bool, pa.RecordBatch]]:
    for run in runs:
        for batch in read_documents(run, _NAMES):
            yield True, batch.filter(pc.is_valid(batch.column("text")))
    with gzip.open(sentences, "rt") as lines:
        every = [row for row in map(json.loads, lines) if row["kind"] == "sentences"]
    rows = sorted((_AS_LID_HAS_IT.get(row["lang"], row["lang"]), row["text"]) for row in every)
    known = (row for row in rows if is_label(row[0]))
    for name, of_language in groupby(known, key=lambda row: row[0]):
        found = [text for _, text in of_language]
        pages = ["\n".join(found[at : at + _PER_PAGE]) for at in range(0, len(found), _PER_PAGE)]
        columns = [[name] * len(pages), ["prose"] * len(pages), pages]
        arrays = [pa.array(column, pa.string()) for column in columns]
        yield False, pa.RecordBatch.from_arrays(arrays, names=[*_NAMES])


def _without_few(pages: pa.Table) -> pa.Table:
    """Real pages of languages that have enough, sentences of the others."""
    real = pages.filter(pages["is_real"])
    numbers = real.group_by("language").aggregate([([], "count_all")])
    enough = numbers.filter(pc.greater_equal(numbers["count_all"], _FEW_PAGES))["language"]
    has_enough = pc.is_in(pages["language"], enough.combine_chunks())
    return pages.filter(pc.equal(pages["is_real"], has_enough))


def fit(pages: pa.Table) -> Rates:
    """The rates of the half that is not held out."""
    pages = pages.filter(pc.invert(pages["is_held_out"]))
    prose = pages.filter(pc.equal(pages["route"].combine_chunks().fill_null("prose"), "prose"))
    summed = prose.group_by("language").aggregate(
        [("tokens", "sum"), ("text_bytes", "sum"), ([], "count_all")]
    )
    languages = {
        row["language"]: _rate(row["tokens_sum"], row["text_bytes_sum"])
        for row in summed.to_pylist()
        if row["count_all"] >= _LEAST_PAGES and is_label(row["language"])
    }
    scripts: dict[str, list[float]] = {}
    for language, rate in languages.items():
        scripts.setdefault(script_of(language) or "", []).append(rate)
    middle = {script: round(median(rates), 1) for script, rates in scripts.items() if script}
    rates = Rates(languages, middle, {})
    return Rates(languages, middle, {route: _factor(pages, route, rates) for route in _ROUTES})


def is_label(language: str | None) -> bool:
    """Whether documents can be in it, by lid.176."""
    return language == UNDETERMINED or script_of(language or "") is not None


def _rate(tokens: int, text_bytes: int) -> float:
    return round(1000 * tokens / text_bytes, 1)


def _factor(pages: pa.Table, route: str, rates: Rates) -> float:
    """How many times the tokens that pages of this route would have as prose; 1 where few are."""
    rows = pages.filter(pc.equal(pages["route"], route))
    if rows.num_rows < _LEAST_PAGES:
        return 1.0
    as_prose = rates.estimate(
        rows["language"].combine_chunks(), rows["text_bytes"].combine_chunks()
    )
    return round(float(np.sum(rows["tokens"].to_numpy()) / np.sum(as_prose.to_numpy())), 3)


if __name__ == "__main__":
    main()
