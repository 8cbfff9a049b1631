"""The proxy before a real S3 server, seen by a client that never retries."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from curation.storage import put, storage
from tests.proxy import Faults, Proxy, Request, running_proxy
from tests.s3 import BUCKET, KEY, SECRET

MIB = 1 << 20


class Objects:
    """The calls of a client, for one object in a folder of the bucket."""

    def __init__(self, url: str, folder: str, **config: Any) -> None:
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        self.folder = folder.removeprefix(f"s3://{BUCKET}/")
        self.named = {"Bucket": BUCKET, "Key": f"{self.folder}/a b+ä%.bin"}

    def put(self, body: bytes, **more: str) -> Any:
        return self.client.put_object(**self.named, Body=body, **more)

    def get(self, **more: str) -> bytes:
        body: bytes = self.client.get_object(**self.named, **more)["Body"].read()
        return body

    def head(self) -> Any:
        return self.client.head_object(**self.named)

    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.folder)
        return [each["Key"] for each in found.get("Contents", [])]


@pytest.fixture
def direct(s3_environment: dict[str, str], s3: str) -> Objects:
    return Objects(s3_environment["AWS_ENDPOINT_URL"], s3)


@pytest.fixture
def through(proxy: Proxy, s3: str) -> Objects:
    return Objects(proxy.url, s3)


def code(call: Callable[[], object]) -> str:
    """The code of the error that the call must give."""
    with pytest.raises(ClientError) as caught:
        call()
    told: str = caught.value.response["Error"]["Code"]
    return told


def lasting(answer: dict[str, Any]) -> dict[str, str]:
    """The headers of an answer that do not tell one request from the next."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return {k: v for k, v in headers.items() if k not in ("date", "x-amz-request-id")}


def test_without_faults_requests_and_answers_pass_unchanged(
    direct: Objects, through: Objects
) -> None:
    through.put(b"0123456789", ContentType="text/x-y", ContentEncoding="br")
    assert direct.get() == through.get() == b"0123456789"
    assert through.get(Range="bytes=3-6") == b"3456"
    ranged = {**direct.named, "Range": "bytes=3-6"}
    for call, given in (
        ("head_object", direct.named),
        ("get_object", direct.named),
        ("get_object", ranged),
    ):
        expected = lasting(getattr(direct.client, call)(**given))
        assert lasting(getattr(through.client, call)(**given)) == expected
    assert "content-range" in expected
    assert through.keys() == direct.keys() == [direct.named["Key"]]
    asked = {"Objects": [{"Key": through.named["Key"]}]}
    assert through.client.delete_objects(Bucket=BUCKET, Delete=asked)["Deleted"] == asked["Objects"]
    assert direct.keys() == []


def test_errors_of_the_backend_pass_unchanged(direct: Objects, through: Objects) -> None:
    assert code(through.get) == "NoSuchKey"
    assert code(through.head) == "404"
    through.put(b"first", IfNoneMatch="*")
    assert code(lambda: through.put(b"second", IfNoneMatch="*")) == "PreconditionFailed"
    big = bytes(4 * MIB)  # answered before it was read
    assert code(lambda: through.put(big, IfNoneMatch="*")) == "PreconditionFailed"
    assert code(lambda: through.get(Range="bytes=5-9")) == "InvalidRange"
    assert direct.get() == b"first"


def test_large_files_pass_in_parts(
    direct: Objects, through: Objects, proxy: Proxy, tmp_path: Path
) -> None:
    data = os.urandom(9 * MIB)
    (tmp_path / "file").write_bytes(data)
    through.client.upload_file(str(tmp_path / "file"), *through.named.values())
    assert [r.method for r in proxy.requests] == ["POST", "PUT", "PUT", "POST"]
    assert "partNumber=2" in {r.query.partition("&")[2] for r in proxy.requests}
    assert direct.get() == data
    through.client.download_file(*through.named.values(), str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == data
    assert proxy.bytes_read(".bin") == len(data)


def test_requests_on_many_connections_pass_at_once(through: Objects, proxy: Proxy) -> None:
    through.put(bytes(1000))
    proxy.faults = Faults(slow=1, slow_s=0.4)
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(lambda _: through.get(), range(10))) == {bytes(1000)}
    assert 0.4 < time.monotonic() - began < 3.5
    assert proxy.injected == {"slow": 10}
    assert proxy.bytes_read(".bin") == 10_000


