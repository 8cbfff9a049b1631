"""What the toxicity model is trained on: labelled texts, in folds that share nothing.

In: the data folder (`safety/` and benign texts). Out: `Example`s, each text of a language once.
Invariant: texts of one functionality of HateCheck, or of one page, are in the same fold; what is
nearly a text of another fold is left out by `without_copies`.

Sources: HateCheck (Röttger et al. 2021) and Multilingual HateCheck (2022), CC BY 4.0; Davidson et
al. 2017, MIT; Surge AI's toxicity set, MIT; GSM8K, MIT; Presidio's synthetic texts, MIT; sentences
of the Leipzig Corpora (Goldhahn et al. 2012), CC BY, and of Project Gutenberg's books; Debian's
manuals, DFSG-free; translations of the Universal Declaration of Human Rights.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash
from fastwarc.warc import ArchiveIterator

from classifiers.toxicity import LANGUAGES, SAFE, TOXIC, normalise, stretches

FOLDS = 4
_CODES = {
    "arabic": "ar",
    "dutch": "nl",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "mandarin": "zh",
    "polish": "pl",
    "portuguese": "pt",
    "spanish": "es",
}
_HATECHECK = {"hateful": TOXIC, "non-hateful": SAFE}
_OF_DAVIDSON = ("hate_speech", "offensive_language", "neither")
_RETWEET = re.compile(r"\bRT\b")
_EVERY_SENTENCE = 1
_EVERY_OFFENSIVE = 3  # there would be more of these tweets than of all else
_EVERY_MANUAL, _STRETCHES_OF_PAGE = 4, 12
_BINS = 8192
_SAME = 0.5  # of the trigrams of two texts


@dataclass(frozen=True)
class Example:
    """A text, its label, and where it is from."""

    text: str
    label: str
    language: str
    source: str
    fold: int
    kind: str = ""  # the functionality of HateCheck
    template: str = ""  # of English HateCheck, that of its unperturbed form


def read_examples(data: Path) -> list[Example]:
    """All of them, each text of a language once, normalised."""
    raw = [*_hatecheck(data), *_davidson(data), *_surge(data), *_sentences(data), *_pages(data)]
    texts = normalise(pa.array([example.text for example in raw])).to_pylist()
    seen: dict[tuple[str, str], Example] = {}
    for example, text in zip(raw, texts, strict=True):
        clean = " ".join(text.split())
        if clean:
            seen.setdefault((example.language, clean), replace(example, text=clean))
    return list(seen.values())


def without_copies(examples: Iterable[Example], held_out: Iterable[Example]) -> list[Example]:
    """Those that are not nearly one of `held_out`: functionalities vary each other's templates."""
    of_language: dict[str, list[Example]] = {}
    for example in held_out:
        if example.source.endswith("hatecheck"):
            of_language.setdefault(example.language, []).append(example)
    kept: list[Example] = []
    others: dict[str, list[Example]] = {}
    for example in examples:
        is_case = example.source.endswith("hatecheck") and example.language in of_language
        (others.setdefault(example.language, []) if is_case else kept).append(example)
    for language, found in others.items():
        nearest = _overlap(_trigrams(found), _trigrams(of_language[language])).max(axis=1)
        kept.extend(e for e, near in zip(found, nearest, strict=True) if near < _SAME)
    return kept


def _trigrams(examples: Iterable[Example]) -> npt.NDArray[np.float32]:
    rows = []
    for example in examples:
        text = f" {example.text} "
        row = np.zeros(_BINS, np.float32)
        row[[_hash(text[i : i + 3]) % _BINS for i in range(len(text) - 2)]] = 1
        rows.append(row)
    return np.array(rows)


