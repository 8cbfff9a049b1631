"""What a user sees: errors of one line, runs that go on, jobs that do the parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.cli import main
from tests import runs

JOBS = Path(__file__).parent.parent / "jobs"
SMALL = runs.SMALL_OPTIONS


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line that a call is refused with."""
    assert main(["run", *map(str, arguments)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("curate: ")
    assert shown.err.count("\n") == 1
    return shown.err


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.warc.gz"
    path.parent.mkdir()
    path.write_bytes((runs.SAMPLE / "clipped.warc.gz").read_bytes())
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--recipe", "default", "--input", "nowhere.warc.gz"],
            "nowhere.warc.gz: no such file, and no folder",
        ),
        (["--recipe", "default", "--input", "in/*.nothing"], "in/*.nothing: no file matches"),
        (["--recipe", "default", "--input", "in/*"], "in/b.txt: its name does not tell its format"),
        (["--recipe", "sample", "--set", "sed=1"], "unknown key 'sed': did you mean 'seed'?"),
        (["--recipe", "smaple"], "recipe smaple: no such file, and no bundled one"),
        (["--recipe", "sample", "--spark-conf", "x"], "--spark-conf x: expected key=value"),
        (["--recipe", "default", "--input", "hdfs://h/x"], "'hdfs://' is not supported"),
    ],
)
def test_what_is_refused_is_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    one_file: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(one_file.parent.parent)
    (one_file.parent / "b.txt").write_text("x")
    before = snapshot(one_file.parent.parent)
    assert message in refused(capsys, *arguments, "--output", "out")
    assert snapshot(one_file.parent.parent) == before


def test_an_output_that_is_no_run_or_another_run_is_refused(
    capsys: pytest.CaptureFixture[str], one_file: Path, tmp_path: Path
) -> None:
    given = ["--recipe", "default", "--input", str(one_file), "--output", str(tmp_path / "out")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    assert "is not empty and holds no run" in refused(capsys, *given)
    (tmp_path / "out" / "mine.txt").unlink()
    from curation.recipe import load
    from curation.run import new_run

    new_run(load("default", paths=[str(one_file)]), str(tmp_path / "out")).open()
    before = snapshot(tmp_path)
    told = refused(capsys, *given, "--set", "heuristics.prose.pages.too_few_words=9")
    assert "holds another run: its recipe differs in heuristics" in told
    one_file.write_bytes(one_file.read_bytes() * 2)
    assert "holds another run: its input files have changed" in refused(capsys, *given)
    assert snapshot(tmp_path).keys() == before.keys()


def test_missing_credentials_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, s3: str, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    output = tmp_path / "out"
    told = refused(capsys, "--recipe", "default", "--input", f"{s3}/*.warc.gz", "--output", output)
    assert "no AWS credentials: set AWS_ACCESS_KEY_ID" in told
    assert not output.exists()


def test_missing_java_is_refused_with_the_command_that_installs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    told = refused(capsys, "--recipe", "sample", "--output", tmp_path / "out")
    assert "Spark needs Java 17 or newer (found none): install it with 'apt-get install" in told
    assert list(tmp_path.iterdir()) == []


def test_a_run_shows_its_funnel_and_is_recognised_when_it_is_finished(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    given = ["--input", str(small_input), "--output", str(tmp_path / "out")]
    given += [*SMALL, *runs.ONE_CORE]
    # Nothing of the world a run happens in may show in its shards.
    world = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "America/St_Johns", "COLUMNS": "200"}
    first = runs.curate("run", "--recipe", "default", *given, **world)
    assert first.returncode == 0, first.stderr
    assert runs.shards(tmp_path / "out") == expected_shards
    assert "older_version" in first.stdout
    assert f"0 damaged pieces of input: {tmp_path}/out/faults" in first.stdout
    assert "extract: 7 of 7 splits" in first.stderr
    assert "Traceback" not in first.stderr
    before = snapshot(tmp_path / "out")
    second = runs.curate("run", "--recipe", "default", *given, **world)
    assert second.returncode == 0
    assert "finished already" in second.stderr
    assert second.stdout == first.stdout
    assert snapshot(tmp_path / "out") == before


def submit(job: str, *arguments: str | Path) -> None:
    """Runs a job with `spark-submit`, whose master and memory must stay as given."""
    spark_submit = Path(sys.executable).with_name("spark-submit")
    settings = ["--master", "local[1,4]", "--conf", "spark.sql.shuffle.partitions=3"]
    environment = {**os.environ, "PYTHONPATH": str(JOBS.parent)}
    done = subprocess.run(
        [spark_submit, *settings, JOBS / job, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_jobs_do_the_parts_under_spark_submit(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    submit("extract.py", "--recipe", "default", "--input", small_input, "--output", output, *SMALL)
    submit("dedup.py", "--output", output)
    submit("quality.py", "--output", output)
    submit("mix.py", "--output", output)
    assert runs.shards(output) == expected_shards
    assert (output / "manifest.json").exists()


def test_a_job_on_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, JOBS / "dedup.py", "--output", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(JOBS.parent)},
    )
    assert done.returncode == 2
    assert done.stderr == f"curate: {tmp_path} holds no run\n"
