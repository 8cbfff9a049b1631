"""`annotations.parquet`: what a judge said of pages: a row per question, answered or not.

A page has a row for each time that it was to be judged; ordered by `doc_id` and `repeat`.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

ANNOTATION = Table(
    "annotations",
    (
        Column("doc_id", pa.string(), "the document", False),
        Column("url", pa.string(), "as in documents/"),
        Column("site", pa.string(), "registrable domain; the doc_id of a page without one", False),
        Column("language", pa.string(), "as in documents/", False),
        Column("domain", pa.string(), "general, math, code or multilingual", False),
        Column("length", pa.string(), "short, medium or long: under 2,000 bytes, 8,000, or more"),
        Column("score_class", pa.string(), "quantile of the current score in its language", False),
        Column("current_score", pa.float32(), "of the fastText model for the rubric's head"),
        Column("part", pa.string(), "training, calibration or test; one for all of a site", False),
        Column("rubric", pa.string(), "its name", False),
        Column("rubric_sha256", pa.string(), "of its file", False),
        Column("judge", pa.string(), "the model that was asked", False),
        Column("repeat", pa.int32(), "0, or more of a page that is judged several times", False),
        Column("score", pa.int32(), "of the rubric's scale; null: no answer"),
        Column("reason", pa.string(), "the judge's, in a few words"),
        Column("missing", pa.string(), "why there is no score"),
        Column("tokens_in", pa.int32(), "that the answer took, all asking included", False),
        Column("tokens_out", pa.int32(), "of the answer, or answers", False),
    ),
)
