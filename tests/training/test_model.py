from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from classifiers.calibrate import ALL
from classifiers.card import Card, write
from classifiers.evaluate import auc
from curation.errors import UserError
from curation.quality.config import ModelConfig
from curation.quality.models import load_model
from curation.training.config import TrainConfig
from curation.training.model import Trained, train_model
from curation.training.report import sections, summary
from tests.training import pages

CONFIG = TrainConfig(features=None, parameters={"bucket": 2000}, curve_pages=30)


def chosen() -> pa.Table:
    rows = [
        {
            "text": row["text"],
            "positive": positive,
            "part": min(2, number % 5),
            "language": row["language"],
            "host": f"h{number // 4}.example",
            "source": "good" if positive else "other",
        }
        for language in ("de", "en")
        for positive in (False, True)
        for number, row in enumerate(
            pages.make_pages(
                positive, sites=45 if language == "en" else 20, per_site=4, language=language
            )
        )
    ]
    return pa.Table.from_pylist(rows)


@cache
def trained() -> Trained:
    return train_model(chosen(), "mine", CONFIG)


def test_scores_tell_the_classes_apart_and_are_calibrated() -> None:
    tested = trained().tested
    scores, positive = tested["score"].to_numpy(), tested["positive"].to_numpy()
    assert auc(scores, positive).value > 0.9
    assert abs(float(np.mean(scores)) - float(np.mean(positive))) < 0.1
    assert {*trained().description.calibration} == {ALL, "en"}  # of the other there are too few
    assert trained().description.languages == ("de", "en")


def test_the_order_of_pages_makes_no_difference() -> None:
    table = chosen()
    other = table.take(pa.array(np.random.default_rng(0).permutation(table.num_rows)))
    found = train_model(other, "mine", CONFIG)
    assert found.content == trained().content
    assert found.description == trained().description


def test_a_recipe_takes_what_is_written(tmp_path: Path) -> None:
    card = Card(
        title="mine",
        tells="",
        made_by="",
        licence="",
        sections=sections(chosen(), trained(), CONFIG),
    )
    write(tmp_path, "mine", trained().content, trained().description, card)
    model = load_model(ModelConfig(path=str(tmp_path / "mine.json")))
    tested = trained().tested
    texts, languages = (tested[name].combine_chunks() for name in ("text", "language"))
    found = model.score(texts, languages).field(0)
    assert found.to_pylist() == tested["score"].to_pylist()
    told = (tmp_path / "mine.md").read_text()
    positive = tested["positive"].to_numpy()
    area = auc(tested["score"].to_numpy(), positive)
    assert f"| all | {positive.sum()} | {(~positive).sum()} | {area} |" in told
    assert "| language de |" in told
    assert "Curves of their own: en." in told
    names = [row[0] for row in summary(tested)]
    assert names == ["all", "language de", "language en"]


def test_too_few_pages_of_a_part_are_refused() -> None:
    table = chosen()
    fewer = table.filter(pc.not_equal(table["part"], 2))
    with pytest.raises(UserError, match="for test there are 0 pages of each class, too few"):
        train_model(fewer, "mine", CONFIG)
