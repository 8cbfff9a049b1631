"""Measure token counts: speed beside plain calls of the libraries, and how far the estimate is off.

    python -m benchmarks.token_counts RUN... --sentences sentences.jsonl.gz [--tokenizer FILE]

In: finished runs, and sentences as `curation.token_counts.fit_estimate` reads them. Speeds are of
one core, over the texts of the runs; `--tokenizer` is a `tokenizer.json` that is measured as well.
Errors are those on the half of the pages that the estimate was not fitted on: of each page, the
median and the 90th percentile of what it is off; of all together, the bias.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from tokenizers import Tokenizer as HuggingFace

from benchmarks.extraction_tables import Table, print_table
from curation.language.identify import UNDETERMINED
from curation.parts import read_documents
from curation.token_counts.estimate import TOKENIZER, bundled_rates, estimate, script_of
from curation.token_counts.fit_estimate import counted
from curation.token_counts.known import add_tokens
from curation.token_counts.open import open_tokenizer
from schemas.keys import KEYS

Count = Callable[[pa.StringArray], pa.Int32Array]
_TEXTS_AT_ONCE = 1024
_OF_ESTIMATE = ("language", "text_bytes", "route")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--sentences", required=True)
    parser.add_argument("--tokenizer", metavar="FILE")
    arguments = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    print_table(_speeds(arguments.runs, arguments.tokenizer))
    pages = counted(arguments.runs, arguments.sentences)
    print_table(_errors(pages.filter(pages["is_held_out"])))
    print_table(_errors_by_input(arguments.runs))


def _speeds(runs: Sequence[str], tokenizer: str | None) -> Table:
    batches = [b for run in runs for b in read_documents(run, ["language", "text"])]
    every = pa.concat_arrays([batch.column("text").drop_null() for batch in batches])
    is_english = [pc.equal(batch.column("language"), "en") for batch in batches]
    english = pa.concat_arrays(
        [b.column("text").filter(one) for b, one in zip(batches, is_english, strict=True)]
    )
    rows = []
    for name in (TOKENIZER, *([tokenizer] if tokenizer else [])):
        plain = _plain_library(name)
        for what, texts in (("all", every), ("English", english)):
            ours = open_tokenizer(name)
            ours.count(texts[:1])  # compiles
            own, own_s = _timed(ours.count, texts)
            its, its_s = _timed(plain, texts)
            if own != its:
                raise ValueError(f"{name}: {own} tokens counted, {its} by the library")
            size = pc.sum(pc.binary_length(texts)).as_py() / 1e6
            speeds = {"MB/s": size / own_s, "MB/s of the library": size / its_s}
            rows.append({"Tokenizer": name.rsplit("/", 1)[-1], "Texts": what, "MB": size, **speeds})
    return Table("Speed", rows)


def _plain_library(name: str) -> Count:
    """A call of the library for each text, as its documentation has it."""
    if not name.endswith(".json"):
        count = open_tokenizer(name).library.count
        return lambda texts: pa.array(count(texts.to_pylist()), pa.int32())
    library = HuggingFace.from_file(name)
    library.no_padding()
    library.no_truncation()
    library.encode_special_tokens = True

    def count_each(texts: pa.StringArray) -> pa.Int32Array:
        made = (library.encode(text, add_special_tokens=False) for text in texts.to_pylist())
        return pa.array([len(one) for one in made], pa.int32())

    return count_each


def _timed(count: Count, texts: pa.StringArray) -> tuple[int, float]:
    """All tokens, and the CPU seconds that it took."""
    started, tokens = time.process_time(), 0
    for at in range(0, len(texts), _TEXTS_AT_ONCE):
        tokens += pc.sum(count(texts[at : at + _TEXTS_AT_ONCE])).as_py()
    return tokens, time.process_time() - started


def _errors(pages: pa.Table) -> Table:
    columns = (pages[name].combine_chunks() for name in ("language", "text_bytes", "route"))
    found = pages.append_column("estimate", estimate(*columns))
    rows = [
        _row("all real pages", found.filter(found["is_real"])),
        _row("of route code", found.filter(pc.equal(found["route"], "code"))),
    ]
    for is_real, of_what in ((True, "pages"), (False, "sentences")):
        some = found.filter(pc.equal(found["is_real"], is_real))
        counts = some["language"].value_counts().to_pylist()
        for language in sorted(one["values"] for one in counts if one["values"]):
            of_it = some.filter(pc.equal(some["language"], language))
            rows.append(_row(f"{language} ({of_what})", of_it))
    return Table("The estimate", [*rows, _not_fitted(found)])


def _errors_by_input(runs: Sequence[str]) -> Table:
    """Of runs that have counted, by their keys: also of inputs that were not extracted."""
    rows = []
    for run in runs:
        keys = ds.dataset(Path(run, KEYS.name), format="parquet").to_table(
            columns=["input", "drop_reason", "tokens", *_OF_ESTIMATE]
        )
        keys = keys.filter(pc.and_(keys["drop_reason"].is_null(), keys["tokens"].is_valid()))
        batches = keys.combine_chunks().to_batches()
        estimates = [add_tokens(batch, None, None).column("tokens") for batch in batches]
        found = keys.append_column("estimate", pa.chunked_array(estimates, pa.int32()))
        rows += [
            _row(f"input {name}", found.filter(pc.equal(found["input"], name)))
            for name in sorted(set(found["input"].to_pylist()))
        ]
    return Table("The estimate, by input of runs that have counted", rows)


def _not_fitted(pages: pa.Table) -> dict[str, Any]:
    """What the sums of languages are off that are left out of the fit, by their script."""
    rates, biases = bundled_rates(), []
    for language in sorted(set(pages["language"].to_pylist()) & rates.languages.keys()):
        others = {one: rate for one, rate in rates.languages.items() if one != language}
        alike = [rate for one, rate in others.items() if script_of(one) == script_of(language)]
        if alike and language != UNDETERMINED:
            biases.append(median(alike) / rates.languages[language] - 1)
    off = np.abs(biases)
    middle, most = np.quantile(off, [0.5, 0.9]).tolist()
    named = {"Language": "sums of languages that are not fitted", "Pages": len(biases)}
    return {**named, "Median": middle, "90 %": most, "Bias": float(np.mean(biases))}


def _row(name: str, pages: pa.Table) -> dict[str, Any]:
    estimates, tokens = pages["estimate"].to_numpy(), pages["tokens"].to_numpy()
    off = np.abs(estimates - tokens) / np.maximum(tokens, 1)
    bias = estimates.sum() / max(1, tokens.sum()) - 1
    middle, most = np.quantile(off, [0.5, 0.9]).tolist()
    named = {"Language": name, "Pages": pages.num_rows}
    return {**named, "Median": middle, "90 %": most, "Bias": float(bias)}


if __name__ == "__main__":
    main()
