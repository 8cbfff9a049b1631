from __future__ import annotations

import pyarrow as pa

from curation.language.identify import LanguageConfig, identify_batch

TEXTS = {
    "en": "All human beings are born free and equal in dignity and rights.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "zh": "人人生而自由，在尊严和权利上一律平等。",
    "ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
}


def identified(texts: list[str], min_score: float = 0.5) -> list[dict[str, object]]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string())})
    rows: list[dict[str, object]] = identify_batch(
        batch, config=LanguageConfig(min_score=min_score)
    ).to_pylist()
    return rows


def test_languages_of_the_world() -> None:
    assert [row["language"] for row in identified(list(TEXTS.values()))] == list(TEXTS)


def test_below_the_confidence_a_language_is_undetermined_but_keeps_its_score() -> None:
    (row,) = identified(["qz xw vv"], min_score=1.0)
    assert row["language"] == "und"
    assert row["language_score"] is not None


def test_lines_do_not_matter_and_empty_batches_pass() -> None:
    one, two = identified(["Alle Menschen sind frei", "Alle\nMenschen\nsind\nfrei"])
    assert one == {**two, "text": one["text"]}
    assert identified([]) == []
