"""Judged pages as a student learns them: one score each, of the first time that it got one."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def labelled(pages: pa.Table, rows: pa.Table, *, positive_from: int) -> pa.Table:
    """The pages that have a score, with `judged` (it) and `positive`, by doc_id.

    `rows` are of `schemas.annotation.ANNOTATION`.
    """
    judged = rows.filter(rows["score"].is_valid()).select(["doc_id", "repeat", "score"])
    first = judged.group_by("doc_id").aggregate([("repeat", "min")])
    first = first.rename_columns(["doc_id", "repeat"])
    scores = judged.join(first, keys=["doc_id", "repeat"], join_type="inner")
    scores = scores.select(["doc_id", "score"]).rename_columns(["doc_id", "judged"])
    found = pages.join(scores, keys="doc_id", join_type="inner").sort_by("doc_id")
    positive = pc.greater_equal(found["judged"], positive_from)
    return found.append_column("positive", positive).combine_chunks()
