"""A judge behind a real server, which fails in all the ways that servers do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from curation.annotation.annotate import Annotated, annotate, missing_counts
from curation.annotation.cache import Cache
from curation.annotation.config import CostConfig
from curation.annotation.questions import Job, questions
from curation.errors import UserError
from tests import runs
from tests.annotation.judge import KEY, Request, Wrong, answer, judging, score_of
from tests.annotation.pages import make_job

pytestmark = pytest.mark.timeout(60)


def run(job: Job, folder: Path) -> Annotated:
    cache = Cache(str(folder))
    try:
        return annotate(job, questions(job), cache=cache, note=lambda _: None)
    finally:
        cache.close()


def once(wrong: Wrong, *, every: int = 3) -> Callable[[int, Request], Wrong | None]:
    """Some requests go wrong; the next one for that page does not."""
    seen, lock = set[str](), threading.Lock()

    def fault(number: int, request: Request) -> Wrong | None:
        with lock:
            if number % every or request.text in seen:
                return None
            seen.add(request.text)
            return wrong

    return fault


def test_all_pages_are_judged_by_the_rule(tmp_path: Path) -> None:
    with judging() as judge:
        job = make_job(40, judge.url)
        found = run(job, tmp_path)
        assert len(judge.requests) == 40
        sent = judge.requests[0].body
    by_id = dict(zip(job.pages["doc_id"].to_pylist(), job.pages["text"].to_pylist(), strict=True))
    rows = found.rows.to_pylist()
    assert [row["score"] for row in rows] == [score_of(by_id[row["doc_id"]]) for row in rows]
    assert {row["reason"] for row in rows} == {"by the rule"}
    assert (found.stopped, missing_counts(found.rows)) == ("", {})
    assert found.spent.tokens_in == sum(row["tokens_in"] for row in rows) > 40 * 500
    assert sent["response_format"]["json_schema"]["schema"] == job.rubric.schema
    assert sent["model"] == "judge"
    assert sent["temperature"] == job.judge.temperature


def test_so_many_requests_are_under_way_and_no_more(tmp_path: Path) -> None:
    with judging(lambda *_: time.sleep(0.1)) as judge:
        run(make_job(24, judge.url, concurrency=6), tmp_path)
        assert judge.most_under_way == 6


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(429, {"Retry-After": "0"}),
        Wrong(503, {"Retry-After": "soon"}),
        Wrong(503, {"Retry-After": f"Mon, 01 Jan {9**30} 00:00:00 GMT"}),
        Wrong(500, body="<html>"),
        Wrong(200, body="<html>no completion"),
        Wrong(200, body='{"choices": []}'),
        Wrong(200, body='{"choices": [{"message": {"content": "x"}}]}', cut=True),
        Wrong(content="I think it is a 4."),
        Wrong(content=answer(4)[:-5]),
        Wrong(content=answer(9)),
        Wrong(content=answer("4")),
        Wrong(content=""),
        Wrong(content="half a \ud83d"),
        Wrong(content=f"{answer(1)} or {answer(2)}"),
    ],
)
def test_what_passes_is_asked_again(tmp_path: Path, wrong: Wrong) -> None:
    with judging(once(wrong)) as judge:
        found = run(make_job(12, judge.url), tmp_path)
        assert len(judge.requests) > 12
    assert missing_counts(found.rows) == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Wrong(429), "rate_limited"),
        (Wrong(500), "server_error"),
        (Wrong(400), "request_refused"),
        (Wrong(after_s=2.0), "timed_out"),
        (Wrong(content="nothing of the kind"), "no_valid_answer"),
    ],
)
def test_pages_that_get_no_answer_are_counted_and_the_others_kept(
    tmp_path: Path, wrong: Wrong, why: str
) -> None:
    with judging(lambda _, request: wrong if score_of(request.text) == 1 else None) as judge:
        job = make_job(16, judge.url, timeout_s=0.4, attempts=2)
        found = run(job, tmp_path)
    hopeless = [text for text in job.pages["text"].to_pylist() if score_of(text) == 1]
    assert missing_counts(found.rows) == {why: len(hopeless)}
    assert set(found.examples) == {why}
    assert len(hopeless) > 1
    assert found.rows["score"].null_count == len(hopeless)


def test_a_server_that_sends_a_byte_now_and_then_times_out(tmp_path: Path) -> None:
    """Each byte comes in time, and the whole never does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
                for _ in range(60):
                    time.sleep(0.1)
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        begun = time.monotonic()
        found = run(make_job(1, url, timeout_s=0.5, attempts=1), tmp_path)
    assert missing_counts(found.rows) == {"timed_out": 1}
    assert time.monotonic() - begun < 3


def test_a_server_that_is_not_there_ends_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    found = run(make_job(40, url, failures_in_a_row=5), tmp_path)
    counts = missing_counts(found.rows)
    assert counts["no_connection"] >= 5
    assert counts["no_connection"] + counts["not_asked"] == 40
    assert "pages in a row got no answer" in found.stopped


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(tmp_path: Path, form: str) -> None:
    def fault(number: int, _: Request) -> Wrong | None:
        when = datetime.now(UTC) + timedelta(seconds=2)
        said = "1" if form == "seconds" else format_datetime(when, usegmt=True)
        return None if number else Wrong(429, {"Retry-After": said})

    with judging(fault) as judge:
        run(make_job(1, judge.url, max_wait_s=5.0), tmp_path)
        first, second = (request.at for request in judge.requests)
    assert second - first > 0.95


