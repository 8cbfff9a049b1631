"""`curate annotate` and `curate distil`, over a real run, a real server and real small weights."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from classifiers.encoder.model import EncoderModel, read_encoder_description
from curation.cli import main
from tests import runs
from tests.annotation.judge import KEY, Request, Wrong, judging, score_of
from tests.annotation.pages import make_text
from tests.training import pages

QUICK = ("--max-wait-s", "0.05", "--attempts", "2", "--timeout-s", "20", "--min-bytes", "50")


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of pages in two languages, of sites with three pages each."""
    folder, rng = tmp_path_factory.mktemp("distil"), random.Random(5)
    rows = [
        {
            "url": f"https://www.site{number // 3}.example/{number}",
            "text": make_text(rng, rng.random(), "de" if number % 5 == 0 else "en"),
        }
        for number in range(360)
    ]
    (folder / "in").mkdir()
    pages.parquet(folder / "in" / "pages.parquet", rows)
    runs.run(spark, [folder / "in"], folder / "run", "inputs.0.stages=[language,scores]")
    return folder / "run"


def curate(command: str, run: Path, output: Path, url: str, *given: str) -> int:
    usual = ["--output", str(output), "--endpoint", url, "--model", "rule", *QUICK]
    return main([command, str(run), *usual, *given])


