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
    BLOCKED_HOST = "blocked_host"
    BLOCKED_URL = "blocked_url"
    # extract
    EXTRACTION_FAILED = "extraction_failed"
    EXTRACTION_TIMEOUT = "extraction_timeout"
    EXTRACTION_MEMORY = "extraction_memory"
    EXTRACTION_CRASHED = "extraction_crashed"
    NO_TEXT = "no_text"
    # pii
    TOO_MANY_NUMBERS = "too_many_numbers"  # to look at each for personal data
    TOO_MUCH_PII = "too_much_pii"
    # safety
    OPTED_OUT = "opted_out"
    TOO_TOXIC = "too_toxic"
    # heuristics: how much text there is
    TOO_MANY_LINES = "too_many_lines"  # to measure it
    TOO_FEW_WORDS = "too_few_words"
    TOO_MANY_WORDS = "too_many_words"
    TOO_FEW_WORDS_LEFT = "too_few_words_left"
    TOO_FEW_SENTENCES = "too_few_sentences"
    # heuristics: what words, lines and characters it is made of
    WORDS_TOO_SHORT = "words_too_short"
    WORDS_TOO_LONG = "words_too_long"
    TOO_MANY_HASHES = "too_many_hashes"
    TOO_MANY_ELLIPSES = "too_many_ellipses"
    TOO_MANY_BULLET_LINES = "too_many_bullet_lines"
    TOO_MANY_ELLIPSIS_LINES = "too_many_ellipsis_lines"
    TOO_FEW_ALPHABETIC_WORDS = "too_few_alphabetic_words"
    TOO_FEW_STOP_WORDS = "too_few_stop_words"
    TOO_FEW_TERMINAL_LINES = "too_few_terminal_lines"
    TOO_MANY_SHORT_LINES = "too_many_short_lines"
    TOO_MANY_LINE_BREAKS = "too_many_line_breaks"
    TOO_MUCH_CUT = "too_much_cut"
    CURLY_BRACKET = "curly_bracket"
    LOREM_IPSUM = "lorem_ipsum"
    TOO_FEW_ALPHANUMERICS = "too_few_alphanumerics"
    TOO_FEW_LETTERS = "too_few_letters"
    CODE_LINE_TOO_LONG = "code_line_too_long"
    CODE_LINES_TOO_LONG = "code_lines_too_long"
    TOO_MANY_DIGITS = "too_many_digits"
    TOO_MANY_URLS = "too_many_urls"
    TOO_MUCH_WHITE_SPACE = "too_much_white_space"
    TOO_MANY_BRACKETS = "too_many_brackets"
    TOO_MANY_REPEATED_CHARACTERS = "too_many_repeated_characters"
    TOO_MANY_EXCLAMATIONS = "too_many_exclamations"
    TOO_MANY_EMOJIS = "too_many_emojis"
    TOO_MANY_APOLOGIES = "too_many_apologies"
    # heuristics: what it repeats
    TOO_MANY_DUPLICATE_LINES = "too_many_duplicate_lines"
    TOO_MANY_DUPLICATE_PARAGRAPHS = "too_many_duplicate_paragraphs"
    TOO_MANY_DUPLICATE_LINE_CHARACTERS = "too_many_duplicate_line_characters"
    TOO_MANY_DUPLICATE_PARAGRAPH_CHARACTERS = "too_many_duplicate_paragraph_characters"
    TOP_2GRAM_TOO_FREQUENT = "top_2gram_too_frequent"
    TOP_3GRAM_TOO_FREQUENT = "top_3gram_too_frequent"
    TOP_4GRAM_TOO_FREQUENT = "top_4gram_too_frequent"
    TOO_MANY_DUPLICATE_5GRAMS = "too_many_duplicate_5grams"
    TOO_MANY_DUPLICATE_6GRAMS = "too_many_duplicate_6grams"
    TOO_MANY_DUPLICATE_7GRAMS = "too_many_duplicate_7grams"
    TOO_MANY_DUPLICATE_8GRAMS = "too_many_duplicate_8grams"
    TOO_MANY_DUPLICATE_9GRAMS = "too_many_duplicate_9grams"
    TOO_MANY_DUPLICATE_10GRAMS = "too_many_duplicate_10grams"
    # heuristics: which words it has
    TOO_MANY_DIRTY_WORDS = "too_many_dirty_words"
    TOO_MANY_OUTLIER_WORDS = "too_many_outlier_words"
    # take_down: asked for after the run, so that no later stage sees the page
    TAKEN_DOWN = "taken_down"
    # hosts
    HOST_HIGH_PII = "host_high_pii"
    HOST_UNSAFE = "host_unsafe"
    # dedup
    REPEATED_RECORD = "repeated_record"
    OLDER_VERSION = "older_version"
    SHIPPED_BEFORE = "shipped_before"  # an earlier run still has a version of it
    EXACT_DUPLICATE = "exact_duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    SUPERSEDED = "superseded"  # taken down, for a later run has a page in its place
    LEFT_TOO_SHORT = "left_too_short"
    # quality: scored in the split pass, judged among what is left
    LOW_QUALITY = "low_quality"
    # encoder: told by a model that reads what is left then
    NOT_TOKENISED = "not_tokenised"
    LOW_ENCODER_QUALITY = "low_encoder_quality"
    SEMANTIC_DUPLICATE = "semantic_duplicate"
    # decontaminate: told by n-grams of benchmarks
    CONTAMINATED = "contaminated"
    # mix: good enough, but not drawn
    NOT_DRAWN = "not_drawn"


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
