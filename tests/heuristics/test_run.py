"""The stage in a run: what is cut and why pages go is in its tables and in the ledger."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation import pipeline
from curation.cli import main
from curation.errors import UserError, told_by
from curation.recipe import load
from curation.run import Run, new_run
from tests import runs
from tests.heuristics.pages import PROSE

STAGES = "inputs.0.stages=[language,heuristics]"
MORE = (
    "The first train brought coal and letters, and took the two youngest sons away.",
    "One of them came back with a camera, so that we know how the yard looked then.",
    "His pictures hang in the town hall, next to a map of what the flood destroyed.",
    "Whoever asks there for the key may still climb up to where grain was stored.",
)
MENU = "Next chapter | Previous chapter | Table of contents | About the author"


def text(number: int, *extra: str) -> str:
    return "\n".join([f"Chapter {number} of the tale that was told.", *PROSE, *MORE, *extra])


@pytest.fixture(scope="module")
def folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over five good pages, two of them with a menu twice, and two bad ones."""
    made = tmp_path_factory.mktemp("run")
    good = [
        text(0),
        text(1, MENU, MENU),
        text(2),
        text(3, MENU, MENU, "The end came with the autumn."),
        text(4),
    ]
    short, stuck = (
        "Too short to say much about.",
        "\n".join(["The same old line is here with that again."] * 40),
    )
    write(made / "in.jsonl", [*good, short, stuck])
    runs.run(spark, [made / "in.jsonl"], made / "out", STAGES)
    return made / "out"


def write(path: Path, texts: list[str]) -> None:
    path.write_text("".join(json.dumps({"text": page}) + "\n" for page in texts))


