"""Extraction: HTML in, text out."""

from __future__ import annotations

from curation.extract.extract import Extracted, ExtractionError, extract, extract_batch

__all__ = ["Extracted", "ExtractionError", "extract", "extract_batch"]
