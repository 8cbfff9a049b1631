"""Why a page is not in the shards: one enum, spelled as the failure, in the order of stages.

A page's drop reason is the first that applies. Each reason belongs to one stage; `technical`
reasons say that a page could not be read, not that it is unwanted, so such a fetch does not count
as a version of its URL when the newest version is kept.
"""

from __future__ import annotations

from enum import StrEnum


class DropReason(StrEnum):
    """Every reason, grouped by stage; the order is the order in which they are tested."""

    # ingest: told by the record and its headers, before any HTML is parsed
    MALFORMED_RECORD = "malformed_record"
    INCOMPLETE_RECORD = "incomplete_record"
    TRUNCATED_RECORD = "truncated_record"
    REDIRECT = "redirect"
    ERROR_STATUS = "error_status"
    NOT_HTML = "not_html"
    BODY_TOO_LARGE = "body_too_large"
    UNDECODABLE_BODY = "undecodable_body"
    EMPTY_BODY = "empty_body"
    # extract
    EXTRACTION_FAILED = "extraction_failed"
    EXTRACTION_TIMEOUT = "extraction_timeout"
    EXTRACTION_MEMORY = "extraction_memory"
    EXTRACTION_CRASHED = "extraction_crashed"
    NO_TEXT = "no_text"
    # heuristics: Gopher quality
    TOO_FEW_WORDS = "too_few_words"
    TOO_MANY_WORDS = "too_many_words"
    WORDS_TOO_SHORT = "words_too_short"
    WORDS_TOO_LONG = "words_too_long"
    TOO_MANY_HASHES = "too_many_hashes"
    TOO_MANY_ELLIPSES = "too_many_ellipses"
    TOO_MANY_BULLET_LINES = "too_many_bullet_lines"
    TOO_MANY_ELLIPSIS_LINES = "too_many_ellipsis_lines"
    TOO_FEW_ALPHABETIC_WORDS = "too_few_alphabetic_words"
    TOO_FEW_STOP_WORDS = "too_few_stop_words"
    # dedup
    REPEATED_RECORD = "repeated_record"
    OLDER_VERSION = "older_version"


TECHNICAL = frozenset(
    {
        DropReason.MALFORMED_RECORD,
        DropReason.INCOMPLETE_RECORD,
        DropReason.TRUNCATED_RECORD,
        DropReason.REDIRECT,
        DropReason.ERROR_STATUS,
        DropReason.UNDECODABLE_BODY,
        DropReason.EXTRACTION_FAILED,
        DropReason.EXTRACTION_TIMEOUT,
        DropReason.EXTRACTION_MEMORY,
        DropReason.EXTRACTION_CRASHED,
    }
)