def test_a_connection_is_kept_even_if_the_backend_never_saw_the_body(proxy: Proxy) -> None:
    connection = HTTPConnection(proxy.url.removeprefix("http://"))
    used = set()
    for path, share, status in (("/winnow/x", 0, 403), ("/winnow/x", 1, 503), ("/fixed", 0, 307)):
        proxy.answers = {"/fixed": (307, "TemporaryRedirect")}
        proxy.faults = Faults(unavailable=share)
        connection.request("PUT", path, body=bytes(200_000))
        used.add(connection.sock)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    assert len(used) == 1


def test_unavailable_answers_slow_down_and_the_backend_sees_nothing(
    direct: Objects, through: Objects, proxy: Proxy
) -> None:
    proxy.faults = Faults(unavailable=1)
    assert code(lambda: through.put(bytes(MIB))) == "SlowDown"
    assert code(through.get) == "SlowDown"
    assert code(through.head) == "503"
    assert proxy.injected == {"unavailable": 3}
    assert [r.status for r in proxy.requests] == [503] * 3
    proxy.faults = Faults()
    assert through.keys() == direct.keys() == []  # the connection still stands


def test_a_reset_comes_before_or_after_the_work(
    direct: Objects, through: Objects, proxy: Proxy
) -> None:
    proxy.faults = Faults(reset=1, reset_after=0)
    for call in (lambda: through.put(b"0123"), through.head, through.get, through.keys):
        with pytest.raises(ConnectionClosedError):
            call()
    assert [r.status for r in proxy.requests] == [0] * 4
    assert direct.keys() == []
    proxy.faults = Faults(reset=1, reset_after=1)
    for call in (lambda: through.put(b"0123", IfNoneMatch="*"), through.head, through.get):
        with pytest.raises(ConnectionClosedError, match=r"Connection was closed"):
            call()
    assert direct.get() == b"0123"
    assert [r.status for r in proxy.requests[4:]] == [200] * 3
    assert proxy.injected == {"reset": 7}
    assert proxy.bytes_read(".bin") == 0


def test_a_reset_is_no_orderly_end(through: Objects, proxy: Proxy) -> None:
    proxy.faults = Faults(reset=1)
    with pytest.raises(ConnectionClosedError) as caught:
        through.head()
    assert "ConnectionResetError" in str(caught.value.kwargs["error"])


def test_half_of_the_resets_come_before_the_work(through: Objects, proxy: Proxy) -> None:
    proxy.faults = Faults(reset=1)
    for _ in range(40):
        with pytest.raises(ConnectionClosedError):
            through.keys()
    assert 10 < [r.status for r in proxy.requests].count(0) < 30


