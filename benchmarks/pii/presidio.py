"""Plain Presidio: its own patterns on a blank spaCy pipeline, without a model and the network.

All recognizers of the entities below are told that they know English, so that those of other
countries see every text too. Lower-case tokens stand for the lemmas that a blank pipeline does not
have: Presidio looks for context words among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer import predefined_recognizers as predefined
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from benchmarks.pii.engines import Find, Text
from curation.pii.kinds import PiiType, Span

_NATIONAL = (
    "AuMedicare AuTfn CaSin DeSocialSecurity DeTaxId EsNie EsNif FiPersonalIdentityCode InAadhaar"
    " InPan ItFiscalCode KrRrn NgNin PlPesel SePersonnummer SgFin ThTnin TrNationalId UkNino UsItin"
    " ZaIdNumber"
)
_PASSPORTS = "Us Uk Es It De In Kr Ph Za"
ENTITIES: dict[str, PiiType] = {
    "EMAIL_ADDRESS": PiiType.EMAIL,
    "PHONE_NUMBER": PiiType.PHONE,
    "IP_ADDRESS": PiiType.IP_ADDRESS,
    "CREDIT_CARD": PiiType.CREDIT_CARD,
    "IBAN_CODE": PiiType.IBAN,
    "CRYPTO": PiiType.CRYPTO_ADDRESS,
    "US_SSN": PiiType.US_SSN,
}
"""By Presidio's name; those of countries join when the recognizers are made."""
_GENERIC = ("Email", "Phone", "Ip", "CreditCard", "Iban", "Crypto", "UsSsn")


def presidio(min_score: float, *, of_countries: bool = True) -> Find:
    """With a threshold on its scores; without recognizers of countries it is faster."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    types = dict(ENTITIES)
    recognizers = [_make(name) for name in _GENERIC]
    countries = ((name, PiiType.NATIONAL_ID) for name in ("Nhs", *_NATIONAL.split()))
    passports = ((f"{code}Passport", PiiType.PASSPORT) for code in _PASSPORTS.split())
    for name, kind in (*countries, *passports) if of_countries else ():
        recognizer = _make(name)
        recognizers.append(recognizer)
        types |= dict.fromkeys(recognizer.supported_entities, kind)
    analyzer = AnalyzerEngine(
        registry=RecognizerRegistry(recognizers),
        nlp_engine=BlankEngine(),
        supported_languages=["en"],
        default_score_threshold=min_score,
    )
    names = list(types)

    def find(texts: Sequence[Text]) -> list[list[Span]]:
        return [
            [
                Span(result.start, result.end, types[result.entity_type], result.score)
                for result in analyzer.analyze(text.text, "en", entities=names)
            ]
            for text in texts
        ]

    return find


def _make(name: str) -> EntityRecognizer:
    found: EntityRecognizer = getattr(predefined, f"{name}Recognizer")(supported_language="en")
    return found


class BlankEngine(NlpEngine):
    """Tokens and nothing else."""

    def __init__(self) -> None:
        self._pipeline = spacy.blank("en")
        self._pipeline.max_length = 100_000_000

    def load(self) -> None:
        """Is loaded."""

    def is_loaded(self) -> bool:
        """Always."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """The tokens of a text."""
        tokens = self._pipeline.make_doc(text)
        return NlpArtifacts(
            entities=[],
            tokens=tokens,
            tokens_indices=[token.idx for token in tokens],
            lemmas=[token.lower_ for token in tokens],
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002
        n_process: int = 1,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Text by text."""
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
        """By spaCy's English list."""
        return bool(self._pipeline.vocab[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        """By spaCy."""
        return bool(self._pipeline.vocab[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        """None: it has no model."""
        return []

    def get_supported_languages(self) -> list[str]:
        """English, whatever the text."""
        return ["en"]
