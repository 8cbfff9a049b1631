from __future__ import annotations

import base64
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from curation.artefact import Artefact
from curation.errors import UserError
from curation.heuristics.config import HeuristicsConfig
from curation.heuristics.divergence.fit import write_reference
from curation.heuristics.divergence.kernel import NUMBER, STRETCH
from curation.heuristics.divergence.reference import check_reference, load_reference
from curation.tokens.names_kernel import name_of
from tests.heuristics.pages import PROSE, judged, only
from tests.tokens.naive import fold, words_of

RULE = only({"too_many_outlier_words": 0})
Weights = dict[str, float]


@cache
def bundled() -> list[dict[str, Any]]:
    file = resources.files("curation.heuristics.divergence").joinpath("reference.parquet")
    rows: list[dict[str, Any]] = pq.read_table(pa.BufferReader(file.read_bytes())).to_pylist()
    return rows


def key(word: str) -> str:
    """What a word counts as: numbers are one word."""
    is_number = any(c.isdigit() for c in word) and not any(c.isalpha() for c in word)
    return "0" if is_number else fold(word)


@cache
def logarithms(language: str) -> tuple[Weights, float]:
    """The smoothed logarithm of each word, and of any other, as the docstring says."""
    rows = {row["language"]: row for row in bundled()}
    row, english = rows[language], rows["en"]
    counts: Counter[str] = Counter()
    for word, count in zip(row["words"], row["counts"], strict=True):
        if len(words_of(word)) == 1:
            counts[key(word)] += count
    total = row["total"]
    if row["english_share"]:
        common: Counter[str] = Counter()
        for word, count in zip(english["words"], english["counts"], strict=True):
            if len(words_of(word)) == 1:
                common[key(word)] += count
        # As many as are mixed in, the most frequent ones first, ties by name.
        order = sorted(common, key=lambda word: (-common[word], hash_of(word)))[:5000]
        scale = row["english_share"] * total / english["total"]
        for word in order:
            counts[word] += common[word] * scale
        total *= 1 + row["english_share"]
    denominator = total + 0.5 * 2 * len(counts)
    found = {word: math.log((count + 0.5) / denominator) for word, count in counts.items()}
    return found, math.log(0.5 / denominator)


def hash_of(word: str) -> int:
    return int(NUMBER) if word == "0" else name_of(word)


