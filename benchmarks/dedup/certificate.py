"""Does the certificate's interval hold the truth? Many seeded runs of corpora that are known.

Usage: `python -m benchmarks.dedup.certificate OUTPUT [--runs 100] [--documents 10000]`

Each run has families of some 750 pages that are similar by 0.5 to 0.95, another seed for all, and a
certificate of 100 pages. The truth is that of the whole corpus: of planted pages by the
distribution of equal minima, of pages that went or stay by comparing all with all. Printed is in
how many runs the interval held it; then what the certificate costs a run of so many documents.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql import SparkSession
from scipy.stats import binom

from benchmarks.dedup.corpus import make_corpus
from benchmarks.dedup.small import number_of, write_run
from curation.dedup.certificate.jaccard import jaccard
from curation.dedup.certificate.rates import rates
from curation.dedup.config import CertificateConfig, DedupConfig
from curation.dedup.minhash import MinHashParams, shingle_sets
from curation.dedup.stage import deduplicate
from curation.parts import Parts
from curation.session import session
from curation.tables import read_file
from schemas.verdict import VERDICT

_FAMILIES, _PAGES = 300, 100
_LANGUAGES = ("en", "en", "en", "en", "en", "de")
_NEAR = 0.01  # how far a planted similarity is from its name at most
Quantity = tuple[str, float | None]


@dataclass(frozen=True)
class Family:
    """Pages `first` to `last` - 1 share the first words."""

    first: int
    last: int


def draw_corpus(dice: np.random.Generator) -> tuple[list[str], list[Family]]:
    """Texts and their families, of which no two have a word in common."""
    texts: list[str] = []
    families = []
    for _ in range(_FAMILIES):
        members, shingles = int(dice.integers(1, 5)), int(dice.integers(40, 300))
        similarity = dice.uniform(0.5, 0.95)
        shared = round(2 * shingles * similarity / (1 + similarity))
        start = _words(dice, shared + 4)
        families.append(Family(len(texts), len(texts) + members))
        texts += [" ".join(start + _words(dice, shingles - shared)) for _ in range(members)]
    return texts, families


def _words(dice: np.random.Generator, number: int) -> list[str]:
    return [f"w{word}" for word in dice.integers(0, 2**62, number).tolist()]


def truth(
    sets: Sequence[npt.NDArray[np.uint64]],
    families: Sequence[Family],
    gone: Mapping[int, int],
    config: DedupConfig,
) -> dict[Quantity, float]:
    """Each share over the whole corpus; `gone` has the keeper of each page that went."""
    if config.near is None or config.certificate is None:
        raise ValueError("there is nothing to be certified")
    near, found = config.near, dict[Quantity, float]()
    for similarity in config.certificate.similarities:
        lengths = np.array([len(shingles) for shingles in sets])
        replaced = np.rint(lengths * (1 - similarity) / (1 + similarity))
        exact = (lengths - replaced) / (lengths + replaced)
        exact = exact[np.abs(exact - similarity) <= _NEAR]
        of_each = np.array([probabilities(index, near) for index in exact.tolist()])
        found["met", similarity], found["found", similarity] = of_each.mean(axis=0)
    wrong = [jaccard(sets[page], sets[keeper]) < near.threshold for page, keeper in gone.items()]
    found["false_removals", None] = float(np.mean(wrong))
    missed = set()
    for family in families:
        kept = [page for page in range(family.first, family.last) if page not in gone]
        for a, b in combinations(kept, 2):
            same = _LANGUAGES[a % len(_LANGUAGES)] == _LANGUAGES[b % len(_LANGUAGES)]
            if same and jaccard(sets[a], sets[b]) >= near.threshold:
                missed |= {a, b}
    found["missed", None] = len(missed) / (len(sets) - len(gone))
    return found


def probabilities(index: float, params: MinHashParams) -> tuple[float, float]:
    """That two pages of this Jaccard index meet; that they meet and are estimated as similar.

    Minima are equal each with the probability `index`; pages meet where all of a band are.
    """
    if params.n > params.bands * params.rows:
        raise ValueError("for signatures that bands use up")
    apart = np.ones(1)  # the probability of so many equal minima, and no band in which all are
    of_band = binom.pmf(np.arange(params.rows + 1), params.rows, index)
    of_band[-1] = 0
    for _ in range(params.bands):
        apart = np.convolve(apart, of_band)
    least = int(np.ceil(params.threshold * params.n))
    similar = binom.sf(least - 1, params.n, index)
    return 1 - apart.sum(), max(0.0, similar - apart[least:].sum())


def run_once(spark: SparkSession, folder: Path, seed: int) -> Iterator[dict[str, Any]]:
    """A row for each rate of the certificate: whether it held, its share and the truth."""
    shutil.rmtree(folder, ignore_errors=True)
    certificate = CertificateConfig(pages=_PAGES)
    near = MinHashParams(seed=seed)
    config = DedupConfig(near=near, lines=None, certificate=certificate)
    texts, families = draw_corpus(np.random.default_rng(seed))
    parts = write_run(folder, texts, config, splits=2, languages=_LANGUAGES)
    found = deduplicate(spark, parts, config, pages=len(texts), documents=len(texts))
    shingles = shingle_sets(pa.array(texts), config.near or MinHashParams())
    sets = [np.frombuffer(value.as_buffer(), "<u8") for value in shingles]
    true = truth(sets, families, _gone(parts, found.files), config)
    for rate in rates(found.checks, certificate.confidence):
        if (rate.kind, rate.similarity) in true:
            share = true[rate.kind, rate.similarity]
            yield {**vars(rate), "true": share, "held": rate.lower <= share <= rate.upper}


def _gone(parts: Parts, files: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The keeper of each page that went, by number."""
    gone: dict[int, int] = {}
    for file in files:
        if file["table"] == VERDICT.name:
            rows = read_file(parts.folder, file).read(columns=["doc_id", "keeper"])
            pages, keepers = (number_of(column.to_pylist()).tolist() for column in rows.columns)
            gone |= dict(zip(pages, keepers, strict=True))
    return gone


