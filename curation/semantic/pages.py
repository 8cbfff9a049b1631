"""Pages that may be compared: keys of documents that are in, and their scores, by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.ingest.urls import hash64
from curation.parts import Parts
from curation.semantic.vectors import bytes_of
from schemas.keys import KEYS

Scores = Callable[[int, Sequence[str]], pa.Table]
"""Of a part, `position` and these columns of `scores/`, by position; to be sent to tasks.

`partial(_scores, parts=..., files=...)`, say, around `Parts.rows_on`.
"""
PAGE = pa.schema(
    [
        ("position", pa.int64()),
        ("doc_id", pa.string()),
        ("input", pa.string()),
        ("curated", pa.bool_()),
        ("merit", pa.float32()),
        ("draw", pa.int64()),
        ("embedding", pa.binary()),
    ]
)
"""A page with its vector; `draw` is a seeded hash of its doc_id."""
_OF_KEYS = ("position", "doc_id", "input", "curated", "quality")


def read_pages(part: int, parts: Parts, scores: Scores, seed: int) -> Iterator[pa.RecordBatch]:
    """`PAGE` of the documents of a part that are in and have a vector which is not 0."""
    scored = scores(part, ("encoder_quality", "embedding"))
    scored = scored.filter(pc.is_valid(scored["embedding"])).combine_chunks()
    for keys in parts.kept(part, KEYS, _OF_KEYS):
        at = pc.index_in(keys.column("position"), value_set=scored["position"])
        there = pa.array(_has_vector(scored["embedding"].take(at).combine_chunks()))
        pages, found = keys.filter(there), scored.take(at.filter(there))
        draws = [_draw(doc_id, seed) for doc_id in pages.column("doc_id").to_pylist()]
        columns = {name: pages.column(name) for name in ("position", "doc_id", "input", "curated")}
        columns |= {
            "merit": merit(found["encoder_quality"].combine_chunks(), pages.column("quality")),
            "draw": pa.array(draws, pa.int64()),
            "embedding": found["embedding"].combine_chunks(),
        }
        yield pa.RecordBatch.from_pydict(columns, PAGE)


def merit(encoder_quality: pa.FloatArray, quality: pa.FloatArray) -> pa.FloatArray:
    """How good pages are: the encoder's quality, else fastText's; null, which is last, if neither.

    The Llama 3.1 report sorts by quality times difficulty. Whoever has a score of difficulty
    multiplies here; none of our models tells one.
    """
    return pc.coalesce(encoder_quality, quality)


def _has_vector(vectors: pa.BinaryArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    has = vectors.is_valid().to_numpy(zero_copy_only=False)
    has[has] = bytes_of(vectors.drop_null()).any(axis=1)
    return has


def _draw(doc_id: str, seed: int) -> int:
    # Other than `order_key`, by which documents may have been drawn for the encoder.
    return hash64(f"semantic:{doc_id}", seed=seed)
