"""A run goes on through failing, slow and broken-off requests, and without what is gone."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from curation import storage_s3
from curation.cli import main
from curation.errors import UserError
from curation.retries import take_retries
from curation.storage import join, put, storage
from tests import runs
from tests.proxy import Faults, Proxy
from tests.s3 import PUBLIC_BUCKET

SMALL = [*runs.SMALL_OPTIONS, *runs.ONE_CORE]


def upload(small_input: Path, s3: str) -> str:
    for file in small_input.iterdir():
        put(join(s3, "in", file.name), file.read_bytes())
    return join(s3, "in", "*.warc.gz")


def test_requests_are_made_again_and_counted(s3: str, proxy: Proxy) -> None:
    data = bytes(range(256)) * 5000
    take_retries()
    proxy.faults = Faults(unavailable=0.2, reset=0.1, truncated=0.2, slow=0.2, slow_s=0.01, seed=3)
    for number in range(10):
        uri = join(s3, f"{number}")
        assert storage(uri).put_if_absent(uri, data) in (True, False)  # a lost answer looks lost
        put(join(s3, f"{number}.bin"), data)
        assert storage(uri).read(uri) == data
        assert storage(uri).read(uri, 1000, 5) == data[1000:1005]
        assert storage(uri).find(uri)
    assert len(storage(s3).walk(s3)) == 20
    assert storage(s3).sweep(s3, keep=[join(s3, "3")]) == 19
    faults = proxy.injected["unavailable"] + proxy.injected["reset"] + proxy.injected["truncated"]
    assert faults > 20
    assert faults / 2 < take_retries() <= faults
    assert take_retries() == 0


def test_a_body_that_crawls_is_asked_for_again(
    s3: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_s3, "_PATIENCE_S", -1.0)
    monkeypatch.setattr(storage_s3, "_LEAST_BYTES_PER_S", 10**12)
    put(join(s3, "x"), b"x" * 10)
    with pytest.raises(UserError, match=r"/x: under \d+ bytes per second"):
        storage(s3).read(join(s3, "x"))
    assert len([r for r in proxy.requests if r.method == "GET"]) == 5


def test_a_run_through_a_bad_network_has_the_same_shards(
    small_input: Path, expected_shards: dict[str, bytes], s3: str, proxy: Proxy
) -> None:
    given = ["--input", upload(small_input, s3), "--output", join(s3, "run"), *SMALL]
    proxy.faults = Faults(unavailable=0.03, reset=0.01, truncated=0.01, slow=0.05)
    done = runs.curate("run", "--recipe", "default", *given)
    assert done.returncode == 0, done.stderr
    injected, proxy.faults = proxy.injected.copy(), Faults()
    assert runs.shards(join(s3, "run")) == expected_shards
    told = re.search(r"^(\d+) requests were made again$", done.stdout, re.MULTILINE)
    assert told
    assert 0 < int(told[1]) <= injected.total() - injected["slow"]


def test_a_run_without_a_file_that_is_gone_is_completed_later(
    small_input: Path, expected_shards: dict[str, bytes], s3: str, proxy: Proxy
) -> None:
    given = ["--input", upload(small_input, s3), "--output", join(s3, "run"), *SMALL]
    run = ["run", "--recipe", "default", *given]
    proxy.gone.add("in/versions.warc.gz")
    first = runs.curate(*run)
    assert first.returncode == 3, first.stderr
    assert "Traceback" not in first.stderr
    gone = join(s3, "in", "versions.warc.gz")
    assert f"  {gone} from byte 0: was changed or removed since the run was opened" in first.stderr
    assert "the command that started the run completes it with --retry-quarantined" in first.stderr
    again = runs.curate(*run)
    assert (again.returncode, again.stdout) == (3, first.stdout)
    proxy.gone.clear()
    completed = runs.curate(*run, "--retry-quarantined")
    assert completed.returncode == 0, completed.stderr
    assert runs.shards(join(s3, "run")) == expected_shards


def refusal(capsys: pytest.CaptureFixture[str], uri: str, folder: Path) -> str:
    """The one line with which input at `uri` is refused."""
    started = time.monotonic()
    given = ["--input", uri, "--output", str(folder / "out")]
    assert main(["run", "--recipe", "default", *given]) == 2
    assert time.monotonic() - started < 30
    shown = capsys.readouterr().err
    assert shown.startswith("curate: s3://")
    assert shown.count("\n") == 1
    return shown


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((301, "PermanentRedirect"), "the bucket is in another region: set AWS_REGION"),
        ((400, "AuthorizationHeaderMalformed"), "the bucket is in another region: set AWS_REGION"),
        ((403, "AccessDenied"), "access denied: the credentials in use may not do this"),
        ((403, "InvalidAccessKeyId"), "the access key is not known"),
        ((403, "SignatureDoesNotMatch"), "the secret key is wrong"),
        ((400, "ExpiredToken"), "the credentials have expired: sign in again"),
    ],
)
def test_what_s3_refuses_is_one_line(
    capsys: pytest.CaptureFixture[str],
    s3: str,
    proxy: Proxy,
    tmp_path: Path,
    *,
    answer: tuple[int, str],
    told: str,
) -> None:
    proxy.answers["a.warc.gz"] = answer
    assert told in refusal(capsys, f"{s3}/a.warc.gz", tmp_path)


def test_a_missing_bucket_is_one_line(
    capsys: pytest.CaptureFixture[str], s3: str, tmp_path: Path
) -> None:
    told = refusal(capsys, "s3://no-such-bucket/*.warc.gz", tmp_path)
    assert told == "curate: s3://no-such-bucket: no such bucket\n"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, s3: str) -> Iterator[socket.socket]:
    """A host that takes connections, as far as its queue goes, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        storage_s3._new_client.cache_clear()
        yield listener
    storage_s3._new_client.cache_clear()