def naive(text: str, language: str) -> tuple[float, list[str]]:
    """The divergence, and the words that contribute most."""
    words = words_of(text)
    known, unseen = logarithms(language)
    stretches = max(1, (len(words) + STRETCH // 2) // STRETCH)
    parts: Counter[str] = Counter()
    for number in range(stretches):
        start, end = (len(words) * n // stretches for n in (number, number + 1))
        for word, count in Counter(map(key, words[start:end])).items():
            share = count / (end - start)
            part = share * (math.log(share) - known.get(word, unseen)) / stretches
            parts[word] += part  # type: ignore[assignment]
    first = {key(word): word for word in reversed(words)}
    order = list(dict.fromkeys(map(key, words)))
    largest = sorted((w for w in order if parts[w] > 0), key=lambda w: -parts[w])[:10]
    return sum(parts.values()), [first[word] for word in largest]


def salad(words: int, language: str = "en") -> str:
    (row,) = (row for row in bundled() if row["language"] == language)
    return " ".join(random.Random(words).choices(row["words"], k=words))


TEXTS = [
    ("\n".join(PROSE), "en"),
    (" ".join(PROSE * 9) + " 1850 3.14 17", "en"),
    (salad(1000), "en"),
    ("Die Mühle dreht sich, und the wheel turns. Das Wasser kommt im Frühling.", "de"),
    (salad(500, "de"), "de"),
    ("我和他在河边看水车。水从山上来，春天很大。", "zh"),
    ("x", "en"),
]


@pytest.mark.parametrize(("text", "language"), TEXTS)
def test_the_divergence_is_that_of_the_definition(text: str, language: str) -> None:
    found = judged(text, RULE, language=language)
    divergence, outliers = naive(text, language)
    assert found["divergence"] == pytest.approx(divergence, rel=1e-5)
    assert found["outlier_words"] == outliers


def test_lines_of_code_tables_and_mathematics_do_not_count() -> None:
    text = "\n".join([*PROSE, "xq zv_b kk9 = foo", "a\tb\tc", "y = mx"])
    found = judged(text, RULE, kinds="p" * len(PROSE) + "ctm")
    assert found["divergence"] == judged("\n".join(PROSE), RULE)["divergence"]


@pytest.mark.parametrize("language", ["und", "ko", "eo"])
def test_a_language_without_a_reference_passes(language: str) -> None:
    found = judged("zq xv kj " * 90, RULE, language=language)
    assert (found["divergence"], found["drop_reason"]) == (None, None)


def mash(words: int) -> str:
    rng = random.Random(words)
    return " ".join(
        "".join(rng.choices("asdfghjkl;qwert", k=rng.randint(2, 9))) for _ in range(words)
    )


def letters(words: int) -> str:
    rng = random.Random(words)
    known = [chr(code) for code in range(0xA1, 0x3000) if chr(code).isalpha()]
    return " ".join("".join(rng.choices(known, k=rng.randint(2, 9))) for _ in range(words))


def lines_of_base64(words: int) -> str:
    rng = random.Random(words)
    return "\n".join(base64.b64encode(rng.randbytes(57)).decode() for _ in range(words))


def foreign(words: int) -> str:
    (row,) = (row for row in bundled() if row["language"] == "pl")
    return " ".join(random.Random(0).choices(row["words"], row["counts"], k=words))


def prose(words: int) -> str:
    """Of English: words as frequent as they are."""
    (row,) = (row for row in bundled() if row["language"] == "en")
    return " ".join(random.Random(words).choices(row["words"], row["counts"], k=words))


@pytest.mark.parametrize("words", [100, 300, 1000, 5000])
@pytest.mark.parametrize("planted", [mash, letters, lines_of_base64, foreign])
def test_what_is_no_english_is_dropped_at_every_length(planted: Any, words: int) -> None:
    found = judged(planted(words), RULE)
    assert found["drop_reason"] == "too_many_outlier_words"
    assert "divergence_excess" in found["detail"]
    real = judged(prose(words), RULE)
    assert real["drop_reason"] is None
    assert judged(salad(words), RULE)["divergence"] > real["divergence"] + 1


def test_forty_languages_are_bundled_with_limits() -> None:
    assert len(bundled()) >= 40
    for row in bundled():
        assert row["lengths"] == sorted(row["lengths"])
        assert row["limits"] == sorted(row["limits"], reverse=True)


def reference(path: Path, limits: Sequence[float] = (9, 9), **values: Any) -> Artefact:
    """Of English, with limits at 20 and 200 words."""
    row = {
        "language": "en",
        "words": ["mill", "the", "water"],
        "counts": [10, 80, 10],
        "total": 120,
        "english_share": 0.0,
        "lengths": [20, 200],
        "limits": limits,
        "pages": 1,
    }
    write_reference(str(path), [{**row, **values}])
    return Artefact(path=str(path))


def test_a_page_fails_just_beyond_the_limit_for_its_length(tmp_path: Path) -> None:
    text = "the mill the water the wheel " * 10
    file = reference(tmp_path / "any.parquet", [0, 0])
    divergence = judged(text, replace(RULE, reference=file))["divergence"]
    at = math.log(60 / 20) / math.log(200 / 20)  # between the lengths, by their logarithm
    for excess, reason in ((1e-4, "too_many_outlier_words"), (-1e-4, None)):
        limits = [divergence - excess + at, divergence - excess + at - 1]
        file = reference(tmp_path / f"{excess}.parquet", limits)
        found = judged(text, replace(RULE, reference=file))
        assert found["divergence_excess"] == pytest.approx(excess, abs=1e-5)
        assert found["drop_reason"] == reason
    assert judged("zq " * 20, replace(RULE, reference=file))["drop_reason"] is not None
    assert judged("zq " * 19, replace(RULE, reference=file))["divergence_excess"] is None


def test_counts_are_smoothed_by_half_a_word(tmp_path: Path) -> None:
    config = HeuristicsConfig(reference=reference(tmp_path / "r.parquet"))
    found = judged("the zq", config)["divergence"]
    denominator = 120 + 0.5 * 2 * 3
    expected = [0.5 * (math.log(0.5) - math.log(n / denominator)) for n in (80.5, 0.5)]
    assert found == pytest.approx(sum(expected), rel=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        {"counts": [1, 2]},
        {"lengths": [], "limits": []},
        {"lengths": [20, 20]},
        {"lengths": [0, 20]},
        {"total": 99},
        {"counts": [-1, 80, 10]},
        {"words": [], "counts": []},
    ],
)
def test_a_reference_with_numbers_that_cannot_be_is_refused(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    with pytest.raises(UserError, match="is not what 'curate fit' makes"):
        check_reference(reference(tmp_path / "r.parquet", **values))


def test_other_files_are_no_references(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        check_reference(Artefact(path=str(tmp_path / "none.parquet")))
    (tmp_path / "text").write_text("words")
    with pytest.raises(UserError, match="is not what 'curate fit' makes"):
        check_reference(Artefact(path=str(tmp_path / "text")))
    pq.write_table(pa.table({"language": ["en"]}), tmp_path / "other.parquet")
    with pytest.raises(UserError, match="is not what 'curate fit' makes"):
        check_reference(Artefact(path=str(tmp_path / "other.parquet")))


def test_other_languages_keep_the_bundled_reference(tmp_path: Path) -> None:
    config = HeuristicsConfig(prose=RULE.prose, reference=reference(tmp_path / "r.parquet"))
    german = "Der Müller geht mit dem Korn in die Mühle und das Rad dreht sich im Bach. " * 4
    english = "\n".join(PROSE)
    ours, bundled = (
        [judged(text, c, language=code)["divergence"] for code, text in pages]
        for pages in [(("de", german), ("en", english))]
        for c in (config, RULE)
    )
    assert ours[0] == bundled[0]
    assert ours[1] != bundled[1]


def test_a_pinned_file_that_changes_is_refused(tmp_path: Path) -> None:
    pinned = reference(tmp_path / "r.parquet").pinned()
    assert load_reference(pinned).languages["en"] == 0
    reference(tmp_path / "r.parquet", [8, 8])
    with pytest.raises(UserError, match="its sha256 is another"):
        pinned.read()
    assert np.isfinite(load_reference(pinned).limits_at(np.array([0]), np.array([30]))).all()


def test_words_in_the_reference_are_not_rare() -> None:
    """The words of each language, as its own lexicon and rules cut them."""
    for row in bundled():
        single = pc.sum(pa.array([len(words_of(word)) == 1 for word in row["words"][::40]])).as_py()
        assert single > 0.8 * len(row["words"][::40])
