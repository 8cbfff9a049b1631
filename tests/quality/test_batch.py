"""Scores of a batch: the same for a page whatever the other pages are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from curation.quality.batch import score_batch
from curation.quality.config import ModelConfig, ScoresConfig
from schemas.document import SCORES
from tests.quality.small import BAD, GOOD, write_model

ODD = ["", " \n\t ", "\u200b", "a" * 100_000, "\ud55c\uad6d\uc5b4", "__label__good menu", "\0"]
TEXTS = [*(GOOD.format(n) for n in range(30)), *(BAD.format(n) for n in range(30)), None, *ODD]


def batch(texts: list[str | None]) -> pa.RecordBatch:
    languages = [None if len(text or "") % 3 else "en" for text in texts]
    return pa.RecordBatch.from_pydict(
        {"text": pa.array(texts, pa.string()), "language": pa.array(languages, pa.string())}
    )


def test_bundled_models_score_each_page_alike_in_any_batch() -> None:
    config = ScoresConfig()
    whole = score_batch(batch(TEXTS), config=config)
    assert {column.name for column in SCORES} <= set(whole.schema.names)
    for size in (1, 7, len(TEXTS)):
        for start in range(0, len(TEXTS), size):
            part = score_batch(batch(TEXTS[start : start + size]), config=config)
            assert part.equals(whole.slice(start, size))
    reversed_ = score_batch(batch(TEXTS[::-1]), config=config)
    assert reversed_.to_pylist() == whole.to_pylist()[::-1]
    assert whole.column("quality").null_count < len(TEXTS)


def test_scores_of_models_that_a_recipe_names(tmp_path: Path) -> None:
    model = ModelConfig(path=str(write_model(tmp_path)))
    topics = ModelConfig(path=str(write_model(tmp_path, "topics", labels=())))
    config = ScoresConfig(quality=model, code=None, math=None, topics=topics)
    scored = score_batch(batch([GOOD.format(1), BAD.format(2), None]), config=config)
    assert "code_score" not in scored.schema.names
    rows = scored.to_pylist()
    assert [row["topic"] for row in rows] == ["good", "bad", None]
    assert rows[0]["quality"] == rows[0]["topic_score"] == pytest.approx(1, abs=0.1)
    assert rows[1]["quality"] == pytest.approx(1 - rows[1]["topic_score"], abs=1e-4)
    assert rows[2]["quality"] is rows[2]["topic_score"] is None


def test_a_language_that_the_model_does_not_know(tmp_path: Path) -> None:
    model = ModelConfig(path=str(write_model(tmp_path, languages=("de",))))
    config = ScoresConfig(quality=model, code=None, math=None, topics=None)
    scored = score_batch(batch([GOOD.format(1)]), config=config)
    assert scored.column("quality").null_count == 1
    without = score_batch(batch([GOOD.format(1)]).select(["text"]), config=config)
    assert without.column("quality").null_count == 1
