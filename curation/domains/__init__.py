"""Domains: whether a page is general, mathematics, code, or in another language."""
