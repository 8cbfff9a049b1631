"""Synthetic documents: sentences of the sample's real pages, recombined at random.

In: a folder and how many. Out: Parquet files of 50,000 rows (`url`, `fetched_at`, `text`) below
it, kept for the next call; the same rows for the same number. A document has 2 to 4 KB of text in
one language; of about 3 % of all URLs there is an older version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.extract.batch import extract_batch
from curation.extract.config import ExtractConfig
from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import Tally, read_pages
from curation.language.identify import LanguageConfig, identify_batch
from curation.splits import SplitsConfig, find_files, plan
from schemas.arrow import UTC_TIME

_SEED = 0
_FILE_ROWS, _GROUP_ROWS = 50_000, 1000
_TEXT_BYTES = (2000, 4000)
_OLDER_SHARE = 0.03
_SITES = 5000
_MIN_SENTENCES = 300  # of a language: fewer would make near-duplicates of all its documents
_LINE_SHARE = 0.25  # of sentences that end a line
_NEWEST_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_YEAR_S = 365 * 86400
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
_SENTENCE_CHARACTERS = range(30, 400)


def make_documents(folder: Path, documents: int) -> Path:
    """The folder of so many documents; what is there already is not made again."""
    made = folder / f"documents-{documents}"
    made.mkdir(parents=True, exist_ok=True)
    sentences = read_sentences(folder)
    for first in range(0, documents, _FILE_ROWS):
        file = made / f"part-{first // _FILE_ROWS:05d}.parquet"
        if not file.exists():
            rows = _rows(sentences, first, min(first + _FILE_ROWS, documents))
            pq.write_table(
                rows, file.with_suffix(".new"), compression="zstd", row_group_size=_GROUP_ROWS
            )
            file.with_suffix(".new").rename(file)
    return made


def read_sentences(folder: Path) -> pa.Table:
    """Columns `language` and `sentence`: those of the sample's pages, found once."""
    file = folder / "sentences.parquet"
    if not file.exists():
        pq.write_table(pa.Table.from_batches(_read_sample()), file)
    return pq.read_table(file)


def _read_sample() -> Iterator[pa.RecordBatch]:
    with resources.as_file(resources.files("curation.sample")) as sample:
        source = InputConfig(paths=(str(sample / "debdoc.warc.gz"),))
        for split in plan([source], find_files([source]), SplitsConfig()):
            for pages in read_pages(split, source, IngestConfig(), seed=0, tally=Tally()):
                texts = extract_batch(_still_in(pages), config=ExtractConfig())
                yield _cut(identify_batch(_still_in(texts), config=LanguageConfig()))


def _still_in(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pc.is_null(batch.column("drop_reason")))


def _cut(texts: pa.RecordBatch) -> pa.RecordBatch:
    found = [
        {"language": row["language"], "sentence": sentence.strip()}
        for row in texts.select(["language", "text"]).to_pylist()
        for sentence in _SENTENCE.split(row["text"])
        if len(sentence) in _SENTENCE_CHARACTERS
    ]
    schema = pa.schema([("language", pa.string()), ("sentence", pa.string())])
    return pa.RecordBatch.from_pylist(found, schema)


def _rows(sentences: pa.Table, first: int, end: int) -> pa.Table:
    """Rows `first` to `end`: which these are does not depend on files before."""
    draw = np.random.default_rng((_SEED, first))
    numbers = np.arange(first, end)
    older = (draw.random(end - first) < _OLDER_SHARE) & (numbers > 0)
    pages = np.where(older, draw.integers(0, np.maximum(numbers, 1)), numbers)
    age_s = pages % _YEAR_S + older * draw.integers(1, _YEAR_S, end - first)
    times = pa.array(((_NEWEST_S - age_s) * 1e6).astype(np.int64)).cast(UTC_TIME)
    urls = [f"https://site{page % _SITES}.example/pages/{page}" for page in pages.tolist()]
    return pa.table(
        {"url": urls, "fetched_at": times, "text": _texts(sentences, draw, end - first)}
    )


def _texts(sentences: pa.Table, draw: np.random.Generator, rows: int) -> pa.Array:
    """Texts in the languages that have sentences enough, as frequent as their sentences."""
    counts = {
        row["values"].as_py(): row["counts"].as_py()
        for row in pc.value_counts(sentences["language"])
        if row["counts"].as_py() >= _MIN_SENTENCES
    }
    share = np.array(list(counts.values())) / sum(counts.values())
    languages = draw.choice(len(counts), rows, p=share)
    parts, places = [], []
    for number, language in enumerate(counts):
        of_language = sentences.filter(pc.equal(sentences["language"], language))["sentence"]
        place = np.flatnonzero(languages == number)
        parts.append(_join_sentences(of_language.combine_chunks(), draw, len(place)))
        places.append(place)
    return pa.concat_arrays(parts).take(pa.array(np.argsort(np.concatenate(places))))


def _join_sentences(sentences: pa.StringArray, draw: np.random.Generator, texts: int) -> pa.Array:
    mean_bytes = pc.mean(pc.binary_length(sentences)).as_py()
    lengths = np.rint(draw.uniform(*_TEXT_BYTES, texts) / mean_bytes).astype(np.int64)
    chosen: npt.NDArray[np.int64] = draw.integers(0, len(sentences), lengths.sum())
    ends_line = draw.random(len(chosen)) < _LINE_SHARE
    ended = pa.concat_arrays(
        [pc.binary_join_element_wise(sentences, end, "") for end in (" ", "\n")]
    )
    words = ended.take(pa.array(chosen + ends_line * len(sentences)))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(offsets, words), "")
