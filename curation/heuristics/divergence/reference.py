"""References: the words of languages, as kernels read them, and the limits of divergence.

In: a table `schemas.reference.REFERENCE` in a Parquet file, the bundled one or what `curate fit`
made. Out: `Reference`.

A word's probability is smoothed by add-k: (count + k) / (total + k V), with k = 1/2 and V twice the
number of words listed, as if there were as many others. A word that is not listed has k / (...).
Where pages of a language are taken to hold some English, its counts are added in that proportion.
Numbers are one word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from classifiers.fasttext_model import lid176
from curation.arrow_text import Hashes, Ints
from curation.artefact import Artefact
from curation.errors import UserError
from curation.heuristics.divergence.kernel import NUMBER, Floats, Logarithms, slot
from curation.kernels import njit
from curation.language.related import list_language
from curation.tokens.tokenise import ALPHABETIC, NUMERIC, tokenise
from curation.tokens.vocabulary import table_size
from schemas.arrow import SchemaError
from schemas.reference import REFERENCE

_K = 0.5
_ENGLISH, _ENGLISH_WORDS = "en", 5000


class Reference(NamedTuple):
    """`languages` numbers them; `limits[i]` are lengths in words, and how far those may diverge."""

    languages: dict[str, int]
    logarithms: Logarithms
    limits: Sequence[tuple[Floats, Floats]]

    def numbers(self, languages: Sequence[str | None]) -> Ints:
        """The number of each language, or of the one that lends it its words; -1 for none."""
        found = [self.languages.get(label or "", -1) for label in languages]
        for row in (row for row, number in enumerate(found) if number < 0):
            found[row] = self.languages.get(list_language(languages[row]) or "", -1)
        return np.array(found, np.int64)

    def limits_at(self, references: Ints, words: Ints) -> Floats:
        """The limit for pages of so many `words` against reference `references[i]`, NaN for -1.

        Between the lengths that are listed it is interpolated by their logarithm; a page shorter
        than the first has none.
        """
        found = np.full(len(words), np.nan)
        for number in set(references.tolist()) - {-1}:
            rows, (lengths, limits) = references == number, self.limits[number]
            at = np.log(np.maximum(words[rows], 1))
            found[rows] = np.interp(at, np.log(lengths), limits, left=np.nan)
        return found


class Counts(NamedTuple):
    """How often each name was seen, and how many words in all; the names differ."""

    names: Hashes
    counts: Floats
    total: float


@cache
def load_reference(file: Artefact | None) -> Reference:
    """The bundled reference; that in `file` goes before it for the languages that it has.

    Raises `UserError`.
    """
    bundled = _bundled()
    if file is None:
        return prepare(bundled)
    given = _read(file)
    others = bundled.filter(pc.invert(pc.is_in(bundled["language"], given["language"])))
    english = _counts_of(bundled.filter(pc.equal(bundled["language"], _ENGLISH)))[_ENGLISH]
    return prepare(pa.concat_tables([given, others.cast(given.schema)]), english=english)


def _counts_of(table: pa.Table) -> dict[str, Counts]:
    columns = (table[name] for name in ("language", "words", "counts", "total"))
    return {
        language.as_py(): count_words(words.values, counts.values.to_numpy(), total.as_py())
        for language, words, counts, total in zip(*columns, strict=True)
    }


def prepare(table: pa.Table, *, english: Counts | None = None) -> Reference:
    """Rows of the table `REFERENCE` as the kernel reads them.

    The English that is mixed into other languages is `english`, or that of the table.
    """
    rows = table.drop_columns(["words", "counts"]).to_pylist()
    seen = _counts_of(table)
    english = english or seen.get(_ENGLISH)
    english = most_frequent(english) if english else None
    tables = []
    for row in rows:
        counts = seen[row["language"]]
        if english and row["english_share"]:
            counts = mix(counts, english, share=row["english_share"])
        tables.append(logarithms(counts))
    starts = np.cumsum([0, *(len(names) for names, _, _ in tables)]).astype(np.int64)
    return Reference(
        {row["language"]: number for number, row in enumerate(rows)},
        Logarithms(
            starts,
            np.concatenate([names for names, _, _ in tables]),
            np.concatenate([values for _, values, _ in tables]),
            np.array([unseen for _, _, unseen in tables], np.float32),
        ),
        [(np.array(row["lengths"], float), np.array(row["limits"], float)) for row in rows],
    )


def _bundled() -> pa.Table:
    file = resources.files("curation.heuristics.divergence").joinpath("reference.parquet")
    return pq.read_table(pa.BufferReader(file.read_bytes()))


def check_reference(file: Artefact) -> None:
    """Raises `UserError` for a file that is no reference."""
    _read(file)


def _read(file: Artefact) -> pa.Table:
    try:
        table = pq.read_table(pa.BufferReader(file.read()))
        batches = [REFERENCE.conform(batch) for batch in table.combine_chunks().to_batches()]
    except pa.ArrowInvalid as error:
        raise UserError(f"{file.path}: is not what 'curate fit' makes: {error}") from error
    except SchemaError as error:
        names = ", ".join(table.column_names)
        told = f"{file.path}: is not what 'curate fit' makes: it has {names}: {error}"
        raise UserError(told) from error
    if not batches or not all(_is_whole(row) for batch in batches for row in batch.to_pylist()):
        raise UserError(f"{file.path}: is not what 'curate fit' makes: numbers are missing")
    table = pa.Table.from_batches(batches)
    check_labels(table["language"].to_pylist(), where=file.path)
    return table


def check_labels(languages: Sequence[str], *, where: str) -> None:
    """Raises `UserError` for a language that no page can have."""
    if unknown := sorted({*languages} - {*lid176().labels}):
        raise UserError(f"{where}: no page is in '{unknown[0]}': use labels of lid.176, as 'de'")


def _is_whole(row: Mapping[str, Any]) -> bool:
    """Whether its lists are as long as they must be, and its numbers such as can be."""
    counts, lengths = row["counts"], row["lengths"]
    return (
        len(row["words"]) == len(counts)
        and len(lengths) == len(row["limits"]) > 0
        and lengths[0] > 0
        and all(one < other for one, other in pairwise(lengths))
        and min(counts, default=-1) >= 0
        and 0 < sum(counts) <= row["total"]
        and row["english_share"] >= 0
    )


def count_words(words: pa.StringArray, counts: Ints, total: float) -> Counts:
    """The counts by name; a word that is no single token is left out, numbers are one."""
    tokens = tokenise(words)
    single = np.flatnonzero(np.diff(tokens.rows) == 1)
    at = tokens.rows[single]
    is_number = tokens.kinds[at] & (NUMERIC | ALPHABETIC) == NUMERIC
    names = np.where(is_number, NUMBER, tokens.names[at])
    return _sum(names, counts[single].astype(float), total)


def most_frequent(counts: Counts) -> Counts:
    """What there is of it in pages of other languages."""
    order = np.argsort(-counts.counts, kind="stable")[:_ENGLISH_WORDS]
    return Counts(counts.names[order], counts.counts[order], counts.total)


def mix(counts: Counts, english: Counts, *, share: float) -> Counts:
    """`counts` with so many English words for each of theirs."""
    scale = share * counts.total / english.total
    return _sum(
        np.concatenate([counts.names, english.names]),
        np.concatenate([counts.counts, english.counts * scale]),
        counts.total * (1 + share),
    )


def _sum(names: Hashes, counts: Floats, total: float) -> Counts:
    unique, places = np.unique(names, return_inverse=True)
    return Counts(unique, np.bincount(places, counts, len(unique)).astype(float), total)


def logarithms(counts: Counts) -> tuple[Hashes, npt.NDArray[np.float32], float]:
    """Smoothed and hashed: a table of names and values, and the value of unseen words."""
    denominator = counts.total + _K * 2 * len(counts.names)
    values = np.log((counts.counts + _K) / denominator).astype(np.float32)
    size = table_size(len(counts.names))
    return (*_fill(counts.names, values, size), float(np.log(_K / denominator)))


@njit(cache=True)
def _fill(
    names: Hashes, values: npt.NDArray[np.float32], size: int
) -> tuple[Hashes, npt.NDArray[np.float32]]:
    to_names, to_values = np.zeros(size, np.uint64), np.full(size, np.nan, np.float32)
    for word in range(len(names)):
        at = slot(names[word], 0, size, to_names, to_values)
        to_names[at], to_values[at] = names[word], values[word]
    return to_names, to_values