@pytest.mark.parametrize("connects", [True, False])
def test_a_host_that_does_not_answer_is_given_up_on(
    monkeypatch: pytest.MonkeyPatch, silent: socket.socket, s3: str, connects: bool
) -> None:
    # As they are, both are over, with waits between the attempts, before 30 s are.
    assert storage_s3._FIRST_CONNECTS * storage_s3._CONNECT_TIMEOUT_S < 25
    assert storage_s3._FIRST_READS * storage_s3._READ_TIMEOUT_S < 25
    monkeypatch.setattr(storage_s3, "_CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr(storage_s3, "_READ_TIMEOUT_S", 0.5)
    waiting = []
    if not connects:
        silent.listen(0)
        for _ in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(silent.getsockname())
    port = silent.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(UserError, match=rf"127\.0\.0\.1:{port}"):
        storage(s3).walk(s3)
    assert time.monotonic() - started < 10
    for connection in waiting:
        connection.close()


def test_a_public_bucket_is_read_without_credentials(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = f"s3://{PUBLIC_BUCKET}"
    put(join(public, "x"), b"data")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    storage_s3._new_client.cache_clear()
    with pytest.raises(UserError, match="no AWS credentials"):
        storage(public).walk(public)
    monkeypatch.setenv("WINNOW_S3_ANONYMOUS", f"other, {PUBLIC_BUCKET}")
    assert [file.size for file in storage(public).walk(public)] == [4]
    assert storage(public).read(join(public, "x"), 1, 2) == b"at"
    with pytest.raises(UserError, match="no AWS credentials"):
        storage(s3).walk(s3)


def test_a_requester_who_pays_says_so_in_every_read(
    s3: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = join(s3, "x")
    put(uri, b"data")
    monkeypatch.setenv("WINNOW_S3_REQUESTER_PAYS", "winnow")
    proxy.requests.clear()
    assert storage(s3).read(uri) == b"data"
    assert storage(s3).find(uri)
    assert len(storage(s3).walk(s3)) == 1
    assert [request.payer for request in proxy.requests] == ["requester"] * 3
    monkeypatch.delenv("WINNOW_S3_REQUESTER_PAYS")
    assert storage(s3).read(uri) == b"data"
    assert proxy.requests[-1].payer is None


class _Overwriting(BaseHTTPRequestHandler):
    """A store that takes every write, whatever is there."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"<DeleteResult/>")

    def do_HEAD(self) -> None:
        self._answer(404, b"")

    def do_GET(self) -> None:
        self._answer(200, b"<ListBucketResult/>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_store_without_conditional_writes_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, small_input: Path, s3: str
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Overwriting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        storage_s3._new_client.cache_clear()
        given = ["--input", str(small_input), "--output", f"{s3}/run"]
        assert main(["run", "--recipe", "default", *given]) == 2
        server.shutdown()
    storage_s3._new_client.cache_clear()
    assert "its store overwrites what a conditional write" in capsys.readouterr().err


def test_what_cannot_be_deleted_is_told(s3: str, proxy: Proxy) -> None:
    put(join(s3, "x"), b"data")
    failed = f"<Error><Key>{s3[len('s3://winnow/') :]}/x</Key><Code>AccessDenied</Code></Error>"
    proxy.bodies["winnow"] = f"<DeleteResult>{failed}</DeleteResult>".encode()
    with pytest.raises(UserError, match=r"/x: cannot be deleted: AccessDenied"):
        storage(s3).delete([join(s3, "x")])


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
        ("AWS_ENDPOINT_URL", "nonsense", "Invalid endpoint: nonsense: check AWS_ENDPOINT_URL"),
        ("AWS_REGION", "no region", "region_name 'no region' doesn't match"),
    ],
)
def test_settings_that_are_wrong_for_every_file_stop_a_run(
    monkeypatch: pytest.MonkeyPatch, s3: str, *, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", value if variable == "AWS_REGION" else "us-east-1")
    monkeypatch.setenv(variable, value)
    storage_s3._new_client.cache_clear()
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        storage(s3).read(join(s3, "x"))
    assert type(caught.value) is UserError  # and no file's own: that would be put into quarantine
    storage_s3._new_client.cache_clear()
