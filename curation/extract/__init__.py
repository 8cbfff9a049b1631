"""Extraction: HTML in, text out."""

from __future__ import annotations

from curation.extract.extract import Extracted, extract
from curation.extract.page import ExtractionError

__all__ = ["Extracted", "ExtractionError", "extract"]