def _overlap(
    ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Jaccard's index of each of ours with each of theirs."""
    common = ours @ theirs.T
    return common / (ours.sum(axis=1)[:, None] + theirs.sum(axis=1)[None] - common)


def _hatecheck(data: Path) -> Iterator[Example]:
    english = _read(data / "safety" / "hatecheck.dev.jsonl.gz")
    others = _read(data / "safety" / "multilingual_hatecheck.dev.jsonl.gz")
    cases = [
        *(
            (r["test_case"], r["label_gold"], "en", r["functionality"], _template(r))
            for r in english
        ),
        *((r["text"], r["label"], _CODES[r["lang"]], r["functionality"], "") for r in others),
    ]
    # As many functionalities of each label in each fold.
    groups = sorted({(label, kind) for _, label, _, kind, _ in cases})
    folds = {group: number % FOLDS for number, group in enumerate(groups)}
    for text, label, language, kind, template in cases:
        source = "hatecheck" if language == "en" else "multilingual hatecheck"
        fold = folds[label, kind]
        yield Example(text, _HATECHECK[label], language, source, fold, kind, template)


def _template(row: dict[str, Any]) -> str:
    return row["ref_templ_id"] or row["templ_id"]


def _davidson(data: Path) -> Iterator[Example]:
    """Those that all who labelled them found clean, or none did."""
    for row in _read(data / "safety" / "davidson_tweets.dev.jsonl.gz"):
        hate, offensive, neither = (int(row[name]) for name in _OF_DAVIDSON)
        if not neither or not hate + offensive:
            text = _RETWEET.sub(" ", html.unescape(row["tweet"]))
            label = SAFE if neither else TOXIC
            if neither or hate or _hash(text) % _EVERY_OFFENSIVE == 0:
                yield Example(text, label, "en", "davidson", _fold(text))


def _surge(data: Path) -> Iterator[Example]:
    for row in _read(data / "safety" / "surge_toxicity_en.dev.jsonl.gz"):
        label = TOXIC if row["is_toxic"] == "Toxic" else SAFE
        yield Example(row["text"], label, "en", "surge", _fold(row["text"]))


def _sentences(data: Path) -> Iterator[Example]:
    for row in _read(data / "decontam" / "gsm8k_test.jsonl.gz"):
        yield Example(row["question"], SAFE, "en", "gsm8k", _fold(row["question"]))
    for row in _read(data / "neardup" / "pan_paraphrase_train.jsonl.gz"):
        if _hash(row["a"]) % _EVERY_SENTENCE == 0:
            yield Example(row["a"], SAFE, "en", "gutenberg", _fold(row["a"]))
    for name in ("generated_large", "synth_v2"):
        for row in _read(data / "pii" / f"presidio_{name}.dev.jsonl.gz"):
            yield Example(row["text"], SAFE, "en", "presidio", _fold(row["template"]))
    for row in _read(data / "lid" / "lingua_testdata.dev.jsonl.gz"):
        if row["lang"] in LANGUAGES and row["kind"] == "sentences":
            yield Example(row["text"], SAFE, row["lang"], "leipzig", _fold(row["text"]))


def _pages(data: Path) -> Iterator[Example]:
    for record_id, language, source, text in read_free_pages(data):
        for number, stretch in enumerate(stretches(text, language)):
            if number < _STRETCHES_OF_PAGE:
                yield Example(stretch, SAFE, language, source, _fold(record_id))


def read_free_pages(data: Path) -> Iterator[tuple[str, str, str, str]]:
    """Of pages with free licences: record, language, source and text."""
    # Whoever scores has no need of lxml and trafilatura.
    from curation.extract.extract import extract
    from curation.ingest.charset import find_charset

    wanted = {page["record_id"]: page for page in free_pages(data)}
    for source in sorted({page["source"] for page in wanted.values()}):
        with (data / "warc" / f"{source}.warc.gz").open("rb") as stream:
            for record in ArchiveIterator(stream):
                if page := wanted.get(record.headers.get("WARC-Record-ID") or ""):
                    body = record.reader.read()
                    found = extract(body, url=page["url"], charset=find_charset(body))
                    yield page["record_id"], page["lang_detected"], source, found.text


def free_pages(data: Path) -> Iterator[dict[str, Any]]:
    """Translations of the declaration in our languages, and every so many pages of manuals."""
    for page in _read(data / "pages.jsonl.gz"):
        drawn = _hash(page["id"]) % _EVERY_MANUAL == 0
        if page["lang_detected"] in LANGUAGES and (
            page["source"] == "udhr-html" or (page["source"] == "debdoc" and drawn)
        ):
            yield page


def _fold(text: str) -> int:
    return _hash(text) % FOLDS


def _hash(text: str) -> int:
    return int(xxhash.xxh32_intdigest(text.encode("utf-8", "surrogatepass")))


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
