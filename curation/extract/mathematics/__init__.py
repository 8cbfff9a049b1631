"""Formulas on a page, as TeX, however they were written."""

from __future__ import annotations

from curation.extract.mathematics.find import find_formulas

__all__ = ["find_formulas"]
