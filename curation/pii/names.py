"""Persons, by spaCy models through Presidio: for recipes that can pay for it.

A model reads some 30 KB of text per second; everything else in this package reads some 50 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from curation.pii.find import settle
from curation.pii.kinds import PiiType, Span

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

_MOST = 100_000
"""Characters at a time: spaCy needs about 1 GB for 100,000."""


def prepare() -> None:
    """Imports spaCy whole: models may need PyTorch, without which checks would import it."""
    import spacy  # noqa: F401


def find_persons(
    texts: pa.StringArray,
    languages: Sequence[str | None],
    spans: Sequence[list[Span]],
    models: Mapping[str, str],
) -> list[list[Span]]:
    """`spans` with those of persons beside them, in texts whose language has a model."""
    found = []
    for text, language, of_text in zip(texts, languages, spans, strict=True):
        if language and language in models and text.is_valid:
            found.append(settle([*of_text, *_persons(text.as_py(), language, models[language])]))
        else:
            found.append(of_text)
    return found


def _persons(text: str, language: str, model: str) -> list[Span]:
    analyzer, found, start = _analyzer(language, model), [], 0
    while start < len(text):
        end = _end_of_part(text, start)
        results = analyzer.analyze(text[start:end], language, entities=["PERSON"])
        found += [
            Span(start + result.start, start + result.end, PiiType.PERSON, round(result.score, 2))
            for result in results
        ]
        start = end
    return found


def _end_of_part(text: str, start: int) -> int:
    """Behind the last line break that is near enough."""
    end = start + _MOST
    if end >= len(text):
        return len(text)
    return text.rfind("\n", start, end) + 1 or end


@cache
def _analyzer(language: str, model: str) -> AnalyzerEngine:
    """Loaded once per process."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    registry = RecognizerRegistry(supported_languages=[language])
    registry.add_recognizer(SpacyRecognizer(supported_language=language))
    engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": model}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])