def test_truncated_bodies_break_off_half_way(through: Objects, proxy: Proxy) -> None:
    proxy.faults = Faults(truncated=1)
    through.put(bytes(MIB))
    assert through.head()["ContentLength"] == MIB
    assert code(lambda: through.put(b"", IfNoneMatch="*")) == "PreconditionFailed"
    for asked, sent in (("bytes=0-", MIB // 2), ("bytes=10-12", 1), ("bytes=7-7", 0)):
        answer = through.client.get_object(**through.named, Range=asked)
        assert f"{asked[6:-1]}" in answer["ContentRange"]
        with pytest.raises(ResponseStreamingError, match=f"IncompleteRead\\({sent} bytes read"):
            answer["Body"].read()
    assert proxy.injected == {"truncated": 3}
    assert proxy.bytes_read(".bin") == MIB // 2 + 1


def test_slow_requests_time_out(direct: Objects, proxy: Proxy, s3: str) -> None:
    direct.put(b"x")
    proxy.faults = Faults(slow=1, slow_s=0.4)
    assert Objects(proxy.url, s3).get() == b"x"
    with pytest.raises(ReadTimeoutError):
        Objects(proxy.url, s3, read_timeout=0.1).get()


def test_what_is_gone_is_not_found_and_may_come_back(through: Objects, proxy: Proxy) -> None:
    through.put(b"x")
    proxy.gone.add("/a b+ä%.bin")
    assert code(through.get) == "NoSuchKey"
    assert code(through.head) == "404"
    through.put(b"y")
    assert through.keys() == [through.named["Key"]]
    proxy.gone.clear()
    assert through.get() == b"y"


def test_fixed_answers_give_their_status_and_code(
    direct: Objects, through: Objects, proxy: Proxy
) -> None:
    for status, told in (
        (301, "PermanentRedirect"),
        (400, "AuthorizationHeaderMalformed"),
        (403, "AccessDenied"),
        (400, "ExpiredToken"),
    ):
        proxy.answers["a b+ä%.bin"] = status, told
        assert code(lambda: through.put(bytes(MIB))) == code(through.get) == told
        assert code(through.head) == str(status)
    proxy.answers.clear()
    assert through.keys() == direct.keys() == []


def test_requests_say_what_was_asked_and_bytes_read_adds_the_bodies_up(
    through: Objects, proxy: Proxy, s3: str
) -> None:
    through.put(bytes(100))
    through.get(Range="bytes=10-29")
    through.get(Range="bytes=90-")
    assert code(lambda: through.get(Range="bytes=100-")) == "InvalidRange"
    through.head()
    path = "/" + through.named["Bucket"] + "/" + through.named["Key"]
    assert proxy.requests[0] == Request("PUT", path, "", None, 200, 0)
    assert proxy.requests[1] == Request("GET", path, "", "bytes=10-29", 206, 20)
    assert proxy.requests[2] == Request("GET", path, "", "bytes=90-", 206, 10)
    assert proxy.requests[4] == Request("HEAD", path, "", None, 200, 0)
    assert proxy.bytes_read("/a b+ä%.bin") == proxy.bytes_read(path) == 30
    assert proxy.bytes_read("/other") == 0
    through.keys()
    assert f"prefix={through.folder}" in proxy.requests[5].query


def test_one_seed_gives_one_sequence_of_faults(through: Objects, proxy: Proxy) -> None:
    def statuses(faults: Faults) -> list[int]:
        proxy.faults = faults
        proxy.requests.clear()
        for _ in range(30):
            try:
                through.keys()
            except (ClientError, ConnectionClosedError):
                continue
        return [r.status for r in proxy.requests]

    first = statuses(Faults(unavailable=0.4, seed=1))
    assert 5 < first.count(503) < 20
    assert statuses(Faults(unavailable=0.4, seed=1)) == first
    assert statuses(Faults(unavailable=0.4, seed=2)) != first
    with_resets = statuses(Faults(unavailable=0.4, reset=0.5, seed=1))
    assert 0 in with_resets
    assert [status == 503 for status in with_resets] == [status == 503 for status in first]


def test_a_body_of_no_announced_length_is_refused(proxy: Proxy) -> None:
    connection = HTTPConnection(proxy.url.removeprefix("http://"))
    connection.putrequest("PUT", "/winnow/x")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    assert connection.getresponse().status == 411


def test_the_end_of_the_proxy_ends_its_connections_and_threads(
    s3_environment: dict[str, str], s3: str
) -> None:
    before = set(threading.enumerate())
    with running_proxy(s3_environment["AWS_ENDPOINT_URL"]) as proxy:
        through = Objects(proxy.url, s3)
        through.put(b"x")
        started = set(threading.enumerate()) - before
        assert len(started) == 2
    for thread in started:
        thread.join(timeout=5)
        assert not thread.is_alive()
    with pytest.raises(OSError, match=r"refused"):
        HTTPConnection(proxy.url.removeprefix("http://")).connect()


def test_the_storage_of_this_process_goes_through_the_proxy(s3: str, proxy: Proxy) -> None:
    put(f"{s3}/x", b"0123456789")
    assert storage(s3).read(f"{s3}/x", 2, 3) == b"234"
    assert proxy.bytes_read("/x") == 3
