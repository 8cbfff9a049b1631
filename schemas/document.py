"""`documents/`: the pages that passed every rule of the split pass. Immutable.

One file per split (more where it holds much text), rows ordered by (`order_key`, `doc_id`): the
order of the shards, so that whoever writes a shard reads one contiguous stretch of each file.
Whether a document is still in is told by `verdicts/`, never by this table.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import UTC_TIME, Column, Table

IDENTITY = (
    Column("doc_id", pa.string(), "128-bit hash of the record's own identity, hex", False),
    Column("position", pa.int64(), "split and row; joins tables of one run only", False),
    Column("order_key", pa.int64(), "seeded hash of doc_id: the order of the shards", False),
)
PROVENANCE = (
    Column("input", pa.string(), "name of the recipe's input", False),
    Column("file", pa.string(), "URI of the file that held the record", False),
    Column("offset", pa.int64(), "byte at which its gzip member, record, line or row group starts"),
    Column("record_id", pa.string(), "WARC-Record-ID, or the row's own id"),
    Column("domain", pa.string(), "fixed by the recipe for a curated input, else null"),
)
PAGE = (
    Column("url", pa.string(), "as crawled, without personal data"),
    Column("url_key", pa.string(), "canonical form for deduplication, without personal data"),
    Column("host", pa.string(), "full host name"),
    Column("site", pa.string(), "registrable domain, private suffixes such as github.io included"),
    Column("fetched_at", UTC_TIME, "WARC-Date"),
    Column("opt_outs", pa.list_(pa.string()), "OptOuts made; null: neither headers nor HTML seen"),
    Column("title", pa.string(), "the page's title"),
    Column("text", pa.string(), "UTF-8, lines separated by \\n only; NFC outside code"),
    Column("line_kinds", pa.string(), "a letter of LineKind per line of text; null: all prose"),
    Column("language", pa.string(), "lid.176 label; und below the recipe's confidence"),
    Column("language_score", pa.float32(), "the label's probability, 0..1"),
)
ROUTE = Column("route", pa.string(), "whose rules judge the page: prose, code or math")


def _count(name: str, meaning: str) -> Column:
    return Column(name, pa.int32(), meaning)


def _number(name: str, meaning: str) -> Column:
    return Column(name, pa.float32(), meaning)


PII_COUNTS = {
    "n_email": "e-mail addresses",
    "n_phone": "telephone numbers",
    "n_ip_address": "public IP addresses",
    "n_credit_card": "numbers of payment cards",
    "n_iban": "bank accounts",
    "n_us_ssn": "American social security numbers",
    "n_national_id": "identity numbers of other states",
    "n_passport": "passports",
    "n_crypto_address": "addresses of wallets",
    "n_api_key": "keys, tokens and passwords",
    "n_private_key": "private keys",
    "n_person": "names of persons; null where they are not looked for",
}
PII = (
    *(_count(name, f"{meaning} in the text") for name, meaning in PII_COUNTS.items()),
    _count("n_pii", "all of these"),
    _number("pii_ratio", "characters in them, of characters"),
)
SAFETY = (_number("toxicity", "0..1; null for a language that the model was not trained on"),)
GOPHER_QUALITY = (
    _count("n_words", "tokens with a letter or a number"),
    _number("mean_word_length", "characters per word"),
    _number("hash_ratio", "'#' per stretch between blanks"),
    _number("ellipsis_ratio", "ellipses per stretch between blanks"),
    _number("bullet_lines_ratio", "lines that start with a bullet, of lines"),
    _number("ellipsis_lines_ratio", "lines that end in an ellipsis, of lines"),
    _number("alphabetic_words_ratio", "stretches between blanks that have a letter, of all"),
    _count("n_stop_words", "different stop words; null for a language without a list"),
)
GOPHER_REPETITION = (
    _number("duplicate_lines_ratio", "lines that stood before, of lines"),
    _number("duplicate_paragraphs_ratio", "paragraphs that stood before, of paragraphs"),
    _number("duplicate_line_characters_ratio", "their characters, line breaks aside"),
    _number("duplicate_paragraph_characters_ratio", "their characters, line breaks aside"),
    *(
        _number(f"top_{n}gram_ratio", f"characters in the most frequent {n}-gram")
        for n in range(2, 5)
    ),
    *(
        _number(f"duplicate_{n}gram_ratio", f"characters in {n}-grams that stood before")
        for n in range(5, 11)
    ),
)
LINES = (
    _number("terminal_lines_ratio", "lines that end in a mark that ends sentences, of lines"),
    _number("short_lines_ratio", "lines of 30 characters and less, of lines"),
    _number("line_breaks_ratio", "line breaks per token"),
    _count("n_cut_lines", "lines that line rules cut, or cut from"),
    _number("corrected_words_ratio", "words that RefinedWeb's line rules cut, of words"),
    _count("n_words_left", "words in what line rules leave; null where they cut none"),
    _count("n_sentences", "sentences in it"),
    _count("n_curly_brackets", "'{' in it"),
    _count("n_lorem_ipsum", "'lorem ipsum' in it"),
)
CHARACTERS = (
    _number("non_alphanumeric_ratio", "characters but letters, numbers, line breaks and ?!,."),
    _number("digits_ratio", "digits, of characters"),
    _number("url_ratio", "characters in http and https URLs"),
    _number("white_space_ratio", "white space, of characters"),
    _number("brackets_ratio", "brackets, of characters"),
    _number("repeated_characters_ratio", "characters in runs of five and more of one"),
    _number("letters_ratio", "letters, of characters"),
    _number("exclamation_ratio", "exclamation marks per word"),
    _number("emoji_ratio", "emojis per word"),
    _count("n_apologies", "phrases such as 'I'm sorry'"),
)
KINDS = (
    _number("code_ratio", "characters in lines that are code or look it, white space aside"),
    _number("mathematics_ratio", "characters in formulas and lines of mathematics"),
    _number("table_ratio", "characters in lines of tables"),
    _count("longest_code_line", "characters of the longest line of code"),
    _number("mean_code_line_length", "characters per line of code"),
)
DIRTY_WORDS = (
    _count("n_dirty_words", "dirty words; null for a language without a list"),
    _count("n_distinct_dirty_words", "different ones"),
    _number("dirty_words_ratio", "dirty words per word, if four are different; else 0"),
)
OUTLIERS = (
    _number("divergence", "nats from the words of its language; null without a reference"),
    _number("divergence_excess", "of it over what is expected at this length"),
    Column("outlier_words", pa.list_(pa.string()), "words that contribute most, at most ten"),
)
SCORES = (
    _number("quality", "0..1; null where the model does not know the language, or no model scored"),
    _number("code_score", "0..1: that the page is code"),
    _number("math_score", "0..1: that it is mathematics and reasoning"),
    Column("topic", pa.string(), "a label of the model of topics"),
    _number("topic_score", "the label's probability, 0..1"),
)
"""What models say of a text, before lines were dropped from it."""
MEASURES = (
    *GOPHER_QUALITY,
    *GOPHER_REPETITION,
    *LINES,
    *CHARACTERS,
    *KINDS,
    *DIRTY_WORDS,
    *OUTLIERS,
)

DOCUMENT = Table(
    "documents",
    (*IDENTITY, *PROVENANCE, *PAGE, *PII, *SAFETY, ROUTE, *MEASURES, *SCORES),
    row_group_rows=256,
)
