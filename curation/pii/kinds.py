"""The kinds of personal data and secrets that are looked for, and what is found of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class PiiType(StrEnum):
    """Every kind; where spans overlap and score alike, the earlier kind is taken."""

    PRIVATE_KEY = "PRIVATE_KEY"
    API_KEY = "API_KEY"
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    CREDIT_CARD = "CREDIT_CARD"
    CRYPTO_ADDRESS = "CRYPTO_ADDRESS"
    US_SSN = "US_SSN"
    NATIONAL_ID = "NATIONAL_ID"
    PASSPORT = "PASSPORT"
    IP_ADDRESS = "IP_ADDRESS"
    PHONE = "PHONE"
    PERSON = "PERSON"


class Span(NamedTuple):
    """`text[start:end]` is of `type`, with a score from 0 to 1."""

    start: int
    end: int
    type: PiiType
    score: float
