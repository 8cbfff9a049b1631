"""Makes the bundled models `code` and `math`.

python -m classifiers.training.domains CACHE --output classifiers/models

In: the packages of `domains.yaml`, which CACHE keeps. Out: for each model its file, a description
and a card. Figures of the cards and the curves that make scores probabilities are those of models
that were trained without the source they are asked about.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers.calibrate import ALL, platt
from classifiers.card import Card, describe, table, write
from classifiers.evaluate import auc, f1
from classifiers.fasttext_model import FastTextModel
from classifiers.train import train
from classifiers.training.domain_made import MADE, read_made
from classifiers.training.domain_pages import FOLDS, Source, Stretch, read_sources, read_stretches

FEATURES: int | None = 60_000
PARAMETERS = {"code": {"epoch": 10, "minCount": 5}, "math": {"epoch": 5, "minCount": 5}}
OTHER = "other"


@dataclass(frozen=True)
class Domain:
    """A model to make: its label, and what its card says of it."""

    name: str
    title: str
    tells: str
    limits: str


_LIMITS = """
- It learnt from documentation, not from crawled pages. Shops, forums and news are hardly in it,
  or (for `code`) made by rule; what it says of real ones was measured on pages, not learnt: F1 .88
  for code and .92 for mathematics, with the rule of domains (BENCHMARKS.md).
- The tables above are of short stretches, called at 0.5; the rule of domains has other borders.
  Short prose in Chinese, sayings above all, is often taken for code; help of spreadsheets, tables
  of numbers and headers of mathematical libraries for mathematics; formal proofs and notebooks are
  missed. Mathematics of the web, apart from manuals, is hardly in what was measured.
- Of what it learnt from far more is of the domain than of a crawl: a score is a probability for
  pages as they are in the packages. Thresholds are set on pages.
- English most of all; {languages}. Other languages it knows by symbols and by the shape of lines.
"""
DOMAINS = (
    Domain(
        "code",
        "Code",
        "How probable it is that a page is about programming: source code, interfaces and "
        "commands, configuration, technical documentation that mixes code with prose. Software "
        "without code (handbooks of programs with windows, news, adverts, descriptions) counts as "
        "other.",
        _LIMITS.format(
            languages="manual pages in German, French, Spanish, Italian, Polish, Portuguese, "
            "Russian, Japanese and Chinese, and translated documentation"
        ),
    ),
    Domain(
        "math",
        "Mathematics",
        "How probable it is that a page is mathematics: formulas, proofs, statistics, algorithms "
        "of computer algebra and numerics with what they compute. Numbers as such (prices, "
        "results, accounts) count as other.",
        _LIMITS.format(
            languages="manuals of mathematical programs in German, French, Spanish, Italian, "
            "Portuguese, Russian, Japanese and other languages"
        ),
    ),
)


def main() -> None:
    """The two models, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("cache", type=Path, help="a folder that keeps what is downloaded")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    sources = read_sources()
    stretches = [found for source in sources for found in read_stretches(source, given.cache)]
    stretches += read_made(given.cache)
    for domain in DOMAINS:
        make(domain, sources, stretches, given.output)


def make(
    domain: Domain, sources: Sequence[Source], stretches: Sequence[Stretch], output: Path
) -> None:
    """Writes the files of one model."""
    told = [stretch for stretch in stretches if getattr(stretch, domain.name) is not None]
    true = np.array([bool(getattr(stretch, domain.name)) for stretch in told])
    raw = held_out_scores(domain.name, told)
    curve = platt(raw, true)
    scores = curve.apply(raw)
    content = train_model(domain.name, told)
    described = describe(
        domain.name, content, labels=[domain.name], languages=None, calibration={ALL: curve}
    )
    card = Card(
        title=f"{domain.title} ({domain.name})",
        tells=domain.tells,
        made_by="python -m classifiers.training.domains CACHE --output classifiers/models",
        licence="that of the project; the texts it learnt from have the licences below",
        sections={
            "Sources it was not trained on": _figures(told, true, scores),
            "Limits": domain.limits,
            "Data": _data(sources, told),
        },
    )
    write(output, domain.name, content, described, card)


def train_model(name: str, stretches: Sequence[Stretch]) -> bytes:
    """The quantised model of these."""
    examples = [(name if getattr(of, name) else OTHER, of.text) for of in stretches]
    return train(examples, parameters=PARAMETERS[name], features=FEATURES)


def held_out_scores(name: str, stretches: Sequence[Stretch]) -> npt.NDArray[np.float32]:
    """The raw score of each, by a model of the sources in other folds."""
    folds = np.array([stretch.fold for stretch in stretches])
    scores = np.zeros(len(stretches), np.float32)
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        content = train_model(name, [of for of in stretches if of.fold != fold])
        texts = pa.array([stretches[row].text for row in rows.tolist()], pa.string())
        scores[rows] = raw_scores(content, name, texts)
    return scores


def raw_scores(content: bytes, name: str, texts: pa.StringArray) -> npt.NDArray[np.float32]:
    """Without a curve; 0 where no word is known."""
    model = FastTextModel(content)
    return np.nan_to_num(model.probabilities(texts)[:, model.labels.index(name)])


def _figures(
    stretches: Sequence[Stretch], true: npt.NDArray[np.bool_], scores: npt.NDArray[np.float32]
) -> str:
    found = f1(scores >= 0.5, true)
    names = np.array([stretch.source for stretch in stretches], object)
    rows = []
    for name in sorted(set(names.tolist())):
        of_source = names == name
        right = (scores[of_source] >= 0.5) == true[of_source]
        rows.append(
            (name, int(of_source.sum()), f"{true[of_source].mean():.2f}", f"{right.mean():.3f}")
        )
    return (
        f"{len(stretches):,} stretches of text, each scored by a model that was trained without "
        f"its source (three folds by source): F1 {found.f1}, precision {found.precision:.3f}, "
        f"recall {found.recall:.3f}, area under the curve {auc(scores, true)}. By source, at "
        "0.5:\n\n" + table(("Source", "Stretches", "Of the domain", "Right"), rows)
    )


def _data(sources: Sequence[Source], stretches: Sequence[Stretch]) -> str:
    counts: dict[str, int] = {}
    for stretch in stretches:
        counts[stretch.source] = counts.get(stretch.source, 0) + 1
    rows = [
        (source.package.name, counts[source.name], source.package.licence)
        for source in sources
        if source.name in counts
    ]
    return (
        "Packages of PyPI, npm and Debian; addresses and checksums are in "
        "`classifiers/training/domains.yaml`.\n\n"
        + table(("Package", "Stretches", "Licence"), rows)
        + _made(counts)
    )


def _made(counts: Mapping[str, int]) -> str:
    made = sum(count for source, count in counts.items() if source.startswith(MADE))
    told = (
        f"\n\n{made:,} stretches are prose and made pages of the web, none of them code, as the "
        "model `quality` learns from; their packages and licences are in "
        "`classifiers/training/quality.yaml`."
    )
    return told if made else ""


if __name__ == "__main__":
    main()
