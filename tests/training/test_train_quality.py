"""A crawl and a dump that cites some of it: references, pages found, a model that tells them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation.artefact import Artefact
from curation.cli import main
from curation.dedup.earlier import finished_run
from curation.quality.config import ModelConfig
from curation.quality.models import load_model
from curation.wikipedia.cited_pages import find_pages
from curation.wikipedia.references import count_references, find_dumps
from tests import runs
from tests.training import pages
from tests.wikipedia import dumps

GOOD = pages.make_pages(True, sites=50, per_site=5)
OTHER = pages.make_pages(False, sites=70, per_site=5)
STAGES = "inputs.0.stages=[language]"
NO_SCORES = [f"scores.{name}=null" for name in ("quality", "code", "math", "topics")]


def test_a_model_of_what_wikipedia_cites(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    crawl, run, cited = tmp_path / "crawl", tmp_path / "run", tmp_path / "cited"
    crawl.mkdir()
    pages.parquet(crawl / "pages.parquet", [*GOOD, *OTHER])
    runs.run(spark, [crawl], run, STAGES, *NO_SCORES)
    articles = [
        dumps.page(number, f"A claim.<ref>{{{{cite web|url={row['url']}|title=x}}}}</ref>")
        for number, row in enumerate(GOOD)
    ]
    dumps.write(tmp_path / "articles.xml.bz2", dumps.xml(articles))
    found = find_dumps([str(tmp_path / "articles.xml.bz2")])
    references = str(cited), count_references(spark, found, str(cited))
    parts = finished_run(Artefact(path=str(run / "manifest.json"))).parts
    find_pages(spark, references, [parts], str(cited))
    assert pq.read_table(cited / "pages").num_rows == len(GOOD)

    given = ["--positive", str(cited / "pages"), "--negative", str(run / "documents")]
    output = tmp_path / "models"
    monkeypatch.setattr("curation.commands.train_quality.session", lambda _: nullcontext(spark))
    assert main(["train-quality", *given, "--output", str(output), "--name", "mine"]) == 0
    assert f"path: {output}/mine.json" in capsys.readouterr().out
    model = load_model(ModelConfig(path=str(output / "mine.json")))
    rows = pq.read_table(run / "documents").filter(
        pq.filters_to_expression([("language", "==", "en")])
    )
    scores = model.score(rows["text"].combine_chunks(), rows["language"].combine_chunks()).field(0)
    by_kind = {"good": list[float](), "othe": list[float]()}
    for url, score in zip(rows["url"].to_pylist(), scores.to_pylist(), strict=True):
        by_kind[url.split("www.")[1][:4]].append(score)
    good, other = (sum(of) / len(of) for of in by_kind.values())
    assert good - other > 0.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--positive", "nowhere"], "nowhere: no such file, and no folder"),
        (["--name", "a/b"], "--name a/b: expected letters, digits"),
        (["--name", "there"], "there.json: is there already: choose another name"),
        (["--text", "body"], "has no column 'body' (it has url, language, text): see --text"),
    ],
)
def test_what_is_refused_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.json").write_text("{}")
    for name, rows in (("good", GOOD[:3]), ("other", OTHER[:3])):
        pages.jsonl(tmp_path / f"{name}.jsonl", rows)
    usual = [
        "--positive",
        "good.jsonl",
        "--negative",
        "other.jsonl",
        "--output",
        ".",
        "--name",
        "x",
    ]
    before = sorted(tmp_path.iterdir())
    assert main(["train-quality", *usual, *given]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
