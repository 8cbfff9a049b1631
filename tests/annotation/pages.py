"""Pages to be judged, as `curation.annotation.pages` gives them, whose words tell their score."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa

from curation.annotation.config import CostConfig, JudgeConfig
from curation.annotation.questions import Job
from curation.annotation.rubric import load_rubric
from curation.training.config import TrainConfig
from curation.training.select import part_of
from tests.annotation.judge import LEARNED

_OTHER = ("buy", "cheap", "click", "offer", "deal", "login", "bonus", "cart")
_FILLERS = {
    "en": ("and", "the", "of", "with", "here", "which", "they", "as", "then"),
    "de": ("und", "die", "von", "mit", "hier", "welche", "sie", "nicht", "dann"),
}


def make_text(rng: random.Random, share: float, language: str = "en", words: int = 45) -> str:
    """So many words, of which about this share of a third are of learning."""
    found = []
    for number in range(words):
        kind = LEARNED if rng.random() < share else _OTHER
        found.append(rng.choice(kind if number % 3 == 0 else _FILLERS[language]))
    return " ".join(found)


def make_pages(count: int, *, per_site: int = 2, languages: tuple[str, ...] = ("en",)) -> pa.Table:
    rng, rows = random.Random(7), list[dict[str, Any]]()
    for number in range(count):
        text = make_text(rng, rng.random())
        site = f"site{number // per_site}.example"
        rows.append(
            {
                "position": number,
                "doc_id": f"{rng.getrandbits(128):032x}",
                "rank": rng.getrandbits(60),
                "site": site,
                "language": languages[number % len(languages)],
                "domain": "general",
                "length": "short",
                "score": rng.random(),
                "score_class": "1 of 4",
                "part": part_of(site, TrainConfig(test_share=0.3)),
                "url": f"https://www.{site}/{number}",
                "text": text,
                "chars": len(text),
            }
        )
    types = {"part": pa.int32(), "chars": pa.int32(), "score": pa.float32()}
    table = pa.Table.from_pylist(rows)
    for name, type_ in types.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(type_))
    return table.sort_by("doc_id").combine_chunks()


def make_job(count: int, url: str, *, costs: CostConfig | None = None, **judge: Any) -> Job:
    """Judged quickly: no wait is long."""
    usual = {"timeout_s": 5.0, "max_wait_s": 0.05, "attempts": 4, "concurrency": 4}
    config = JudgeConfig(endpoint=url, model="judge", **{"repeat_share": 0.0, **usual, **judge})
    return Job(make_pages(count), load_rubric("quality"), config, costs or CostConfig())