def test_retry_after_is_not_waited_for_ever(tmp_path: Path) -> None:
    wrong = Wrong(429, {"Retry-After": "100000"})
    with judging(lambda number, _: None if number else wrong) as judge:
        assert missing_counts(run(make_job(1, judge.url), tmp_path).rows) == {}


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("WRONG_KEY", "401: the endpoint refuses us: look at the key"),
        (None, "401: .* --api-key-env"),
    ],
)
def test_a_wrong_key_ends_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, message: str
) -> None:
    monkeypatch.setenv("WRONG_KEY", "sk-wrong")
    with judging(key=KEY) as judge:
        with pytest.raises(UserError, match=message) as told:
            run(make_job(100, judge.url, api_key_env=variable), tmp_path)
        assert len(judge.requests) <= 4
    assert "sk-" not in str(told.value)


def test_the_key_is_sent_and_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    echo = Wrong(400, body=f'{{"error": {{"message": "bad, {KEY}"}}}}')
    with judging(lambda n, r: echo if score_of(r.text) == 1 else None, key=KEY) as judge:
        caplog.set_level("DEBUG")
        found = run(make_job(20, judge.url, api_key_env="MY_KEY"), tmp_path)
    assert found.examples == {"request_refused": "400: bad, ***"}
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert KEY not in f"{written!r}{found.rows.to_pylist()}{caplog.text}"


def test_what_no_answer_should_have_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lone surrogates, the key, counts without end; and what a terminal obeys."""
    monkeypatch.setenv("MY_KEY", KEY)
    content = answer(3, f"{KEY} \ud800")
    completion = {"choices": [{"message": {"content": content}}]}
    body = json.dumps({**completion, "usage": {"prompt_tokens": 10**400}})
    with judging(lambda *_: Wrong(body=body), key=KEY) as judge:
        found = run(make_job(3, judge.url, api_key_env="MY_KEY"), tmp_path / "a")
    assert set(found.rows["reason"].to_pylist()) == {"*** ?"}
    assert set(found.rows["tokens_in"].to_pylist()) == {0}
    with judging(lambda *_: Wrong(400, body="\x1b[2J no")) as judge:
        found = run(make_job(3, judge.url), tmp_path / "b")
    assert found.examples == {"request_refused": "400: [2J no"}


def test_a_server_without_schemas_is_asked_without(tmp_path: Path) -> None:
    def fault(_: int, request: Request) -> Wrong | None:
        refused = Wrong(400, body='{"error": {"message": "response_format is not supported"}}')
        return refused if "response_format" in request.body else None

    with judging(fault) as judge:
        found = run(make_job(20, judge.url, concurrency=1), tmp_path)
        assert len(judge.requests) == 21
    assert missing_counts(found.rows) == {}


def test_a_second_run_asks_nothing(tmp_path: Path) -> None:
    nonsense = Wrong(content="never")
    with judging(lambda _, r: nonsense if score_of(r.text) == 1 else None, noise=0.5) as judge:
        job = make_job(20, judge.url, repeat_share=0.5, temperature=0.9)
        first, asked = run(job, tmp_path), len(judge.requests)
        second = run(job, tmp_path)
        assert len(judge.requests) == asked
        assert second.rows.equals(first.rows)
        assert second.spent.requests == 0
        judge.fault = None
        again = make_job(20, judge.url, repeat_share=0.5, temperature=0.9, ask_invalid_again=True)
        assert missing_counts(run(again, tmp_path).rows) == {}
        other = make_job(20, judge.url, repeat_share=0.5, temperature=0.1)
        assert run(other, tmp_path).spent.requests == first.rows.num_rows


def test_the_cost_stays_below_its_cap(tmp_path: Path) -> None:
    costs = CostConfig(price_in=1.0, price_out=2.0, max_cost=0.02)
    with judging() as judge:
        first = run(make_job(60, judge.url, costs=costs), tmp_path)
        assert first.stopped == "the cap of 0.02 is reached"
        assert 0.01 < first.spent.cost(costs) <= 0.02
        answered = 60 - missing_counts(first.rows)["not_asked"]
        assert answered == len(judge.requests)
        free = run(make_job(60, judge.url), tmp_path)
        assert free.spent.requests == 60 - answered
        assert missing_counts(free.rows) == {}


def test_the_number_of_requests_stays_below_its_cap(tmp_path: Path) -> None:
    with judging(once(Wrong(500), every=1)) as judge:
        job = make_job(20, judge.url, costs=CostConfig(max_requests=25))
        found = run(job, tmp_path)
        assert len(judge.requests) == 25
    assert found.stopped == "the cap of 25 requests is reached"


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    with judging(lambda number, _: Wrong(500, after_s=30) if number > 15 else None) as judge:
        code = (
            "import sys; from pathlib import Path\n"
            "from tests.annotation import pages, test_annotate\n"
            "test_annotate.run(pages.make_job(40, sys.argv[1], timeout_s=50), Path(sys.argv[2]))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, judge.url, str(tmp_path)], env={**os.environ}
        )
        try:
            runs.wait_until(lambda: len(judge.requests) > 19)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(20)
        file = tmp_path / "answers.jsonl"
        kept = file.read_bytes()
        assert kept.count(b"\n") == 16
        file.write_bytes(kept[:-30])  # as when the disk lost the end
        judge.fault = None
        found = run(make_job(40, judge.url), tmp_path)
    assert found.spent.requests == 40 - 15
    assert missing_counts(found.rows) == {}
    with judging() as judge:
        assert run(make_job(40, judge.url), tmp_path).spent.requests == 0
        other = run(make_job(40, judge.url), tmp_path / "other")
    assert found.rows.drop_columns(["tokens_in", "tokens_out"]).equals(
        other.rows.drop_columns(["tokens_in", "tokens_out"])
    )