def cost(spark: SparkSession, folder: Path, documents: int) -> Iterator[dict[str, Any]]:
    """Seconds of deduplication with and without the certificate, in turns, of one corpus."""
    texts = ds.dataset(make_corpus(folder, documents)).to_table(["text"])["text"].to_pylist()
    config = DedupConfig()
    parts = write_run(folder / "cost", texts, config, splits=4)
    for repeat in range(3):
        for name, wanted in (("with", config), ("without", replace(config, certificate=None))):
            began_s = time.monotonic()
            deduplicate(spark, parts, wanted, pages=documents, documents=documents)
            yield {"repeat": repeat, "certificate": name, "s": time.monotonic() - began_s}
    shutil.rmtree(folder / "cost")


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--documents", type=int, default=10_000, help="of the run that is timed")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows: dict[Quantity, list[dict[str, Any]]] = defaultdict(list)
    with session({"spark.master": "local[2]", "spark.sql.shuffle.partitions": "2"}) as spark:
        for seed in range(1, options.runs + 1):
            for row in run_once(spark, options.output / "run", seed):
                rows[row["kind"], row["similarity"]].append(row)
        _print_coverage(rows)
        print("\n| repeat | certificate | s |\n|--:|:--|--:|")
        for timed in cost(spark, options.output, options.documents):
            print(f"| {timed['repeat']} | {timed['certificate']} | {timed['s']:.1f} |", flush=True)


def _print_coverage(rows: Mapping[Quantity, Sequence[Mapping[str, Any]]]) -> None:
    print("| rate | similarity | runs | interval held | mean share | mean truth | mean width |")
    print("|:--|--:|--:|--:|--:|--:|--:|")
    for (kind, similarity), of in rows.items():
        share, true = (float(np.mean([row[name] for row in of])) for name in ("share", "true"))
        width = float(np.mean([row["upper"] - row["lower"] for row in of]))
        held = sum(row["held"] for row in of)
        figures = f"{share:.4f} | {true:.4f} | {width:.3f}"
        print(f"| {kind} | {similarity or ''} | {len(of)} | {held} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
