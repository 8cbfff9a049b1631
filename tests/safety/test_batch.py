from __future__ import annotations

from typing import Any

import pyarrow as pa

from curation.safety.batch import safety_batch
from curation.safety.config import SafetyConfig

ABUSE = (
    "You are all fucking idiots and I hate every one of you. Shut up, you stupid bitch, and go die."
)
CALM = (
    "Before grain can be stored it has to be sorted. The heavier grain drops on to the barn floor."
)


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    schema = pa.schema(
        [
            ("text", pa.string()),
            ("language", pa.string()),
            ("opt_outs", pa.list_(pa.string())),
            ("drop_reason", pa.string()),
            ("detail", pa.string()),
        ]
    )
    return pa.RecordBatch.from_pylist(list(rows), schema)


def judged(*rows: dict[str, Any], **config: Any) -> list[tuple[str | None, str | None]]:
    found = safety_batch(batch(*rows), config=SafetyConfig(**config))
    return list(zip(*(found.column(n).to_pylist() for n in ("drop_reason", "detail")), strict=True))


def test_by_default_all_is_measured_and_nothing_rejected() -> None:
    rows: list[dict[str, Any]] = [
        {"text": ABUSE, "language": "en", "opt_outs": ["noai", "tdm_reservation"]},
        {"text": CALM, "language": "en"},
        {"text": CALM, "language": "und"},
    ]
    given = batch(*rows)
    found = safety_batch(given, config=SafetyConfig())
    assert found.select(given.schema.names).equals(given)
    assert found.schema.field("toxicity").type == pa.float32()
    abuse, calm, unknown = found.column("toxicity").to_pylist()
    assert abuse > 0.9
    assert calm < 0.1
    assert unknown is None


def test_a_reason_comes_with_value_and_threshold() -> None:
    ((reason, detail), calm) = judged(
        {"text": ABUSE, "language": "en"}, {"text": CALM, "language": "en"}, max_toxicity=0.5
    )
    assert reason == "too_toxic"
    assert detail is not None
    name, value, over, limit = detail.split()
    assert (name, over, limit) == ("toxicity", "over", "0.5")
    assert 0.9 < float(value) <= 1
    assert calm == (None, None)


def test_opt_outs_that_the_recipe_names_are_reasons() -> None:
    config = {"opt_outs": ("noai", "tdm_reservation"), "max_toxicity": 0.5}
    assert judged(
        {"text": ABUSE, "language": "en", "opt_outs": ["noai", "noimageai", "tdm_reservation"]},
        {"text": CALM, "language": "en", "opt_outs": ["noimageai"]},
        {"text": None, "language": None, "opt_outs": ["tdm_reservation"]},
        {"text": CALM, "language": "en", "opt_outs": []},
        {"text": CALM, "language": "en", "opt_outs": None},
        **config,
    ) == [
        ("opted_out", "noai, tdm_reservation"),
        (None, None),
        ("opted_out", "tdm_reservation"),
        (None, None),
        (None, None),
    ]


def test_without_a_language_nothing_is_toxic() -> None:
    given = batch({"text": ABUSE, "opt_outs": ["noai"]}).drop_columns(["language"])
    config = SafetyConfig(max_toxicity=0.0, opt_outs=("noimageai",))
    found = safety_batch(given, config=config)
    assert found.select(["toxicity", "drop_reason"]).to_pylist() == [
        {"toxicity": None, "drop_reason": None}
    ]


def test_a_batch_without_rows_stays_one() -> None:
    found = safety_batch(batch(), config=SafetyConfig(max_toxicity=0.5, opt_outs=("noai",)))
    assert found.num_rows == 0