def table(folder: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = ds.dataset(folder / name).to_table().to_pylist()
    return rows


def test_what_is_cut_is_in_cuts_with_its_rule_and_not_in_the_document(folder: Path) -> None:
    cuts = table(folder, "cuts")
    documents = {row["doc_id"]: row for row in table(folder, "documents")}
    assert len(documents) == 5
    found = {(cut["line"], cut["reason"], cut["whole"], cut["text"]) for cut in cuts}
    assert found == {(12, "repeated_ngrams", True, MENU)}
    assert len(cuts) == 2
    for cut in cuts:
        document = documents[cut["doc_id"]]
        assert document["position"] == cut["position"]
        assert str(document["text"]).count(MENU) == 1
        assert float(str(document["n_words_left"])) == float(str(document["n_words"])) - 10
    kept = {str(row["text"]) for row in documents.values()}
    assert kept == {
        text(0),
        text(1, MENU),
        text(2),
        text(3, MENU, "The end came with the autumn."),
        text(4),
    }


def test_rejects_name_the_first_rule_and_every_other(folder: Path) -> None:
    short, stuck = sorted(table(folder, "rejects"), key=lambda row: len(str(row["text"])))
    assert (short["drop_reason"], short["detail"]) == ("too_few_words", "n_words 6 under 50")
    assert stuck["drop_reason"] == "too_many_duplicate_lines"
    failed = stuck["failed_rules"]
    assert isinstance(failed, list)
    assert failed[0] == "too_many_duplicate_lines"
    assert {"too_many_duplicate_5grams", "top_4gram_too_frequent"} <= set(failed)


def test_the_ledger_counts_every_failed_rule_the_cut_lines_and_the_time(folder: Path) -> None:
    ledger = {(row["stage"], row["outcome"]): row for row in table(folder, "ledger")}

    def pages(outcome: str) -> object:
        return ledger["heuristics", outcome]["pages"]

    assert (pages("in"), pages("kept")) == (7, 5)
    assert (pages("too_few_words"), pages("too_many_duplicate_lines")) == (1, 1)
    failed = [name for row in table(folder, "rejects") for name in _list(row["failed_rules"])]
    assert {name: pages(f"failed:{name}") for name in failed} == {
        name: failed.count(name) for name in failed
    }
    assert len(set(failed)) > 4
    assert pages("cut:repeated_ngrams") == 2
    times = {name: row["cpu_s"] for name, row in ledger.items() if row["cpu_s"] is not None}
    assert set(times) == {(stage, "in") for stage in ("ingest", "language", "heuristics")}
    assert all(float(str(time)) > 0 for time in times.values())


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def test_shards_hold_neither_cut_lines_nor_rejects(folder: Path) -> None:
    shards = "\n".join(str(row["text"]) for row in table(folder, "shards"))
    assert shards.count("Chapter") == 5
    assert shards.count(MENU) == 2


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `curate fit` makes of pages about a mill."""
    folder = tmp_path_factory.mktemp("fit")
    words = text(0).split()
    texts = [" ".join(words[n % 40 :]) + f" {n} times" for n in range(200)]
    pq.write_table(pa.table({"text": texts, "language": ["en"] * 200}), folder / "a.parquet")
    made = runs.curate(*fit(folder / "a.parquet", folder / "reference", "--keep", "0.9"))
    assert made.returncode == 0, made.stderr
    assert "limit at 200 words" in made.stdout
    return folder / "reference"


def fit(pages: Path, output: Path, *options: str) -> list[str]:
    return ["fit", "--input", str(pages), "--output", str(output), *options]


def test_a_run_pins_its_reference_and_drops_what_is_far_from_it(
    spark: SparkSession, reference: Path, tmp_path: Path
) -> None:
    strange = " ".join(f"cargo{n} of a nowhere and the" for n in range(30))
    write(tmp_path / "in.jsonl", [" ".join(text(0).split()[12:]), strange])
    overrides = [STAGES, "heuristics.prose.presets=[]"]
    overrides += ["heuristics.prose.pages.too_many_outlier_words=0"]
    overrides += [f"heuristics.reference.path={reference}"]
    copy = tmp_path / "copy"
    run = run_of(tmp_path / "in.jsonl", tmp_path / "out", overrides)
    run.open()
    sha256 = hashlib.sha256(reference.read_bytes()).hexdigest()
    assert f"sha256: {sha256}" in (tmp_path / "out" / "recipe.yaml").read_text()
    outcome = pipeline.run(run, spark, runs.quiet())
    assert outcome.funnels["crawl"][2].reasons == [("too_many_outlier_words", 1)]
    # Another file under that name is another run, and none that goes on reads it.
    copy.write_bytes(reference.read_bytes())
    moved = [*overrides[:-1], f"heuristics.reference.path={copy}"]
    opened = run_of(tmp_path / "in.jsonl", tmp_path / "moved", moved)
    opened.open()
    copy.write_bytes(bundled_reference())
    with pytest.raises(UserError, match="its recipe differs in heuristics"):
        run_of(tmp_path / "in.jsonl", tmp_path / "moved", moved).open()
    with pytest.raises(PySparkException) as caught:
        pipeline.run(opened, spark, runs.quiet())
    assert "copy: is not the file that the recipe names" in str(told_by(caught.value))


def bundled_reference() -> bytes:
    return (
        resources.files("curation.heuristics.divergence").joinpath("reference.parquet").read_bytes()
    )


def run_of(pages: Path, folder: Path, overrides: list[str]) -> Run:
    return new_run(load("default", paths=[str(pages)], overrides=overrides), str(folder))


@pytest.mark.parametrize(
    ("reference", "message"),
    [("nowhere", "nowhere: no such file"), ("in.jsonl", "is not what 'curate fit' makes")],
)
def test_what_is_no_reference_is_told_before_a_run_starts(
    tmp_path: Path, reference: str, message: str
) -> None:
    write(tmp_path / "in.jsonl", [text(0)])
    override = f"heuristics.reference.path={tmp_path / reference}"
    with pytest.raises(UserError, match=message):
        run_of(tmp_path / "in.jsonl", tmp_path / "out", [override])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ("a.parquet", "reference: is there already: choose another name"),
        ("none.parquet", "none.parquet: no such file"),
        ("no.parquet", "no.parquet: is no Parquet file"),
        ("a_run", "a_run is a whole run: give its documents/"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(
    reference: Path, capsys: pytest.CaptureFixture[str], pages: str, message: str
) -> None:
    reference.with_name("no.parquet").write_bytes(b"no")
    reference.with_name("a_run").mkdir(exist_ok=True)
    (reference.with_name("a_run") / "run.json").touch()
    before = reference.read_bytes()
    output = reference if pages == "a.parquet" else reference.with_name("new")
    assert main(fit(reference.with_name(pages), output)) == 2
    assert message in capsys.readouterr().err
    assert reference.read_bytes() == before
    assert not reference.with_name("new").exists()