def test_annotation_says_what_it_will_cost_and_what_is_missing(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = ("--pages", "60", "--price-in", "2", "--price-out", "8")

    def fault(_: int, request: Request) -> Wrong | None:
        return Wrong(500) if score_of(request.text) == 2 else None

    with judging(fault, noise=0.3) as judge:
        assert curate("annotate", run, tmp_path, judge.url, *prices, "--dry-run") == 0
        told = capsys.readouterr().out
        assert told.startswith("60 pages, ")
        assert "cost about 0.2" in told
        assert not [*tmp_path.iterdir()]
        capped = ("--max-cost", "0.01")
        assert curate("annotate", run, tmp_path, judge.url, *prices, *capped) == 2
        assert "more than the cap: ask for fewer --pages" in capsys.readouterr().err
        assert not judge.requests
        assert curate("annotate", run, tmp_path, judge.url, *prices) == 0
    rows = pq.read_table(tmp_path / "annotations.parquet").to_pylist()
    missing = [row for row in rows if row["missing"]]
    assert {row["missing"] for row in missing} == {"server_error"}
    assert f"Without an answer: {len(missing)} server_error" in capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["missing"] == {"server_error": len(missing)}
    assert report["answers"] == len(rows) - len(missing)
    card = (tmp_path / "report.md").read_text()
    assert f"**without an answer:** {len(missing)} `server_error`, such as `500: it went" in card
    assert {len([r for r in rows if r["doc_id"] == row["doc_id"]]) for row in rows} == {1, 3}
    sites = {(row["site"], row["part"]) for row in rows}
    assert len(sites) == len({site for site, _ in sites})


def test_the_student_learns_the_rule(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--pages", "340", "--repeat-share", "0.2", "--name", "mine", "--language", "en", "de")
    with judging(noise=0.3, key=KEY) as judge, pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGE_KEY", KEY)
        key = ("--api-key-env", "JUDGE_KEY", "--max-tokens", "64")
        assert curate("distil", run, tmp_path, judge.url, *given, *key) == 0
    assert f"encoder: {{path: {tmp_path}/mine.json}}" in capsys.readouterr().out
    described = read_encoder_description((tmp_path / "mine.json").read_bytes())
    content = (tmp_path / "mine.safetensors").read_bytes()
    model = EncoderModel(described, open_checkpoint(MINILM), content, device="cpu")
    rng = random.Random(11)
    new = [make_text(rng, share) for share in (0.0, 1.0) for _ in range(15)]
    found = model.probabilities(new, ["en"] * 30)["quality"][:, 0]
    assert found[:15].max() < 0.3
    assert found[15:].min() > 0.7
    report = json.loads((tmp_path / "report.json").read_text())
    itself, student = (
        report["agreement"][name] for name in ("judge with itself", "student with judge")
    )
    assert 0.8 < itself["scale"]["kappa"]["value"] < 0.97
    assert student["scale"]["kappa"]["value"] > 0.7
    assert student["rank"]["value"] > 0.8
    assert student["decision"]["exact"]["value"] > 0.8
    card = (tmp_path / "mine.md").read_text()
    for told in (
        "judge with itself",
        "student with judge",
        "`rule` at temperature 0.5",
        "## Limits",
    ):
        assert told in card
    assert KEY not in "".join(file.read_text("latin1") for file in tmp_path.rglob("*.*"))


def test_too_few_answers_are_kept_and_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--pages", "400", "--site-pages", "1", "--name", "mine")
    with judging() as judge:
        assert curate("distil", run, tmp_path, judge.url, *given) == 2
        shown = capsys.readouterr()
        beforehand = shown.out.splitlines()[:3]
        assert beforehand[0].startswith("120 of the 400 pages asked for: at most 1 of a site")
        assert beforehand[1].startswith("120 pages, ")
        assert beforehand[2].startswith("Before you pay: ")
        told = shown.err.splitlines()[-1]
        assert told.startswith("curate: 120 pages were judged; for ")
        assert f"All answers are kept in {tmp_path}/cache: take more --site-pages" in told
        asked = len(judge.requests)
        assert curate("distil", run, tmp_path, judge.url, *given) == 2
        assert len(judge.requests) == asked


def test_an_endpoint_that_is_down_ends_it_with_what_there_is(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--pages", "60", "--failures-in-a-row", "4", "--concurrency", "2")

    def fault(number: int, _: Request) -> Wrong | None:
        return Wrong(503) if number >= 20 else None

    with judging(fault) as judge:
        assert curate("annotate", run, tmp_path, judge.url, *given) == 3
        told = capsys.readouterr().out
        assert "It stopped early: 4 pages in a row got no answer: 503: it went wrong" in told
        rows = pq.read_table(tmp_path / "annotations.parquet")["score"]
        assert len(rows) - rows.null_count == 20
        judge.fault = None
        assert curate("annotate", run, tmp_path, judge.url, *given) == 0


def test_strata_are_judged_alike(run: Path, tmp_path: Path) -> None:
    with judging() as judge:
        for quotas in ("equal", "proportional"):
            output = tmp_path / quotas
            given = ("--pages", "90", "--quotas", quotas, "--repeat-share", "0")
            assert curate("annotate", run, output, judge.url, *given) == 0
    by: dict[str, Counter[str]] = {}
    for quotas in ("equal", "proportional"):
        rows = pq.read_table(tmp_path / quotas / "annotations.parquet").to_pylist()
        assert len(rows) == 90
        by[quotas] = Counter(row["language"] for row in rows)
    assert by["proportional"]["de"] < 25 < by["equal"]["de"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"--endpoint": "localhost:8000"}, "--endpoint: expected a URL such as http://localhost"),
        ({"--endpoint": "http://me:pw@host/v1"}, "--endpoint: has a password"),
        ({"--api-key-env": "NO_SUCH_VARIABLE"}, "--api-key-env NO_SUCH_VARIABLE: there is no such"),
        ({"--rubric": "qualty"}, "qualty: no such rubric: bundled are code_with_prose"),
        ({"--name": "a/b"}, "--name a/b: expected letters, digits"),
        ({"--student": "./nowhere"}, "--student ./nowhere"),
        ({"--max-tokens": "4096"}, "--student max_tokens 4096: the checkpoint has"),
        ({"--device": "abacus"}, "--student device abacus"),
        ({"--language": "xx"}, "has no page in xx with 50 bytes of text and a language"),
        ({"--endpoint": "http://host/v1#x"}, "--endpoint: expected a URL"),
        ({"--endpoint": f"http://{'é' * 70}/v1"}, "--endpoint: expected a URL"),
        ({"--max-cost": "5"}, "--max-cost: say what tokens cost"),
        ({"--positive-from": "0"}, "--positive-from 0: the rubric has"),
        ({"--positive-from": "7"}, "--positive-from 7: the rubric has"),
        ({"--concurrency": "0"}, "--concurrency: expected 1 at least"),
        ({"RUN": "/nowhere"}, "is not the folder of a finished run: no manifest.json"),
    ],
)
def test_what_is_refused_is_one_line(
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, str],
    message: str,
) -> None:
    usual: dict[str, Any] = {"--endpoint": "http://127.0.0.1:9/v1", "--name": "x", **given}
    of = usual.pop("RUN", run)
    arguments = [part for pair in usual.items() for part in pair]
    assert (
        main(["distil", str(of), "--output", str(tmp_path), "--model", "m", *QUICK, *arguments])
        == 2
    )
    (told,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("curate:"))
    assert message in told
    assert not [*tmp_path.iterdir()]
